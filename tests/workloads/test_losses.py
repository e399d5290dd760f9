"""losses: MSE + 0.1·L1 in two forms, and its gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from workloads import losses

FORMS = ("module", "built_in")
every_form = pytest.mark.parametrize("form", FORMS)


def drawn(ctx, rows: int = 800) -> np.ndarray:
    """Predictions and targets (2, rows) as the workload draws them."""
    return torch.stack([ctx.randn(rows, 1), ctx.randn(rows, 1)]).squeeze(2).numpy()


@every_form
def test_the_loss_is_that_of_numpy(opened, context, form):
    predictions, targets = drawn(context(dtype=torch.float64))
    loss, _ = opened(losses.custom, form=form, rows=800, dtype=torch.float64).run()
    away = predictions - targets
    assert loss.item() == pytest.approx(np.mean(away**2) + 0.1 * np.mean(np.abs(away)), rel=1e-12)


@every_form
def test_the_gradient_is_that_of_differences(opened, context, form):
    predictions, targets = map(torch.from_numpy, drawn(context(dtype=torch.float64)))
    _, gradient = opened(losses.custom, form=form, rows=800, dtype=torch.float64).run()
    row, h = 17, 1e-6
    up, down = predictions.clone(), predictions.clone()
    up[row] += h
    down[row] -= h
    slope = (losses.built_in(up, targets) - losses.built_in(down, targets)) / (2 * h)
    assert gradient[row].item() == pytest.approx(slope.item(), rel=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("mode", ["eager", "script", "trace"])
@every_form
def test_every_form_is_right_in_every_mode(opened, form, mode, dtype):
    case = opened(losses.custom, mode=mode, form=form, rows=800, dtype=dtype)
    assert max(case.error(case.run()) for _ in range(4)) <= 1


@every_form
def test_a_million_rows_are_right_in_float32(opened, form):
    case = opened(losses.custom, form=form, rows=10**6)
    assert case.error(case.run()) <= 1


@every_form
@pytest.mark.parametrize("part", [0, 1])
def test_loss_and_gradient_are_each_held(opened, form, part):
    case = opened(losses.custom, form=form, rows=800)
    out = list(case.run())
    out[part] = out[part] * (1 + 10 * case.tolerance)
    assert case.error(out) > 1


def test_a_loss_without_its_l1_term_is_refused(opened, monkeypatch):
    monkeypatch.setattr(losses.nn.functional, "l1_loss", lambda a, b: 0 * (a - b).sum())
    case = opened(losses.custom, form="built_in", rows=800)
    assert case.error(case.run()) > 1


def test_a_gradient_of_one_row_that_is_wrong_is_refused(opened):
    case = opened(losses.custom, form="module", rows=800)
    loss, gradient = case.run()
    gradient[17] += 0.01 * gradient.abs().max()
    assert case.error((loss, gradient)) > 1


def test_a_step_that_does_not_clear_the_gradient_is_refused(opened):
    case = opened(losses.custom, form="module", rows=800)
    loss, gradient = case.run()
    assert case.error((loss, gradient + gradient)) > 1


def test_the_gradient_does_not_grow_from_step_to_step(opened):
    case = opened(losses.custom, form="module", rows=800)
    first = case.run()[1].clone()
    assert torch.equal(case.run()[1], first)


@every_form
def test_a_compiled_loss_is_right(opened, form):
    torch._dynamo.reset()
    case = opened(losses.custom, mode="compile", form=form, rows=800)
    assert max(case.error(case.run()) for _ in range(3)) <= 1
