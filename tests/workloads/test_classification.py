"""classification: a step and a fit under dropout, and what is said of the test rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import classification_report, confusion_matrix
from torch import nn

from bench.measure.author.context import CaseContext
from bench.measure.author.tolerance import TOLERANCE
from bench.workload import Prepared
from workloads import classification
from workloads._course import Classifier, SameMasks, Training, classifier
from workloads._data import moons

FLOAT32 = TOLERANCE[torch.float32]


def numpy_outputs(net: nn.Module, x: torch.Tensor, masks: list[torch.Tensor]) -> np.ndarray:
    """Probabilities of the net in float64 NumPy, its hidden numbers multiplied by `masks`."""
    hidden = x.numpy()
    for layer, mask in zip((net.fc1, net.fc2), masks, strict=True):
        hidden = np.maximum(hidden @ layer.weight.detach().numpy().T + layer.bias.detach().numpy(), 0) * mask.numpy()
    last = hidden @ net.fc3.weight.detach().numpy().T + net.fc3.bias.detach().numpy()
    return 1 / (1 + np.exp(-last))


def test_the_loss_of_a_step_is_that_of_numpy_under_the_same_masks(opened, context):
    ctx = context(dtype=torch.float64)
    net, data = classifier(ctx), moons(ctx)
    torch.manual_seed(ctx.seed)
    masks = [nn.functional.dropout(torch.ones(800, width, dtype=torch.float64), 0.3) for width in (32, 16)]
    p, y = numpy_outputs(net, data.x_train, masks), data.y_train.numpy()
    loss = opened(classification.train_step, rows=800, dtype=torch.float64).run()
    assert loss.item() == pytest.approx(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_the_reference_drops_what_the_timed_net_drops(context, dtype):
    """Seen by hooks on a net of its own, in three passes of one seed."""
    ctx = context(dtype=dtype)
    net, x = classifier(ctx), moons(ctx).x_train
    through = []
    net.dropout.register_forward_hook(lambda _, inputs, output: through.append((inputs[0], output)))
    torch.manual_seed(3)
    for _ in range(3):
        net(x)
    same = SameMasks(ctx, 0.3)
    torch.manual_seed(3)
    for entered, left in through:
        assert torch.equal(same(entered) != 0, left != 0)
        assert torch.allclose(same_scale(entered, left), left)
    assert len(through) == 6


def same_scale(entered: torch.Tensor, left: torch.Tensor) -> torch.Tensor:
    return entered * (left != 0) / 0.7


def test_dropout_drops_three_of_ten(context):
    same = SameMasks(context(), 0.3)
    assert (same(torch.ones(100000)) == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize("rows", [32, 800, 8000])
@pytest.mark.parametrize("mode", ["eager", "script", "trace"])
def test_a_step_is_right_in_every_mode_time_and_again(opened, mode, rows):
    case = opened(classification.train_step, mode=mode, rows=rows)
    assert max(case.error(case.run()) for _ in range(4)) <= 1


def test_a_step_is_right_over_seeds(opened):
    errors = []
    for seed in range(50):
        case = opened(classification.train_step, rows=32, seed=seed, dtype=torch.float64)
        errors.append(case.error(case.run()))
    assert max(errors) <= 1


def test_a_step_under_other_masks_is_refused(opened):
    case = opened(classification.train_step, rows=32)
    case.prepared.reset()
    torch.manual_seed(99)
    assert case.error(case.prepared.step()) > 1


def test_a_step_in_eval_mode_is_refused(opened, monkeypatch):
    case = opened(classification.train_step, rows=32)
    monkeypatch.setattr(nn.Dropout, "forward", lambda self, x: x)
    assert case.error(case.run()) > 1


def test_a_step_that_updates_no_weight_is_refused(opened, monkeypatch):
    case = opened(classification.train_step, rows=32)
    monkeypatch.setattr(torch.optim.Adam, "step", lambda *_, **__: None)
    assert case.error(case.run()) > 1


def test_a_step_without_reset_is_refused(opened):
    case = opened(classification.train_step, rows=32)
    case.run()
    assert case.error(case.prepared.step()) > 1


def test_the_timed_net_has_no_hooks(opened, monkeypatch):
    nets: list[nn.Module] = []
    monkeypatch.setattr(classification, "Training", lambda net, loss: nets.append(net) or Training(net, loss))
    opened(classification.train_step, rows=32)
    assert nets
    assert not any(module._forward_hooks for net in nets for module in net.modules())


def test_compile_draws_masks_of_its_own(opened):
    """Why it is no mode of the training step; should torch ever draw alike, the mode can be declared."""
    torch._dynamo.reset()
    case = opened(classification.train_step, mode="compile", rows=32)
    assert case.error(case.run()) > 1


@pytest.fixture(scope="module")
def fitted() -> tuple[Prepared, dict[str, Any]]:
    """A fit of seed 0 and its curves; whoever uses it leaves the net as it is."""
    context = CaseContext(torch.device("cpu"), torch.float32, "eager", 0, "classification/fit[device=cpu]")
    prepared = classification.fit(context, epochs=100, record="item")
    prepared.reset()
    return prepared, prepared.step()


def changed(out: dict[str, Any], name: str, epoch: int, by: float) -> dict[str, Any]:
    """The curves with one number of them moved."""
    return {**out, name: [value + by * (index == epoch) for index, value in enumerate(out[name])]}


def test_a_fit_returns_loss_and_accuracy_of_each_epoch(fitted):
    prepared, out = fitted
    assert {name: len(curve) for name, curve in out.items()} == {"losses": 100, "accuracies": 100}
    assert prepared.check(out) <= FLOAT32


def test_a_fit_learns(fitted):
    _, out = fitted
    assert out["losses"][0] == pytest.approx(0.69, abs=0.11)
    assert out["losses"][-1] < 0.46
    assert out["accuracies"][-1] > 0.74


@pytest.mark.parametrize(
    ("name", "epoch", "by"),
    [
        ("losses", 0, 5e-4),
        ("losses", 50, 0.01),
        ("accuracies", 0, 0.5 / 800),  # no whole number of rows
        ("accuracies", 50, 5 / 800),
    ],
)
def test_a_number_of_a_curve_that_is_wrong_is_refused(fitted, name, epoch, by):
    prepared, out = fitted
    assert prepared.check(changed(out, name, epoch, by)) > FLOAT32


def test_an_accuracy_one_row_off_may_be_a_probability_near_a_half(fitted):
    prepared, out = fitted
    assert prepared.check(changed(out, "accuracies", 50, 1 / 800)) <= FLOAT32


@pytest.mark.parametrize("name", ["losses", "accuracies"])
def test_a_curve_that_lacks_its_last_epoch_is_refused(fitted, name):
    prepared, out = fitted
    assert prepared.check({**out, name: out[name][:-1]}) > FLOAT32


@pytest.mark.parametrize("name", ["losses", "accuracies"])
def test_a_curve_that_is_no_number_is_refused(fitted, name):
    prepared, out = fitted
    assert not prepared.check(changed(out, name, 50, float("nan"))) <= FLOAT32


def test_a_fit_whose_test_accuracy_leaves_its_range_is_refused(fitted, monkeypatch):
    prepared, out = fitted
    monkeypatch.setattr(classification, "TEST_ACCURACY", (0.96, 1.0))
    assert prepared.check(out) > FLOAT32


def test_quality_is_loss_and_accuracy_without_dropout(fitted):
    prepared, out = fitted
    quality = prepared.quality()
    assert quality["train_loss"] < out["losses"][-1]
    assert 0.8 < quality["test_accuracy"] < 0.95
    assert quality["test_loss"] == pytest.approx(0.3, abs=0.15)


def test_both_ways_of_recording_give_the_same_curves(opened):
    items, tensors = (opened(classification.fit, epochs=5, record=record).run() for record in ("item", "tensor"))
    assert items == {name: curve.tolist() for name, curve in tensors.items()}


@pytest.mark.parametrize("record", ["item", "tensor"])
def test_a_fit_in_float64_is_right_time_and_again(opened, record):
    case = opened(classification.fit, epochs=5, record=record, dtype=torch.float64)
    assert max(case.error(case.run()) for _ in range(3)) <= 1


@pytest.fixture(scope="module")
def evaluated() -> tuple[Prepared, dict[str, Any]]:
    """The full evaluation of seed 0 and what it said."""
    context = CaseContext(torch.device("cpu"), torch.float32, "eager", 0, "classification/evaluate[device=cpu]")
    prepared = classification.evaluate(context, report="full", rows=200)
    return prepared, prepared.step()


def test_everything_that_is_said_is_right(evaluated):
    prepared, said = evaluated
    assert set(said) == {"probabilities", "accuracy", "confusion", "report"}
    assert prepared.check(said) <= FLOAT32


def test_the_confusion_matrix_says_as_much_as_the_accuracy(evaluated):
    _, said = evaluated
    assert said["confusion"].sum() == 200
    assert said["confusion"].trace() / 200 == pytest.approx(said["accuracy"].item())


def test_nothing_is_dropped_and_no_graph_recorded(evaluated):
    prepared, said = evaluated
    assert torch.equal(prepared.step()["probabilities"], said["probabilities"])
    assert not said["probabilities"].requires_grad


@pytest.mark.parametrize("name", ["probabilities", "accuracy", "confusion"])
def test_every_number_that_is_said_is_held(evaluated, name):
    prepared, said = evaluated
    off = said[name] + 1 if name == "confusion" else said[name] * (1 + 10 * FLOAT32)
    assert prepared.check({**said, name: off}) > FLOAT32


@pytest.mark.parametrize("old", ["0.0 ", "support", "macro", "200", "0.8"])
def test_every_word_of_the_report_is_held(evaluated, old):
    prepared, said = evaluated
    assert old in said["report"]
    assert prepared.check({**said, "report": said["report"].replace(old, "0.3", 1)}) > FLOAT32
    assert prepared.check({**said, "report": said["report"] + "?"}) > FLOAT32


def test_a_threshold_elsewhere_is_refused(evaluated, monkeypatch):
    prepared, _ = evaluated
    monkeypatch.setattr(classification, "classes", lambda outputs: (outputs > 0.4).to(outputs.dtype))
    assert prepared.check(prepared.step()) > FLOAT32


def test_a_net_left_in_training_mode_is_refused(evaluated, monkeypatch):
    prepared, _ = evaluated
    forward = Classifier.forward
    monkeypatch.setattr(Classifier, "forward", lambda self, x: forward(self.train(), x))
    assert prepared.check(prepared.step()) > FLOAT32


def test_an_untrained_net_is_refused_for_its_accuracy(opened, monkeypatch):
    monkeypatch.setattr(Training, "update", lambda self, outputs, targets: outputs)
    case = opened(classification.evaluate, report="accuracy", rows=200)
    assert case.error(case.run()) > 1


def test_accuracy_alone_makes_no_report(opened, monkeypatch):
    monkeypatch.setattr(classification, "classification_report", None)
    case = opened(classification.evaluate, report="accuracy", rows=2000, dtype=torch.float64)
    out = case.run()
    assert case.error(out) <= 1
    assert len(out["probabilities"]) == 2000


@pytest.mark.parametrize("seed", range(30))
def test_the_report_of_scikit_learn_is_what_the_counts_give(seed):
    drawn = np.random.default_rng(seed)
    outputs, targets = drawn.random((200, 1)), drawn.integers(0, 2, (200, 1)).astype(float)
    outputs = np.where(drawn.random((200, 1)) < 0.7, 0.5 * outputs + 0.5 * targets, outputs)
    counts = classification.count(torch.from_numpy(outputs), torch.from_numpy(targets))
    predicted = (outputs > 0.5).astype(float)
    assert counts == confusion_matrix(targets, predicted).tolist()
    assert classification.report_error(classification_report(targets, predicted), counts) == 0
