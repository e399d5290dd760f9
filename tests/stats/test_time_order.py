"""Neighbours and trends, on series whose correlation is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bench.stats.time_order import autocorrelation, trend


def ar1(correlation: float, length: int, count: int) -> list[list[float]]:
    """`count` stationary first-order autoregressive series."""
    dice = np.random.default_rng(0)
    values = [dice.normal(0, 1, count)]
    for _ in range(length - 1):
        values.append(correlation * values[-1] + dice.normal(0, (1 - correlation**2) ** 0.5, count))
    return np.array(values).T.tolist()


@pytest.mark.parametrize("length", [4, 16, 100])
def test_independent_values_are_not_correlated_however_short_their_series(length):
    assert autocorrelation(ar1(0.0, length, 20_000)) == pytest.approx(0.0, abs=0.02)


def test_the_correlation_of_long_series_is_found():
    assert autocorrelation(ar1(0.6, 400, 200)) == pytest.approx(0.6, abs=0.02)


@pytest.mark.parametrize("series", [[], [[1.0, 2.0]], [[3.0, 3.0, 3.0]]])
def test_without_variation_or_values_there_is_none(series):
    assert autocorrelation(series) is None


def test_the_level_of_a_series_does_not_matter():
    series = ar1(0.3, 16, 50)
    shifted = [[value + 100 * place for value in one] for place, one in enumerate(series)]
    assert autocorrelation(shifted) == pytest.approx(autocorrelation(series))


def test_a_trend_is_that_of_scipy():
    differences = np.random.default_rng(1).normal(0.4, 1, 9).tolist()
    found = trend(differences)
    assert found.mean == pytest.approx(np.mean(differences))
    assert found.p == pytest.approx(stats.ttest_1samp(differences, 0).pvalue)


def test_differences_that_are_all_alike_are_no_chance():
    assert (trend([0.5] * 4).p, trend([0.0] * 4).p) == (0.0, 1.0)


def test_two_differences_tell_nothing():
    assert trend([1.0, 2.0]) is None
