"""The mean cost and its interval: on blocks of known cost, and on simulated steps that are dear now and then."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from bench.stats.mean_cost import LaunchBlocks, kinds, mean, share_bounds
from bench.stats.moderation import Prior
from tests.agreement.periodic_steps import LAYOUTS, simulate

BY_NAME = {layout.name: layout for layout in LAYOUTS}


def launch(*costs: float, steps: int = 1) -> LaunchBlocks:
    return LaunchBlocks([steps] * len(costs), [cost * steps for cost in costs])


def noisy(seed: int, launches: int = 6, blocks: int = 16, sd: float = 0.02) -> list[LaunchBlocks]:
    dice = np.random.default_rng(seed)
    return [launch(*(math.exp(dice.normal(0, 0.015)) * np.exp(dice.normal(0, sd, blocks)))) for _ in range(launches)]


def test_the_mean_of_a_launch_is_its_seconds_over_its_steps() -> None:
    assert LaunchBlocks([1, 3], [2.0, 3.0]).mean == 1.25


def test_the_value_is_the_mean_of_the_launches_means() -> None:
    assert mean([launch(1.0, 1.1), launch(1.2, 1.3, 1.2, 1.3)]).value == pytest.approx((1.05 + 1.25) / 2)


def test_without_launches_there_is_no_mean() -> None:
    with pytest.raises(ValueError, match="no mean"):
        mean([])


def test_one_launch_has_no_interval() -> None:
    found = mean([launch(1.0, 1.1)])
    assert (found.value, found.low, found.high) == (pytest.approx(1.05), None, None)
    assert "no interval" in found.method


def test_blocks_of_one_kind_have_students_t_on_the_logs_of_means() -> None:
    blocks = noisy(1)
    logs = np.log([each.mean for each in blocks])
    low, high = stats.t.interval(0.95, 5, loc=logs.mean(), scale=stats.sem(logs))
    found = mean(blocks)
    assert (found.low, found.high) == pytest.approx((math.exp(low), math.exp(high)))
    assert found.method == "t on logs, 6 launches, 95 %, of 96 calls that were seen"


def test_neighbours_moderate_it() -> None:
    prior = Prior(variance=0.015**2, degrees=40.0, cases=20, normal=True)
    found, alone = mean(noisy(2, launches=3), prior=prior), mean(noisy(2, launches=3))
    assert found.high - found.low < alone.high - alone.low
    assert (
        found.method
        == "moderated t on logs, 3 launches and the spread of 20 other cases, 95 %, of 48 calls that were seen"
    )


def test_blocks_of_two_kinds_are_told_apart_and_launches_are_not() -> None:
    dear = launch(1.0, 1.02, 3.0, 1.01)
    found = kinds([dear, launch(1.2, 1.21, 1.22, 3.6)])
    assert found is not None
    assert found.dear == [[False, False, True, False], [False, False, False, True]]
    assert found.dear_s == pytest.approx(3.3)
    assert kinds([launch(1.0, 1.01, 1.02, 1.03), launch(1.4, 1.41, 1.42, 1.43)]) is None


@pytest.mark.parametrize("seed", range(40))
def test_noise_is_one_kind(seed: int) -> None:
    assert kinds(noisy(seed, sd=0.06)) is None


def test_launches_that_see_the_same_calls_count_once() -> None:
    one = launch(1.0, 1.0, 1.0, 3.0, 1.0, 1.0, 1.0, 1.0)
    other = launch(1.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    alike, unlike = mean([one] * 6), mean([one, other] * 3)
    least, most = share_bounds(1 / 8, 8)
    assert (alike.low, alike.high) == pytest.approx((1 + 2 * least, 1 + 2 * most))
    assert unlike.high < alike.high
    assert alike.method.startswith("share of dear blocks, 12% [0%, 53%]")


@pytest.mark.parametrize(("hits", "trials"), [(0, 12), (1, 16), (24, 96), (96, 96)])
def test_the_bounds_of_a_share_are_clopper_and_pearsons(hits: int, trials: int) -> None:
    exact = stats.binomtest(hits, trials).proportion_ci(0.95, method="exact")
    assert share_bounds(hits / trials, trials) == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_a_mean_that_could_be_anything_is_not_known() -> None:
    found = mean([launch(1.0, 20.0, 1.0, 1.0)] * 3)
    assert found.low is None
    assert found.method.startswith("not known:")


def test_the_true_mean_of_periodic_steps_is_held_by_the_real_session_and_visits() -> None:
    seen = simulate(BY_NAME["a case alone"], 100, seed=3)
    assert sum(each.holds for each in seen) >= stats.binom.ppf(1e-3, 100, 0.93)


def test_the_simulation_notices_that_a_dozen_calls_a_launch_miss_a_rare_dear_one() -> None:
    seen = [each for each in simulate(BY_NAME["one of the quick preset"], 100, seed=3) if each.steps < 12]
    assert sum(each.holds for each in seen) < 0.9 * len(seen)


def test_the_mean_of_ordinary_launches_is_held() -> None:
    truth = math.exp((0.015**2 + 0.02**2) / 2)
    held = [found.low <= truth <= found.high for found in (mean(noisy(seed)) for seed in range(600))]
    assert sum(held) >= stats.binom.ppf(1e-4, 600, 0.95)
