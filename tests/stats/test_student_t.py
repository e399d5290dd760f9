"""Student's quantiles, against scipy's."""

from __future__ import annotations

import math
import statistics

import pytest
from scipy import stats

from bench.stats import student_t

DEGREES = (1, 1.3, 2, 2.5, 3, 3.01, 4, 5, 7.7, 10, 19, 30, 99.5, 1000, math.inf)


@pytest.mark.parametrize("degrees", DEGREES)
@pytest.mark.parametrize("p", [0.5, 0.6, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.9995])
def test_a_quantile_is_scipys(p: float, degrees: float) -> None:
    assert student_t.quantile(p, degrees) == pytest.approx(stats.t.ppf(p, degrees), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("degrees", DEGREES)
@pytest.mark.parametrize("t", [-40.0, -2.5, -1.0, 0.0, 0.1, 1.0, 2.0, 4.303, 12.706, 100.0])
def test_a_probability_is_scipys(t: float, degrees: float) -> None:
    assert student_t.cdf(t, degrees) == pytest.approx(stats.t.cdf(t, degrees), abs=1e-12)


@pytest.mark.parametrize(
    ("p", "degrees"),
    [(0.49, 3), (-1.0, 3), (1.0, 3), (1.1, 3), (0.975, 0), (0.975, 0.9), (0.975, -2), (0.975, math.nan)],
)
def test_a_quantile_outside_its_range_is_refused(p: float, degrees: float) -> None:
    with pytest.raises(ValueError, match="no quantile"):
        student_t.quantile(p, degrees)


@pytest.mark.parametrize("degrees", [0.0, -1.0, math.nan])
def test_a_probability_without_degrees_is_refused(degrees: float) -> None:
    with pytest.raises(ValueError, match="no probability"):
        student_t.cdf(1.0, degrees)


def test_the_interval_is_scipys() -> None:
    values = [1.0, 2.5, 3.0, 3.2]
    expected = stats.t.interval(0.9, 3, loc=statistics.fmean(values), scale=stats.sem(values))
    assert student_t.interval(values, 0.9) == pytest.approx(expected, rel=1e-9)


def test_more_degrees_bring_the_quantile_down_to_the_normal_one() -> None:
    quantiles = [student_t.quantile(0.975, degrees) for degrees in range(1, 60)]
    assert quantiles == sorted(quantiles, reverse=True)
    assert quantiles[-1] > stats.norm.ppf(0.975)
