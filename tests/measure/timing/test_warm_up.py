import random

import pytest

from bench.measure.timing.warm_up import T_95, agree, warm_up

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


def test_a_step_that_still_gets_faster_is_not_steady():
    times = iter([round(1e6 * 0.9**i) for i in range(1000)])
    warmth = warm_up(lambda: next(times), steps=10, floor_ns=0, cap_ns=8e6)
    assert not warmth.steady


def test_a_step_that_has_settled_is_steady():
    dice = random.Random(3)
    decay = iter(range(10_000))
    warmth = warm_up(
        lambda: round(1e6 * (1 + 3 * 0.5 ** next(decay)) * dice.lognormvariate(0, 0.01)), 10, floor_ns=0, cap_ns=1e12
    )
    assert warmth.steady
    assert warmth.calls >= 100


def test_warm_up_lasts_at_least_its_floor():
    warmth = warm_up(lambda: 1_000_000, steps=1, floor_ns=1e8, cap_ns=1e9)
    assert warmth.ns >= 1e8


def test_a_step_longer_than_the_cap_still_runs_four_times():
    warmth = warm_up(lambda: 5_000_000_000, steps=1, floor_ns=1e8, cap_ns=1e9)
    assert warmth.calls == 4


def test_identical_blocks_of_a_coarse_clock_are_steady():
    assert agree([100, 100], [100, 100])
    assert not agree([100, 100], [101, 101])
