"""autograd: the course's derivatives."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from workloads import autograd


def test_the_derivative_of_the_polynomial_at_2_is_exactly_20(opened):
    assert opened(autograd.polynomial).run().item() == 20.0


def test_20_stays_20_in_the_50th_step(opened):
    case = opened(autograd.polynomial)
    assert [case.run().item() for _ in range(50)][-1] == 20.0


def test_a_gradient_that_was_not_cleared_is_refused(opened):
    case = opened(autograd.polynomial)
    assert case.error(case.run() + case.run()) > 1


def test_the_curve_has_the_derivative_that_numpy_computes(opened):
    x = np.linspace(-5, 5, 100)
    found = opened(autograd.derivative_curve, points=100, dtype=torch.float64).run().numpy()
    np.testing.assert_allclose(found, np.cos(x) + x / 5, atol=1e-14)


def test_the_curve_has_the_derivative_that_differences_show():
    x = torch.linspace(-5, 5, 100, dtype=torch.float64)
    h = 1e-6
    differences = (autograd.curve(x + h) - autograd.curve(x - h)) / (2 * h)
    assert torch.allclose(differences, autograd.derivative(x), atol=1e-8)


@pytest.mark.parametrize("point", [0, 31, 32, 99])
def test_a_single_wrong_point_is_noticed_wherever_it_is(opened, monkeypatch, point):
    monkeypatch.setattr(autograd, "CHECKED_AT_ONCE", 32)
    case = opened(autograd.derivative_curve, points=100)
    gradient = case.run()
    gradient[point] += 0.01
    assert case.error(gradient) > 1


def test_a_gradient_that_lacks_its_last_points_is_refused(opened):
    case = opened(autograd.derivative_curve, points=100)
    assert case.error(case.run()[:99]) > 1
