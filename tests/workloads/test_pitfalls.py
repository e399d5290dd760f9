"""pitfalls: the mistake is made, the cure cures it, and each is held to the value it must have."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bench.measure.author import torch_notices
from bench.measure.author.context import CaseContext, Skip
from bench.measure.counting.dynamo_counters import compiled_graphs
from workloads._course import TRAIN_ROWS, regression_net
from workloads._data import regression_data
from workloads.pitfalls import predictions, products, training

FORMS = ("mistake", "cure")
both = pytest.mark.parametrize("form", FORMS)


class FakeGpu:
    """A device whose products take `work` seconds and return at once, and the clock that runs beside it."""

    launch, work = 1.0, 100.0

    def __init__(self) -> None:
        self.now = self.busy_until = 0.0

    def clock(self) -> float:
        return self.now

    def mm(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        self.now += self.launch
        self.busy_until = max(self.now, self.busy_until) + self.work
        return a @ b

    def synchronize(self, _device: object) -> None:
        self.now = max(self.now, self.busy_until)


class OnFakeGpu(CaseContext):
    """A context that says it is on a GPU while its tensors stay on the CPU."""

    def __init__(self) -> None:
        super().__init__(torch.device("cpu"), torch.float32, "eager", 0, "pitfalls/no_synchronise")
        self.device = SimpleNamespace(type="cuda")

    def place(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(self.dtype)


@pytest.fixture
def gpu(monkeypatch) -> FakeGpu:
    device = FakeGpu()
    monkeypatch.setattr(products, "perf_counter", device.clock)
    monkeypatch.setattr(torch, "mm", device.mm)
    monkeypatch.setattr(torch.cuda, "synchronize", device.synchronize)
    return device


def students_number(form: str) -> dict[str, float]:
    """What `quality` says after 60 steps in blocks of 20, the device waited for between them."""
    context = OnFakeGpu()
    prepared = products.no_synchronise(context, form=form, size=64)
    for _ in range(3):
        for _ in range(20):
            out = prepared.step()
        torch.cuda.synchronize(context.device)
    assert prepared.check(out) < 1e-5
    return prepared.quality()


def test_nothing_can_be_forgotten_on_the_cpu(opened):
    with pytest.raises(Skip, match="end when their work is done"):
        opened(products.no_synchronise, form="mistake", size=64)


def test_without_synchronising_the_students_clock_shows_the_launch(gpu):
    assert students_number("mistake") == {
        "reported_s": gpu.launch,
        "error_factor": (gpu.launch + gpu.work) / gpu.launch,
    }


def test_with_synchronising_it_shows_the_work(gpu):
    assert students_number("cure") == {"reported_s": gpu.launch + gpu.work, "error_factor": 1.0}


def test_a_stopwatch_keeps_no_more_than_its_last_readings():
    watch = products.Stopwatch(lambda: None)
    for _ in range(3 * watch.READINGS):
        watch(lambda: torch.zeros(1))
    assert len(watch.shown) == watch.READINGS


def calls_of_a_program(opened, monkeypatch, form: str, blocks: int) -> list[list[str]]:
    """What is done in each of some blocks: programs loaded, calls of them, and a bar between reset and step."""
    done: list[list[str]] = []
    load = torch.jit.load

    def watched(*args, **kwargs):
        program = load(*args, **kwargs)
        done.append(["load"])
        return lambda x: (done[-1].append("call"), program(x))[1]

    monkeypatch.setattr(torch.jit, "load", watched)
    case = opened(predictions.first_call_timed, form=form)
    for _ in range(blocks):
        case.prepared.reset()
        done[-1].append("|")
        case.prepared.step()
    return done


def test_the_mistake_times_the_first_call_in_every_block(opened, monkeypatch):
    assert calls_of_a_program(opened, monkeypatch, "mistake", 2) == [["load", "|", "call"]] * 2


def test_the_cure_times_a_call_after_warm_ones_in_every_block(opened, monkeypatch):
    warm = ["call"] * predictions.WARM_CALLS
    assert calls_of_a_program(opened, monkeypatch, "cure", 2) == [["load", *warm, "|", "call"]] * 2


@both
def test_a_program_of_other_weights_is_refused(opened, monkeypatch, form):
    load = torch.jit.load

    def spoilt(*args, **kwargs):
        program = load(*args, **kwargs)
        with torch.no_grad():
            program.fc2.weight[0, 0] += 0.1
        return program

    monkeypatch.setattr(torch.jit, "load", spoilt)
    case = opened(predictions.first_call_timed, form=form)
    assert case.error(case.run()) > 1


@both
def test_torchscript_does_not_complain_of_its_age(opened, form, recwarn):
    """A worker hides what torch says of it, whatever the category of the day."""
    torch_notices.hide()
    opened(predictions.first_call_timed, form=form).run()
    assert [str(warning.message) for warning in recwarn if "torch.jit" in str(warning.message)] == []


def reads(opened, monkeypatch, form: str) -> tuple[int, list[float]]:
    """How often a step over 10 epochs reads a number from its device, and the losses."""
    case = opened(training.item_every_step, form=form, epochs=10)
    count = 0
    item, to_list = torch.Tensor.item, torch.Tensor.tolist

    def counted(read):
        def reading(tensor):
            nonlocal count
            count += 1
            return read(tensor)

        return reading

    with monkeypatch.context() as patch:
        patch.setattr(torch.Tensor, "item", counted(item))
        patch.setattr(torch.Tensor, "tolist", counted(to_list))
        case.prepared.reset()
        losses = case.prepared.step()
    assert case.error(losses) <= 1
    return count, losses


def test_the_mistake_reads_the_loss_in_every_epoch_and_the_cure_once(opened, monkeypatch):
    (often, each), (once, together) = (reads(opened, monkeypatch, form) for form in FORMS)
    assert often - once == 10 - 1  # Adam also reads: its own count of steps, which is on the host
    assert each == together


def test_losses_kept_for_later_hold_no_graph(opened, monkeypatch):
    stack, kept = torch.stack, []
    monkeypatch.setattr(torch, "stack", lambda losses: (kept.extend(losses), stack(losses))[1])
    opened(training.item_every_step, form="cure", epochs=3).run()
    assert [loss.grad_fn for loss in kept] == [None] * 3


@both
def test_a_loss_that_is_missed_is_refused(opened, form):
    case = opened(training.item_every_step, form=form, epochs=10)
    losses = case.run()
    assert case.error(losses[:-1]) > 1
    assert case.error([*losses[:5], losses[5] * 1.001, *losses[6:]]) > 1


@both
def test_losses_that_all_went_wrong_alike_are_refused(opened, monkeypatch, form):
    """The plain loop makes the same mistake; float64 does not."""
    monkeypatch.setattr(torch.optim.Adam, "zero_grad", lambda *_, **__: None)
    gone_wrong = opened(training.item_every_step, form=form, epochs=10).run()
    monkeypatch.undo()
    case = opened(training.item_every_step, form=form, epochs=10)
    assert case.error(gone_wrong) > 1


def test_only_the_mistake_draws_in_its_step(opened, monkeypatch):
    drawn = []
    draw = torch.randn
    monkeypatch.setattr(torch, "randn", lambda *args, **kwargs: (drawn.append(args), draw(*args, **kwargs))[1])
    counts = []
    for form in FORMS:
        case = opened(products.random_numbers_inside, form=form, size=64)
        drawn.clear()
        case.run()
        counts.append(len(drawn))
    assert counts == [1, 0]


def test_both_forms_multiply_the_same_numbers(opened):
    mistake, cure = (opened(products.random_numbers_inside, form=form, size=64).run() for form in FORMS)
    assert torch.equal(mistake, cure)


def test_a_generator_that_moves_on_is_refused(opened, monkeypatch):
    monkeypatch.setattr(products.Normals, "again", lambda self: self.draw())
    case = opened(products.random_numbers_inside, form="mistake", size=64)
    assert case.error(case.run()) > 1


def test_workers_and_none_give_the_same_rows_in_the_same_order(opened):
    (x, y), (same_x, same_y) = (opened(training.workers_on_memory, form=form).run() for form in FORMS)
    assert torch.equal(x, same_x)
    assert torch.equal(y, same_y)


def test_every_row_is_given_once(opened, context):
    x, y = opened(training.workers_on_memory, form="cure").run()
    data = regression_data(context())
    given = torch.cat((x, y), dim=1).tolist()
    assert sorted(given) == sorted(torch.cat((data.x_train, data.y_train), dim=1).tolist())


def test_the_mistake_is_right_time_and_again(opened):
    case = opened(training.workers_on_memory, form="mistake")
    assert [case.error(case.run()) <= 1 for _ in range(3)] == [True] * 3


def test_only_the_mistake_has_workers(opened, monkeypatch):
    workers = []
    loader = training.DataLoader
    monkeypatch.setattr(
        training,
        "DataLoader",
        lambda *args, **kwargs: (workers.append(kwargs["num_workers"]), loader(*args, **kwargs))[1],
    )
    for form in FORMS:
        opened(training.workers_on_memory, form=form)
    assert workers == [2, 0]


def test_a_pass_without_reset_has_another_order_and_is_refused(opened):
    case = opened(training.workers_on_memory, form="cure")
    case.run()
    assert case.error(case.prepared.step()) > 1


def test_a_target_beside_the_wrong_row_is_refused(opened):
    case = opened(training.workers_on_memory, form="cure")
    x, y = case.run()
    assert case.error((x, y.roll(1, dims=0))) > 1
    assert case.error((x[:-1], y[:-1])) > 1


def shapes_seen(opened, monkeypatch, form: str) -> list[int]:
    """Rows of each batch of a pass."""
    seen = []
    case = opened(predictions.ragged_last_batch, form=form)
    linear = torch.nn.functional.linear
    with monkeypatch.context() as patch:
        patch.setattr(torch.nn.functional, "linear", lambda x, *rest: (seen.append(x.shape), linear(x, *rest))[1])
        assert case.error(case.run()) <= 1
    return [shape[0] for shape in seen if shape[1] == 1]


def test_the_mistake_has_a_second_shape_and_the_cure_has_not(opened, monkeypatch):
    assert shapes_seen(opened, monkeypatch, "mistake") == [128] * 6 + [32]
    assert shapes_seen(opened, monkeypatch, "cure") == [128] * 7


def test_both_forms_answer_the_same_rows(opened):
    mistake, cure = (opened(predictions.ragged_last_batch, form=form) for form in FORMS)
    assert mistake.run().shape == cure.run().shape == (TRAIN_ROWS, 1)
    assert mistake.prepared.work.items == cure.prepared.work.items == TRAIN_ROWS


@both
def test_a_batch_out_of_its_place_is_refused(opened, form):
    case = opened(predictions.ragged_last_batch, form=form)
    assert case.error(case.run().roll(128, dims=0)) > 1
    assert case.error(case.run()[:768]) > 1


@pytest.mark.parametrize(("form", "graphs"), [("mistake", 2), ("cure", 1)])
def test_each_shape_is_compiled_once_and_in_the_first_step(opened, form, graphs):
    torch._dynamo.reset()
    before = compiled_graphs()["graphs"]
    case = opened(predictions.ragged_last_batch, mode="compile", form=form)
    assert case.error(case.run()) <= 1
    assert compiled_graphs()["graphs"] - before == graphs
    assert case.error(case.run()) <= 1
    assert compiled_graphs()["graphs"] - before == graphs


def test_only_the_mistake_builds_a_graph(opened):
    mistake, cure = (opened(predictions.graph_in_evaluation, form=form, rows=32).run() for form in FORMS)
    assert mistake.grad_fn is not None
    assert cure.grad_fn is None
    assert torch.equal(mistake, cure)


def numpy_predictions(ctx, rows: int) -> np.ndarray:
    """The untrained net, written out in NumPy."""
    net, hidden = regression_net(ctx), regression_data(ctx).x_train[:rows].numpy()
    for layer in (net.fc1, net.fc2, net.fc3):
        hidden = np.maximum(hidden @ layer.weight.detach().numpy().T + layer.bias.detach().numpy(), 0)
    return hidden @ net.fc4.weight.detach().numpy().T + net.fc4.bias.detach().numpy()


@both
def test_predictions_are_those_of_numpy(opened, context, form):
    out = opened(predictions.graph_in_evaluation, dtype=torch.float64, form=form, rows=32).run()
    wanted = numpy_predictions(context(dtype=torch.float64), 32)
    assert out.detach().numpy() == pytest.approx(wanted, rel=1e-12, abs=1e-14)


def test_the_mistake_computes_in_float64_and_the_cure_in_float32(opened):
    assert [opened(training.float64_from_numpy, form=form, rows=32).run().dtype for form in FORMS] == [
        torch.float64,
        torch.float32,
    ]


def test_the_net_refuses_the_float64_of_numpy(context):
    with pytest.raises(RuntimeError, match="dtype"):
        regression_net(context())(torch.from_numpy(np.linspace(-5, 5, 4).reshape(-1, 1)))


def test_the_mistake_is_right_to_the_digits_of_float64(opened):
    case = opened(training.float64_from_numpy, form="mistake", rows=32)
    assert case.prepared.check(case.run()) < 1e-12


@both
def test_a_step_that_updates_no_weight_is_refused(opened, monkeypatch, form):
    case = opened(training.float64_from_numpy, form=form, rows=32)
    monkeypatch.setattr(torch.optim.Adam, "step", lambda *_, **__: None)
    assert case.error(case.run()) > 1


@pytest.mark.parametrize("passes", [2, 10])
def test_gradients_that_are_not_cleared_are_as_many_times_too_long(opened, passes):
    mistake, cure = (opened(training.gradients_not_cleared, form=form, passes=passes) for form in FORMS)
    for wrong, right in zip(mistake.run(), cure.run(), strict=True):
        torch.testing.assert_close(wrong, passes * right)
    assert mistake.prepared.quality()["error_factor"] == pytest.approx(passes, rel=1e-5)
    assert cure.prepared.quality()["error_factor"] == pytest.approx(1, rel=1e-5)


def test_each_form_refuses_the_gradient_of_the_other(opened):
    mistake, cure = (opened(training.gradients_not_cleared, form=form, passes=2) for form in FORMS)
    assert mistake.error(cure.run()) > 1
    assert cure.error(mistake.run()) > 1


def test_the_mistake_does_not_go_on_from_step_to_step(opened):
    case = opened(training.gradients_not_cleared, form="mistake", passes=3)
    assert [case.error(case.prepared.step()) <= 1 for _ in range(3)] == [True] * 3


def test_the_momentum_of_one_that_the_page_speaks_of(context):
    """Gradient descent that never clears its gradients is gradient descent with a momentum of 1."""
    data = regression_data(context(dtype=torch.float64))

    def weights_after(momentum: float, clears: bool) -> torch.Tensor:
        net = regression_net(context(dtype=torch.float64))
        descent = torch.optim.SGD(net.parameters(), lr=0.001, momentum=momentum)
        for _ in range(5):
            if clears:
                descent.zero_grad()
            torch.nn.functional.mse_loss(net(data.x_train), data.y_train).backward()
            descent.step()
        return torch.nn.utils.parameters_to_vector(net.parameters())

    torch.testing.assert_close(weights_after(0.0, clears=False), weights_after(1.0, clears=True))


def test_a_wrong_answer_is_noticed_on_random_numbers_and_not_on_zeros(opened):
    noticed = {form: opened(products.zeros_as_data, form=form, size=64).prepared.quality() for form in FORMS}
    assert noticed == {"mistake": {"wrong_answer_noticed": 0.0}, "cure": {"wrong_answer_noticed": 1.0}}


def test_on_zeros_even_no_product_at_all_is_right(opened):
    case = opened(products.zeros_as_data, form="mistake", size=64)
    assert case.error(torch.zeros(64, 64)) == 0


def test_on_random_numbers_the_factors_in_the_wrong_order_are_refused(opened, context):
    case, ctx = opened(products.zeros_as_data, form="cure", size=64), context()
    a, b = ctx.randn(64, 64), ctx.randn(64, 64)
    assert case.error(a @ b) <= 1
    assert case.error(b @ a) > 1
