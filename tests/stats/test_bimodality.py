"""The dip test, against the definition of the dip and on shapes whose humps are known."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from bench.stats.bimodality import CRITICAL, LEVEL, critical, dip, humps

VALUES = st.lists(st.integers(-40, 40).map(lambda k: k / 8) | st.integers(0, 3).map(float), min_size=1, max_size=9)
"""Ties are frequent, and so are samples of one, two and three values, and of one value only."""


def by_definition(values):
    """The least distance to any function that is convex before a mode and concave after it, by linear programs.

    A mode anywhere does no better than one at a value, where the function may jump: each is tried. Never below 1/(2n),
    which is what a continuous function leaves.
    """
    places, counts = np.unique(values, return_counts=True)
    n, k = len(values), len(places)
    after = np.cumsum(counts) / n
    before = after - counts / n
    return max(1 / (2 * n), min(_distance(places, before, after, mode) for mode in range(k)))


def _distance(places, before, after, mode):
    """Unknowns: the function at each place, from the left up to the mode and from the right after it; the distance."""
    k = len(places)
    left, right = list(range(mode + 1)), list(range(mode + 1, k + 2))  # the mode has one unknown on either side
    rows, most = [], []

    def at_most(weights, bound):
        row = np.zeros(k + 2)
        for place, weight in weights:
            row[place] += weight
        rows.append(row)
        most.append(bound)

    for unknowns, xs, sign in ((left, places[: mode + 1], 1), (right[:-1], places[mode:], -1)):
        for j in range(len(xs) - 2):
            (a, b, c), (x, y, z) = unknowns[j : j + 3], xs[j : j + 3]
            # The slope from a to b is at most that from b to c, times `sign`.
            at_most([(b, sign / (y - x)), (a, -sign / (y - x)), (c, -sign / (z - y)), (b, sign / (z - y))], 0)
    order = [*left, *right[:-1]]
    for a, b in pairwise(order):
        at_most([(a, 1), (b, -1)], 0)
    steps = [(before[j], after[j]) for j in range(k)]
    for unknown, place in zip(order, [*range(mode + 1), *range(mode, k)], strict=True):
        low, high = steps[place]
        if unknown == left[-1]:
            high = low  # only the limit from the left
        if unknown == right[0]:
            low = high
        at_most([(unknown, -1), (k + 1, -1)], -high)
        at_most([(unknown, 1), (k + 1, -1)], low)
    found = linprog([0] * (k + 1) + [1], np.array(rows), most, bounds=[(0, 1)] * (k + 2))
    assert found.success, found.message
    return found.fun


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_it_is_what_the_definition_of_the_dip_gives(values):
    assert dip(values) == pytest.approx(by_definition(values), abs=1e-8)


@given(VALUES, st.randoms(use_true_random=False), st.floats(0.01, 100), st.floats(-100, 100))
def test_neither_order_nor_scale_nor_place_moves_the_dip(values, dice, scale, place):
    moved = [scale * value + place for value in dice.sample(values, len(values))]
    assert dip(moved) == pytest.approx(dip(values), abs=1e-6)


def test_the_library_is_imported_when_it_is_needed_and_leaves_the_environment_as_it_was():
    program = (
        "import os, sys; before = dict(os.environ); from bench.stats.bimodality import dip, humps; humps([1.0] * 5); "
        "print('diptest' in sys.modules); dip([1.0, 1.0, 2.0, 2.0]); print(before == dict(os.environ))"
    )
    plain = {name: value for name, value in os.environ.items() if not name.startswith("KMP_")}
    for chosen in ({}, {"KMP_INIT_AT_FORK": "TRUE"}):
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={**plain, **chosen}
        )
        assert done.stdout.split() == ["False", "True"]


def test_two_points_apart_dip_most():
    assert dip([1.0] * 10 + [2.0] * 10) == pytest.approx(0.25)


def test_nothing_has_no_dip():
    with pytest.raises(ValueError, match="no values"):
        dip([])


@pytest.mark.parametrize("values", [[3.0], [1.0, 2.0, 3.0], [5.0] * 8])
def test_values_that_cannot_dip_have_the_least_dip(values):
    assert dip(values) == 1 / (2 * len(values))


@pytest.mark.parametrize("n", [6, 12, 40, 150])
def test_a_sample_with_one_hump_is_called_two_humped_as_seldom_as_stated(n):
    dice = np.random.default_rng(n)
    draws = 20_000
    called = sum(dip(dice.random(n).tolist()) * n**0.5 > critical(n) for _ in range(draws))
    # Six standard deviations of a binomial count; interpolation between two rows of the table moves the level a little.
    assert called <= 1.5 * LEVEL * draws + 6 * (LEVEL * draws) ** 0.5


def test_critical_values_stand_in_order_and_below_six_there_are_none():
    assert [n for n, _ in CRITICAL] == sorted(n for n, _ in CRITICAL)
    assert critical(10**9) == CRITICAL[-1][1]
    with pytest.raises(ValueError, match="too few"):
        critical(5)


def test_two_humps_are_found_with_their_places_and_shares():
    dice = random.Random(1)
    values = [dice.gauss(10, 0.2) for _ in range(60)] + [dice.gauss(14, 0.2) for _ in range(30)]
    found = humps(values)
    assert found is not None
    assert (found.lower, found.upper) == pytest.approx((10, 14), abs=0.1)
    assert found.upper_share == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    "draw",
    [lambda d: d.gauss(0, 1), lambda d: d.expovariate(1), lambda d: d.lognormvariate(0, 1), lambda d: d.random()],
    ids=["normal", "exponential", "lognormal", "uniform"],
)
def test_one_hump_of_any_shape_is_one(draw):
    dice = random.Random(2)
    assert humps([draw(dice) for _ in range(96)]) is None


def test_a_few_wild_values_are_no_hump():
    dice = random.Random(3)
    assert humps([dice.gauss(10, 0.2) for _ in range(95)] + [30.0, 30.1, 30.2]) is None


def test_too_few_values_have_no_humps():
    assert humps([1.0, 1.0, 2.0, 2.0, 2.0]) is None
