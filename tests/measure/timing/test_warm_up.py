import itertools
import random
import time

import pytest

from bench.cold_blocks import COLD_NS
from bench.measure.timing.warm_up import T_95, Learned, WarmBlock, agree, warm_up, warm_up_as_before

scipy_stats = pytest.importorskip("scipy.stats")


def test_the_critical_values_are_students():
    for window, t in T_95.items():
        assert t == pytest.approx(scipy_stats.t.ppf(0.975, 2 * window - 2), abs=5e-4)


@pytest.mark.parametrize("window", [2, 3, 4, 5])
@pytest.mark.parametrize("spread", [0.001, 0.05, 0.3])
def test_independent_windows_agree_at_least_95_percent_of_the_time(window, spread):
    dice = random.Random(1)
    draws = 4000

    def blocks():
        return [dice.lognormvariate(0, spread) for _ in range(window)]

    passed = sum(agree(blocks(), blocks()) for _ in range(draws))
    # 95 % less 4 standard errors of a share of 4000 draws
    assert passed / draws >= 0.95 - 4 * (0.95 * 0.05 / draws) ** 0.5


def test_heavy_tails_pass_more_often_not_less():
    dice = random.Random(2)

    def blocks():
        return [dice.lognormvariate(0, 0.02) * (8 if dice.random() < 0.1 else 1) for _ in range(5)]

    assert sum(agree(blocks(), blocks()) for _ in range(2000)) / 2000 >= 0.95


def blocks_of(times, steps=10):
    """Makes one block after the other of these times."""
    times = iter(times)
    return lambda: WarmBlock(steps, next(times))


def test_a_step_that_still_gets_faster_is_not_steady():
    warmth = warm_up(blocks_of(round(1e6 * 0.9**i) for i in range(1000)), floor_ns=0, cap_ns=8e6)
    assert warmth.steady is False


def test_a_step_that_has_settled_is_steady_and_says_when_it_settled():
    dice = random.Random(3)
    times = (round(1e6 * (1 + 3 * 0.5**i) * dice.lognormvariate(0, 0.001)) for i in itertools.count())
    warmth = warm_up(blocks_of(times), floor_ns=5e7, cap_ns=1e12)
    assert warmth.steady
    assert warmth.step_ns == pytest.approx(1e5, rel=0.01)
    # 1 + 3 * 0.5**i is below 1.05 from the seventh block on: the median of the second window of five is so.
    assert warmth.settled_calls == 50
    assert warmth.settled_ns == pytest.approx(10.8e6, rel=0.01)


def test_a_step_that_is_fast_at_once_needed_nothing():
    warmth = warm_up(blocks_of(itertools.repeat(1_000_000)), floor_ns=1e8, cap_ns=1e9)
    assert (warmth.settled_calls, warmth.settled_ns) == (0, 0)


def test_warm_up_lasts_at_least_its_floor():
    warmth = warm_up(blocks_of(itertools.repeat(1_000_000), 1), floor_ns=1e8, cap_ns=1e9)
    assert warmth.ns >= 1e8


def test_a_step_longer_than_the_cap_still_runs_four_times():
    warmth = warm_up(blocks_of(itertools.repeat(5_000_000_000), 1), floor_ns=1e8, cap_ns=1e9)
    assert warmth.calls == 4


def test_each_block_of_a_long_warm_up_costs_the_same():
    def cpu_s(count):
        began = time.process_time()
        warm_up(blocks_of(itertools.repeat(5_000), 1), floor_ns=5_000 * count, cap_ns=1e12)
        return time.process_time() - began

    few, many = min(cpu_s(4_000) for _ in range(3)), min(cpu_s(40_000) for _ in range(3))
    assert many < 30 * few  # ten times the blocks; sorting all of them at each block would be a hundred times


def test_a_later_launch_warms_up_by_what_the_first_one_needed():
    warmth = warm_up_as_before(blocks_of(itertools.repeat(1_000_000)), Learned(calls=100, ns=12_000_000), least=4)
    assert warmth.steady is None
    assert warmth.calls == 150
    slower_now = warm_up_as_before(blocks_of(itertools.repeat(9_000_000)), Learned(calls=100, ns=12_000_000), least=4)
    assert slower_now.calls == 150
    faster_now = warm_up_as_before(blocks_of(itertools.repeat(100_000)), Learned(calls=100, ns=12_000_000), least=4)
    assert faster_now.ns == 12_000_000


def test_a_later_launch_of_a_step_that_needed_nothing_runs_a_few_blocks_or_one_long_one():
    nothing = Learned(calls=0, ns=0)
    assert warm_up_as_before(blocks_of(itertools.repeat(1_000_000), 1), nothing, least=4).calls == 4
    long_ns = 2 * COLD_NS
    assert warm_up_as_before(blocks_of(itertools.repeat(long_ns), 1), nothing, least=4).calls == 1


def test_identical_blocks_of_a_coarse_clock_are_steady():
    assert agree([100, 100], [100, 100])
    assert not agree([100, 100], [101, 101])
