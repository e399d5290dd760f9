"""Middles of differences over pairs: ranks as tables have them, and intervals that hold as often as they say."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wilcoxon

from bench.stats import signed_ranks
from bench.stats.coverage_simulation import exact_bounds

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=25)


@pytest.mark.parametrize(
    ("n", "alpha", "rank"),
    [
        (5, 0.05, 0),
        (6, 0.05, 1),
        (8, 0.05, 4),
        (10, 0.05, 9),
        (12, 0.05, 14),
        (20, 0.05, 53),
        (10, 0.01, 4),
        (20, 0.01, 38),
    ],
)
def test_ranks_are_those_of_the_published_table(n, alpha, rank):
    """Critical values of the signed-rank test, Wilcoxon & Wilcox 1964, two-sided: the rank is one above."""
    values = np.arange(1.0, n + 1)
    averages = sorted((a + b) / 2 for i, a in enumerate(values) for b in values[i:])
    expected = (averages[rank - 1], averages[-rank]) if rank else (-math.inf, math.inf)
    assert signed_ranks.interval(list(values), alpha) == expected


@given(VALUES, st.sampled_from([0.2, 0.05, 0.001]))
def test_the_middle_lies_in_its_interval_and_both_move_with_the_values(values, alpha):
    low, high = signed_ranks.interval(values, alpha)
    assert low <= signed_ranks.middle(values) <= high
    moved = signed_ranks.interval([-value for value in values], alpha)
    assert moved == (-high, -low)


@given(st.lists(st.floats(-100, 100).filter(lambda x: abs(x) > 1e-3), min_size=8, max_size=15, unique_by=abs))
def test_zero_is_outside_where_the_exact_test_refutes_it(values):
    low, high = signed_ranks.interval(values, 0.05)
    p = wilcoxon(values, method="exact").pvalue
    assert (low > 0 or high < 0) == (p <= 0.05)


def test_one_wild_pair_does_not_move_it():
    values = [1.0, 1.1, 0.9, 1.05, 0.95, 1.02, 0.98, 1.01, 0.99, 1.03, 0.97, -1000.0]
    assert signed_ranks.middle(values) == pytest.approx(1.0, abs=0.05)
    assert signed_ranks.interval(values, 0.05)[0] > 0


@pytest.mark.parametrize(
    "draw",
    [
        lambda dice, n: dice.normal(size=n) * np.exp(dice.normal(size=n)),
        lambda dice, n: dice.choice([-1.0, 1.0], size=n) + 0.01 * dice.normal(size=n),
        lambda dice, n: dice.standard_cauchy(n),
    ],
    ids=["each in its own way", "two humps", "heavy tails"],
)
def test_an_interval_lacks_the_middle_no_oftener_than_it_says(draw):
    dice, trials, alpha = np.random.default_rng(0), 2000, 0.02
    missed = 0
    for _ in range(trials):
        low, high = signed_ranks.interval(list(draw(dice, 12)), alpha)
        missed += not low <= 0 <= high
    assert exact_bounds(missed, trials)[0] <= alpha


def test_an_interval_is_finite_from_as_many_values_on_as_alpha_asks_for():
    for alpha, n in ((0.2, 4), (0.05, 6), (0.001, 11), (0.001 / 40, 17)):
        assert math.isfinite(signed_ranks.interval(list(range(n)), alpha)[0])
        assert math.isinf(signed_ranks.interval(list(range(n - 1)), alpha)[0])
