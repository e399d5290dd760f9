"""Robust location and spread, against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.stats import robust

NUMBERS = st.lists(st.floats(min_value=-1e6, max_value=1e6), min_size=1, max_size=50)


@given(NUMBERS)
def test_the_spread_is_scipys_scaled_median_absolute_deviation(values: list[float]) -> None:
    # 1.4826 is 1 / Φ⁻¹(3/4) rounded to four decimals, hence the tolerance.
    expected = stats.median_abs_deviation(values, scale="normal")
    assert robust.spread(values) == pytest.approx(expected, rel=2e-6, abs=1e-12)


def test_the_spread_of_normal_data_is_their_standard_deviation() -> None:
    values = np.random.default_rng(0).normal(10.0, 2.0, 20_000)
    assert robust.spread(values) == pytest.approx(2.0, rel=0.03)


def test_a_few_wild_values_do_not_move_the_spread() -> None:
    values = np.random.default_rng(1).normal(10.0, 2.0, 1000)
    wild = np.concatenate([values, [1e9] * 20])
    assert robust.spread(wild) == pytest.approx(robust.spread(values), rel=0.1)


def test_values_beyond_a_modified_score_of_three_and_a_half_are_outliers() -> None:
    values = np.concatenate([np.linspace(-1, 1, 101), [100.0, -100.0]])
    scores = 0.6745 * np.abs(values - np.median(values)) / stats.median_abs_deviation(values)
    assert robust.outlier_share(values) == np.mean(scores > 3.5) == pytest.approx(2 / 103)


@pytest.mark.parametrize(("score", "share"), [(3.49, 0.0), (3.51, 1 / 102)])
def test_the_fence_stands_at_three_and_a_half(score: float, share: float) -> None:
    # 101 values around 0 and one at `score` spreads from their median; it moves neither much.
    quiet = np.linspace(-1, 1, 101)
    values = np.append(quiet, 0.0)
    for _ in range(50):  # the point that has this score among the values it is part of
        values[-1] = np.median(values) + score * stats.median_abs_deviation(values, scale="normal")
    assert robust.outlier_share(values) == pytest.approx(share)


def test_normal_data_have_almost_no_outliers() -> None:
    assert robust.outlier_share(np.random.default_rng(2).normal(size=10_000)) < 0.002


def test_values_that_do_not_vary_have_no_outliers() -> None:
    assert robust.outlier_share([1.0] * 10 + [99.0]) == 0.0
