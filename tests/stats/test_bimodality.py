"""The dip test, against another implementation and on shapes whose humps are known."""

from __future__ import annotations

import random

import diptest
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stats.bimodality import CRITICAL, LEVEL, critical, dip, humps

VALUES = st.lists(st.floats(-1e6, 1e6) | st.integers(0, 5).map(float), min_size=4, max_size=60)


@given(VALUES.filter(lambda values: min(values) < max(values)))
def test_it_is_that_of_the_package_diptest(values):
    assert dip(values) == pytest.approx(diptest.dipstat(np.array(values)), abs=1e-9)


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
    called = sum(diptest.dipstat(dice.random(n)) * n**0.5 > critical(n) for _ in range(draws))
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
