"""The search for levels: no cut is cheaper than those it finds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.stats.partition import partition
from tests.tiers import examples


def cost(x, places, penalty):
    """Squares around the means of the levels, and the price of the cuts."""
    return sum(((level - level.mean()) ** 2).sum() for level in np.split(x, places)) + penalty * len(places)


def cuts(count, fewest):
    """All ways to cut a series into levels that are long enough."""
    for number in range(count // fewest):
        for places in itertools.combinations(range(fewest, count), number):
            ends = [0, *places, count]
            if all(after - before >= fewest for before, after in itertools.pairwise(ends)):
                yield list(places)


values = st.lists(st.floats(-9, 9, allow_subnormal=False), min_size=1, max_size=10).map(np.array)


@settings(max_examples=examples(100), deadline=None)
@given(values, st.integers(1, 4), st.floats(0.1, 30))
def test_no_other_cut_is_cheaper(x, fewest, penalty):
    found = partition(x, penalty, fewest)
    assert all(after - before >= fewest for before, after in itertools.pairwise([0, *found, len(x)])) or not found
    cheapest = min((cost(x, places, penalty) for places in cuts(len(x), fewest)), default=cost(x, [], penalty))
    assert cost(x, found, penalty) <= cheapest + 1e-9 * (1 + (x**2).sum())


def test_steps_are_cut_where_they_are():
    x = np.repeat([0.0, 5.0, 2.0], [20, 30, 25]) + np.random.default_rng(0).normal(0, 0.5, 75)
    assert partition(x, 20.0, 8) == [20, 50]


def test_a_series_far_from_zero_is_cut_as_one_around_it():
    x = np.repeat([0.0, 5.0], [40, 30]) + np.random.default_rng(1).normal(0, 1, 70)
    assert partition(x - 1e6, 20.0, 8) == partition(x, 20.0, 8) == [40]


@pytest.mark.parametrize("count", [0, 1, 7, 15])
def test_too_few_values_for_two_levels_are_one(count):
    assert partition(np.arange(count, dtype=float) * 100, 1e-3, 8) == []


def test_equal_values_are_one_level():
    assert partition(np.full(50, 3.25), 1e-9, 2) == []


def test_it_agrees_with_the_compiled_search_of_ruptures():
    ruptures = pytest.importorskip("ruptures", reason="ruptures is not built for this Python")
    dice = np.random.default_rng(2)
    for _ in range(100):
        lengths = dice.integers(5, 60, dice.integers(1, 6))
        x = np.repeat(dice.normal(0, 3, len(lengths)), lengths) + dice.normal(0, 1, lengths.sum())
        if len(x) >= 16:
            theirs = ruptures.KernelCPD(kernel="linear", min_size=8).fit(x).predict(pen=25.0)[:-1]
            assert cost(x, partition(x, 25.0, 8), 25.0) <= cost(x, theirs, 25.0) + 1e-9
            assert partition(x, 25.0, 8) == theirs
