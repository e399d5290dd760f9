"""vision: the convolutional net's step, and the digits 5 to 9 learnt on top of 0 to 4."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d
from scipy.special import logsumexp
from sklearn.datasets import load_digits
from torch.utils.flop_counter import FlopCounterMode

from bench.measure.author.context import Skip
from workloads import vision
from workloads._course import Training

FLOAT64 = {"dtype": torch.float64}
TRUNKS = ("frozen", "cached", "trained_along")


def pooled(channels: np.ndarray) -> np.ndarray:
    """The largest of each 2×2 pixels, zero at least: pooling after ReLU."""
    count, height, width = channels.shape
    return np.maximum(channels.reshape(count, height // 2, 2, width // 2, 2).max(axis=(2, 4)), 0)


def convolved(channels: np.ndarray, layer: torch.nn.Conv2d) -> np.ndarray:
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    return np.stack(
        [
            sum(correlate2d(image, part, mode="same") for image, part in zip(channels, parts, strict=True)) + shift
            for parts, shift in zip(weight, bias, strict=True)
        ]
    )


def scores_by_hand(net: vision.Cnn, images: torch.Tensor) -> np.ndarray:
    """What the net answers, by SciPy's correlation."""
    first, second = net.trunk[0], net.trunk[3]
    features = [pooled(convolved(pooled(convolved(image, first)), second)).flatten() for image in images.numpy()]
    return np.stack(features) @ net.head.weight.detach().numpy().T + net.head.bias.detach().numpy()


def loss_by_hand(net: vision.Cnn, images: torch.Tensor, labels: torch.Tensor) -> float:
    scores = scores_by_hand(net, images)
    return float(np.mean(logsumexp(scores, axis=1) - scores[np.arange(len(scores)), labels.numpy()]))


# --- data and net ---------------------------------------------------------------------------------------------------


def test_there_are_1437_images_to_train_on_and_360_to_test(context):
    data = vision.digits(context(), 0, 9)
    assert [tuple(part.shape) for part in data] == [(1437, 1, 8, 8), (360, 1, 8, 8), (1437,), (360,)]
    assert vision.TRAIN_IMAGES == 1437


def test_images_lie_between_0_and_1_and_labels_are_whole_numbers(context):
    data = vision.digits(context(), 0, 9)
    assert (data.x_train.min(), data.x_train.max()) == (0, 1)
    assert data.x_train.dtype == torch.float32
    assert data.y_train.dtype == torch.int64


def test_the_digits_5_to_9_are_classes_0_to_4_and_keep_their_images(context):
    data, every = vision.digits(context(**FLOAT64), 5, 9), load_digits()
    labels = {image.tobytes(): label for image, label in zip(every.images / 16, every.target, strict=True)}
    shown = [labels[image.tobytes()] for image in data.x_test.numpy()]
    assert shown == (data.y_test + 5).tolist()
    assert set(shown) == {5, 6, 7, 8, 9}


def test_weights_are_counted_right():
    net = vision.Cnn(10)
    assert sum(weight.numel() for weight in net.trunk.parameters()) == vision.TRUNK_WEIGHTS
    assert sum(weight.numel() for weight in net.parameters()) == 6090


def test_products_are_those_of_pixels_inside_the_image(context):
    net = vision.Cnn(10)
    for layer, size, expected in (
        (net.trunk[0], 8, vision.TRUNK_PRODUCTS[0]),
        (net.trunk[3], 4, vision.TRUNK_PRODUCTS[1]),
    ):
        with torch.no_grad():
            layer.weight.fill_(1)
            layer.bias.fill_(0)
            met = layer(torch.ones(1, layer.in_channels, size, size))  # a product of ones is a product counted
        assert met.sum() == expected


def test_torchs_own_count_of_flops_is_above_ours_by_the_zeros_around_the_images(opened):
    case = opened(vision.cnn_train_step, batch=32)
    with FlopCounterMode(display=False) as counter:
        case.run()
    padded = (16 * 24**2, 32 * 16 * 12**2)
    zeros = 32 * 2 * (2 * (padded[0] - vision.TRUNK_PRODUCTS[0]) + 3 * (padded[1] - vision.TRUNK_PRODUCTS[1]))
    assert counter.get_total_flops() == case.prepared.work.flops + zeros


@pytest.mark.parametrize(
    ("make", "axes"),
    [(vision.cnn_train_step, {"batch": 8}), (vision.transfer_learning, {"trunk": "frozen", "epochs": 1})],
    ids=["train_step", "transfer_learning"],
)
def test_convolutions_are_not_rounded_to_tf32_on_cuda(context, monkeypatch, make, axes):
    """It is forbidden before anything is computed, and declared: no neighbour sees it, and it is no leak."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    make(context(), **axes)
    assert torch.backends.cudnn.allow_tf32  # the CPU has no TF32 to forbid
    on_cuda = context()
    on_cuda.device = torch.device("cuda")

    def begin(*_):
        assert not torch.backends.cudnn.allow_tf32
        raise ZeroDivisionError  # nothing is placed there

    monkeypatch.setattr(vision, "digits", begin)
    with pytest.raises(ZeroDivisionError):
        make(on_cuda, **axes)
    assert list(on_cuda.declared) == ["TF32 in convolutions"]


# --- a training step ------------------------------------------------------------------------------------------------


def test_the_loss_of_a_step_is_that_of_scipy(opened, context):
    ctx = context(**FLOAT64)
    data = vision.digits(ctx, 0, 9)
    expected = loss_by_hand(vision.cnn(ctx, 10), data.x_train[:32], data.y_train[:32])
    assert opened(vision.cnn_train_step, batch=32, **FLOAT64).run().item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("mode", ["eager", "script", "trace"])
def test_a_step_is_right_time_and_again(opened, mode):
    case = opened(vision.cnn_train_step, mode=mode, batch=8)
    assert max(case.error(case.run()) for _ in range(3)) <= 1


def test_a_step_without_reset_starts_elsewhere_and_is_refused(opened):
    case = opened(vision.cnn_train_step, batch=8)
    case.run()
    assert case.error(case.prepared.step()) > 1


def test_a_step_that_does_not_clear_gradients_is_refused(opened, monkeypatch):
    case = opened(vision.cnn_train_step, batch=8)
    monkeypatch.setattr(torch.optim.Adam, "zero_grad", lambda *_, **__: None)
    assert case.error(case.run()) <= 1
    assert case.error(case.run()) > 1


def test_a_step_that_updates_no_weight_is_refused(opened, monkeypatch):
    case = opened(vision.cnn_train_step, batch=8)
    monkeypatch.setattr(torch.optim.Adam, "step", lambda *_, **__: None)
    assert case.error(case.run()) > 1


def test_more_images_than_there_are_is_skipped_with_their_number(opened):
    with pytest.raises(Skip, match="1437"):
        opened(vision.cnn_train_step, batch=1438)


# --- transfer learning ----------------------------------------------------------------------------------------------


@pytest.fixture
def seen(monkeypatch):
    """The nets that trainings began with, in their order."""
    nets = []
    honest = vision.experienced
    monkeypatch.setattr(vision, "experienced", lambda ctx: nets.append(honest(ctx)) or nets[-1])
    return nets


def test_the_trunk_has_learnt_the_digits_0_to_4_in_5_epochs(context, monkeypatch):
    heads = []
    honest = Training.epoch

    def epoch(self, batches):
        heads.append(self.model.head)
        return honest(self, batches)

    monkeypatch.setattr(Training, "epoch", epoch)
    net, data = vision.experienced(context()), vision.digits(context(), 0, 4)
    with torch.no_grad():
        found = heads[-1](net.trunk(data.x_test)).argmax(dim=1)
    assert len(heads) == 5
    assert heads[-1] is not net.head
    assert (found == data.y_test).double().mean() > 0.85


def test_every_dtype_begins_with_the_same_weights(context):
    single, double = (vision.experienced(context(dtype=dtype)) for dtype in (torch.float32, torch.float64))
    for one, other in zip(single.parameters(), double.parameters(), strict=True):
        assert torch.equal(one.double(), other)


@pytest.mark.parametrize("trunk", TRUNKS)
def test_the_first_loss_is_that_of_scipy(opened, context, seen, trunk):
    case = opened(vision.transfer_learning, trunk=trunk, epochs=1, **FLOAT64)
    data = vision.digits(context(**FLOAT64), 5, 9)
    rows = torch.randperm(716, generator=torch.Generator().manual_seed(0))[:32]
    expected = loss_by_hand(seen[0], data.x_train[rows], data.y_train[rows])
    losses = case.run()
    assert losses[0].item() == pytest.approx(expected, rel=1e-12)
    assert len(losses) == 23


def test_cached_features_give_the_losses_of_the_frozen_trunk(opened):
    frozen, cached = (opened(vision.transfer_learning, trunk=trunk, epochs=2, **FLOAT64).run() for trunk in TRUNKS[:2])
    assert torch.allclose(torch.stack(frozen), torch.stack(cached), rtol=1e-10)


@pytest.mark.parametrize(("trunk", "stays"), [("frozen", True), ("cached", True), ("trained_along", False)])
def test_a_trunk_stays_but_where_it_is_trained_along(opened, seen, trunk, stays):
    case = opened(vision.transfer_learning, trunk=trunk, epochs=1)
    before = seen[0].trunk[0].weight.clone()
    case.run()
    assert torch.equal(seen[0].trunk[0].weight, before) is stays


@pytest.mark.parametrize("trunk", TRUNKS[:2])
def test_a_frozen_trunk_that_moved_by_one_bit_is_refused(opened, seen, trunk):
    case = opened(vision.transfer_learning, trunk=trunk, epochs=1)
    losses = case.run()
    assert case.error(losses) <= 1
    bias = seen[0].trunk[3].bias
    with torch.no_grad():
        bias[0] = torch.nextafter(bias[0], torch.tensor(1.0))
    assert case.error(losses) > 1


@pytest.mark.parametrize("trunk", TRUNKS)
def test_ten_epochs_are_right_twice_and_learn(opened, trunk):
    case = opened(vision.transfer_learning, trunk=trunk, epochs=10)
    losses = case.run()
    assert case.error(losses) <= 1
    assert losses[-1] < losses[0] / 2
    assert case.prepared.quality()["test_accuracy"] > 0.75
    assert case.error(case.run()) <= 1


def test_an_accuracy_out_of_its_range_is_refused(opened, monkeypatch):
    case = opened(vision.transfer_learning, trunk="cached", epochs=10)
    losses = case.run()
    monkeypatch.setitem(vision.ACCURACY, "cached", (0.999, 1.0))
    assert case.error(losses) > 1


@pytest.mark.parametrize(("trunk", "wrong"), [("cached", 0.001), ("trained_along", 0.2)])
def test_a_late_loss_that_is_wrong_is_refused(opened, trunk, wrong):
    case = opened(vision.transfer_learning, trunk=trunk, epochs=1)
    losses = case.run()
    losses[20] = losses[20] + wrong
    assert case.error(losses) > 1


def test_losses_of_an_update_too_few_are_refused(opened):
    case = opened(vision.transfer_learning, trunk="cached", epochs=1)
    assert case.error(case.run()[:-1]) > 1


def test_a_step_without_reset_goes_on_learning_and_is_refused(opened):
    case = opened(vision.transfer_learning, trunk="cached", epochs=1)
    case.run()
    assert case.error(case.prepared.step()) > 1


def test_images_that_are_not_shuffled_are_refused(opened, monkeypatch):
    case = opened(vision.transfer_learning, trunk="cached", epochs=1)
    monkeypatch.setattr(torch, "randperm", lambda count, generator: torch.arange(count))
    assert case.error(case.run()) > 1


def test_freezing_spares_most_of_the_work_and_caching_most_of_the_rest(opened):
    cached, frozen, along = (
        opened(vision.transfer_learning, trunk=trunk, epochs=10).prepared.work.flops
        for trunk in ("cached", "frozen", "trained_along")
    )
    images = 716 * 10
    assert frozen == 2 * images * (58944 + 2 * 640)
    assert cached == 2 * 716 * (58944 + 10 * 2 * 640)
    assert along == 2 * images * (3 * 59584 - 7744)
