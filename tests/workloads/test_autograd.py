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


@pytest.mark.parametrize(("function", "expected"), [("square", 6.0), ("sine", 1.0)])
def test_the_helper_gives_the_gradients_of_the_course(opened, function, expected):
    found = opened(autograd.compute_gradient, function=function).run()
    assert type(found) is float
    assert found == expected


def test_the_helper_differentiates_any_function():
    assert autograd.gradient_at(torch.exp, 2.0, dtype=torch.float64) == pytest.approx(np.exp(2.0), rel=1e-14)


@pytest.mark.parametrize("function", ["square", "sine"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_a_gradient_off_by_ten_tolerances_is_refused_in_the_precision_of_the_case(opened, function, dtype):
    case = opened(autograd.compute_gradient, function=function, dtype=dtype)
    assert case.error(case.run() * (1 + 10 * case.tolerance)) > 1


@pytest.fixture(scope="module")
def plot():
    """The case of the plot and one output of it, which takes a tenth of a second to draw."""
    from bench.measure.author.context import CaseContext

    prepared = autograd.derivative_plot(
        CaseContext(torch.device("cpu"), torch.float64, "eager", 0, "autograd/derivative_plot[device=cpu]")
    )
    return prepared, prepared.step()


def test_the_plot_shows_the_derivative(plot):
    prepared, (line, pixels) = plot
    assert prepared.check((line, pixels)) < 1e-10
    assert pixels.shape == (500, 1200, 4)
    x = np.linspace(-5, 5, 100)
    np.testing.assert_allclose(line, np.cos(x) + x / 5, atol=1e-14)


def test_both_panels_hold_ink_besides_the_curve(plot):
    _, (_, pixels) = plot
    for panel in np.split(pixels, 2, axis=1):
        dark = (panel[..., :3].max(-1) < 128).mean()
        assert 0.003 < dark < 0.03  # frame, ticks, numbers and title


@pytest.mark.parametrize("half", [slice(None, 600), slice(600, None)], ids=["left", "right"])
def test_an_empty_panel_is_refused(plot, half):
    prepared, (line, pixels) = plot
    empty = pixels.copy()
    empty[:, half] = 255
    assert prepared.check((line, empty)) > 1


def test_swapped_panels_are_refused(plot):
    prepared, (line, pixels) = plot
    assert prepared.check((line, np.concatenate(np.split(pixels, 2, axis=1)[::-1], axis=1))) > 1


def test_a_panel_upside_down_is_refused(plot):
    prepared, (line, pixels) = plot
    assert prepared.check((line, pixels[::-1])) > 1


def test_a_gap_in_the_curve_is_refused(plot):
    prepared, (line, pixels) = plot
    gap = pixels.copy()
    gap[:, 750:800] = 255
    assert prepared.check((line, gap)) > 1


def test_a_plot_of_another_curve_is_refused(plot):
    prepared, (line, _) = plot
    x = np.linspace(-5, 5, 100)
    _, wrong = autograd.picture(x, np.sin(x) + x**2 / 10, np.cos(x))
    assert prepared.check((line, wrong)) > 1


def test_one_wrong_point_of_the_line_is_refused(plot):
    prepared, (line, pixels) = plot
    wrong = line.copy()
    wrong[50] += 1e-8
    assert prepared.check((wrong, pixels)) > 1e-10


def test_drawing_leaves_no_figure_to_pyplot(plot):
    from matplotlib import pyplot

    assert pyplot.get_fignums() == []


def test_the_style_of_the_user_does_not_spoil_the_answer(plot):
    import matplotlib

    prepared, _ = plot
    with matplotlib.rc_context({"axes.prop_cycle": matplotlib.cycler(color=["red"]), "figure.facecolor": "black"}):
        assert prepared.check(prepared.step()) < 1e-10
