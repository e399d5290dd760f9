"""regression: a step, a fit and the test loss, held to float64."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch

from bench.measure.author.context import CaseContext
from bench.measure.author.tolerance import TOLERANCE
from workloads import regression
from workloads._course import RegressionNet, Training, regression_net
from workloads._data import regression_data


def numpy_loss(ctx) -> float:
    """Mean squared error of the untrained net, written out in float64 NumPy."""
    data, net = regression_data(ctx), regression_net(ctx)
    hidden = data.x_train.numpy()
    for layer in (net.fc1, net.fc2, net.fc3):
        hidden = np.maximum(hidden @ layer.weight.detach().numpy().T + layer.bias.detach().numpy(), 0)
    out = hidden @ net.fc4.weight.detach().numpy().T + net.fc4.bias.detach().numpy()
    return float(np.mean((out - data.y_train.numpy()) ** 2))


def test_the_loss_of_a_step_is_that_of_numpy(opened, context):
    loss = opened(regression.train_step, rows=800, dtype=torch.float64).run()
    assert loss.item() == pytest.approx(numpy_loss(context(dtype=torch.float64)), rel=1e-12)


def test_a_step_without_reset_starts_elsewhere_and_is_refused(opened):
    case = opened(regression.train_step, rows=32)
    case.run()
    assert case.error(case.prepared.step()) > 1


def test_a_step_that_does_not_clear_gradients_is_refused(opened, monkeypatch):
    case = opened(regression.train_step, rows=32)
    monkeypatch.setattr(torch.optim.Adam, "zero_grad", lambda *_, **__: None)
    assert case.error(case.run()) <= 1
    assert case.error(case.run()) > 1


def test_a_step_that_updates_no_weight_is_refused(opened, monkeypatch):
    case = opened(regression.train_step, rows=32)
    monkeypatch.setattr(torch.optim.Adam, "step", lambda *_, **__: None)
    assert case.error(case.run()) > 1


def test_a_reset_that_keeps_the_moments_of_adam_is_refused(opened, monkeypatch):
    def rewind_weights(self):
        state = deepcopy(self.optimizer.state_dict())
        rewind(self)
        self.optimizer.load_state_dict(state)

    rewind = Training.rewind
    monkeypatch.setattr(Training, "rewind", rewind_weights)
    case = opened(regression.fit, epochs=3, record="item")
    assert case.error(case.run()) <= 1
    assert case.error(case.run()) > 1


def test_a_fit_returns_the_loss_of_each_epoch(opened):
    assert len(opened(regression.fit, epochs=100, record="item").run()) == 100


def test_a_fit_learns(opened):
    losses = opened(regression.fit, epochs=100, record="item").run()
    assert losses[0] == pytest.approx(1.07, abs=0.25)
    assert losses[-1] < 0.35


def test_a_fit_that_stops_an_epoch_early_is_refused(opened):
    case = opened(regression.fit, epochs=100, record="item")
    assert case.error(case.run()[:99]) > 1


def test_a_fit_that_goes_wrong_after_the_held_epochs_is_refused(opened):
    case = opened(regression.fit, epochs=100, record="item")
    losses = case.run()
    losses[50] += 0.1
    assert case.error(losses) > 1


def test_a_fit_whose_test_loss_leaves_its_range_is_refused(opened, monkeypatch):
    case = opened(regression.fit, epochs=100, record="item")
    losses = case.run()
    monkeypatch.setattr(regression, "TEST_LOSS", (0.36, 1.0))
    assert case.error(losses) > 1


def test_a_fit_of_other_epochs_is_held_to_its_trajectory_alone(opened):
    case = opened(regression.fit, epochs=3, record="item")
    assert case.error(case.run()) <= 1


def test_quality_is_the_loss_on_training_and_test_rows(opened):
    case = opened(regression.fit, epochs=100, record="item")
    losses = case.run()
    quality = case.prepared.quality()
    assert quality["train_loss"] == pytest.approx(losses[-1], rel=0.05)
    assert regression.TEST_LOSS[0] < quality["test_loss"] < regression.TEST_LOSS[1]


@pytest.mark.parametrize("record", ["item", "tensor"])
def test_a_fit_is_right_however_it_records_its_losses(opened, record):
    case = opened(regression.fit, epochs=100, record=record)
    assert case.error(case.run()) <= 1


def test_both_ways_of_recording_give_the_same_losses(opened):
    items, tensors = (opened(regression.fit, epochs=5, record=record).run() for record in ("item", "tensor"))
    assert items == tensors.tolist()


def test_a_single_loss_off_by_ten_tolerances_is_refused_in_float64_too(opened):
    case = opened(regression.fit, epochs=3, record="item", dtype=torch.float64)
    losses = case.run()
    assert case.error(losses) <= 1
    losses[0] *= 1 + 1e-9
    assert case.error(losses) > 1


@pytest.fixture(scope="module")
def evaluated():
    """The evaluation of seed 0, its net trained once for all tests that do no harm to it."""
    ctx = CaseContext(torch.device("cpu"), torch.float64, "eager", 0, "regression/evaluate[device=cpu]")
    return regression.evaluate(ctx, rows=200)


def test_the_test_loss_is_that_of_the_fit(opened, evaluated):
    fit = opened(regression.fit, epochs=100, record="item", dtype=torch.float64)
    fit.run()
    assert evaluated.step().item() == pytest.approx(fit.prepared.quality()["test_loss"], rel=1e-6)


def test_the_test_loss_records_no_graph(evaluated):
    assert not evaluated.step().requires_grad


def test_a_test_loss_off_by_ten_tolerances_is_refused(evaluated):
    loss = evaluated.step()
    assert evaluated.check(loss) <= TOLERANCE[torch.float64]
    assert evaluated.check(loss * (1 + 1e-9)) > TOLERANCE[torch.float64]


def test_an_untrained_net_is_refused_for_its_test_loss(opened, monkeypatch):
    monkeypatch.setattr(Training, "update", lambda self, outputs, targets: outputs)
    case = opened(regression.evaluate, rows=200)
    assert case.error(case.run()) > 1


@pytest.mark.parametrize("rows", [200, 2000])
def test_as_many_test_rows_are_answered_as_asked_for(opened, monkeypatch, rows):
    seen = []
    forward = RegressionNet.forward
    case = opened(regression.evaluate, rows=rows)
    monkeypatch.setattr(RegressionNet, "forward", lambda self, x: seen.append(len(x)) or forward(self, x))
    case.run()
    assert seen == [rows]


@pytest.mark.parametrize("mode", ["script", "trace"])
def test_the_test_loss_is_right_in_other_modes(opened, mode):
    case = opened(regression.evaluate, mode=mode, rows=200)
    assert max(case.error(case.run()) for _ in range(3)) <= 1
