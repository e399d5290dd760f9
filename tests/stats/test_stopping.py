"""The rule that ends a measurement, and the coverage it leaves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.stats import intervals
from bench.stats.coverage_simulation import FAMILIES, exact_bounds, simulate
from bench.stats.stopping import NarrowTwice


def default() -> NarrowTwice:
    return NarrowTwice(6, 20, 0.02)


class NarrowOnce(NarrowTwice):
    """The mistake: stop at the first narrow interval."""

    def is_finished(self) -> bool:
        n = len(self.values)
        return n >= 6 and (n >= 20 or self.half_width <= 0.02)


@pytest.mark.parametrize("cases", [1, 30])
@pytest.mark.parametrize("family", FAMILIES)
def test_stated_intervals_cover_the_median_in_every_family(family, cases):
    seen = simulate(family, default, 1200, np.random.default_rng(7), cases)
    assert seen.high >= 0.94
    assert seen.rate >= 0.94 - 0.018  # 99 % bounds of 1200 simulated measurements
    assert 6 <= seen.launches <= 20


def test_cases_that_are_all_alike_are_covered_too():
    assert simulate("lognormal", default, 600, np.random.default_rng(7), 12, math.inf).high >= 0.94


def test_beside_normal_neighbours_fewer_launches_are_enough():
    alone = simulate("lognormal", default, 600, np.random.default_rng(7), 1)
    beside = simulate("lognormal", default, 600, np.random.default_rng(7), 30)
    assert beside.launches < alone.launches - 1


def test_stopping_at_the_first_narrow_interval_would_cost_coverage():
    once = simulate("lognormal", lambda: NarrowOnce(6, 20, 0.02), 6000, np.random.default_rng(8), 1, math.inf)
    twice = simulate("lognormal", default, 6000, np.random.default_rng(8), 1, math.inf)
    assert once.high < 0.95
    assert twice.rate > once.rate


def test_blocks_taken_for_replicates_would_hardly_ever_cover():
    """The mistake of one process: sixteen blocks of one launch say nothing of how launches differ."""
    dice = np.random.default_rng(9)
    covered = 0
    for _ in range(500):
        level = dice.normal(0, 0.035)
        found = intervals.median(np.exp(level + dice.normal(0, 0.005, 16)).tolist())
        covered += found.low <= 1 <= found.high
    assert covered < 0.3 * 500


def test_the_bounds_of_a_rate_are_those_of_a_table():
    """Clopper & Pearson's own: of 10 trials 0 hits, 95 %: 0 to 0.3085."""
    assert exact_bounds(0, 10, 0.95) == pytest.approx((0.0, 0.3085), abs=1e-4)
    assert exact_bounds(10, 10, 0.95) == pytest.approx((0.6915, 1.0), abs=1e-4)
