"""The data of a lockstep pair: on which clock, and what they do when the sides are exchanged."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from bench.records import BlockPair
from bench.stats.pairs import (
    PairData,
    cpu_times,
    error_of_mean,
    log_ratio,
    log_ratio_of_means,
    timed,
    undisturbed,
)

BLOCK_NS = 1_200_000


def rows(
    effect: float = 0.0, spread: float = 0.01, n: int = 16, seed: int = 0, lost: float = 0.0, **changes
) -> list[BlockPair]:
    """Block pairs of a step of one thread that does not wait. lost: share of the blocks that lost their core."""
    dice, found = np.random.default_rng(seed), []
    for place in range(n):
        cpu = [round(BLOCK_NS * math.exp(shift + dice.normal(0, spread))) for shift in (0.0, effect)]
        preempted = (dice.random(2) < lost).astype(int).tolist()
        wall = [each + 20_000_000 * gone for each, gone in zip(cpu, preempted, strict=True)]
        values = {
            "base_cpu_ns": cpu[0], "head_cpu_ns": cpu[1], "base_thread_ns": cpu[0], "head_thread_ns": cpu[1],
            "base_preempted": preempted[0], "head_preempted": preempted[1], "base_waited": 0, "head_waited": 0,
            **changes,
        }  # fmt: skip
        found.append(BlockPair("a/b", 0, "base", "wall", place, "base", 4, *wall, **values))
    return found


def exchanged(seen: list[BlockPair]) -> list[BlockPair]:
    """The same block pairs, had the sides been called by each other's names."""
    other = {"base": "head", "head": "base"}
    names = [field.name for field in dataclasses.fields(BlockPair) if field.name.startswith(("base_", "head_"))]
    return [
        dataclasses.replace(row, **{name: getattr(row, f"{other[name[:4]]}{name[4:]}") for name in names})
        for row in seen
    ]


def test_a_step_of_one_thread_that_does_not_wait_is_told_on_cpu_time():
    found = timed(rows(0.4, lost=0.5))
    assert found.clock == "cpu"
    assert log_ratio(*found.times) == pytest.approx(0.4, abs=0.01)
    assert log_ratio_of_means(*found.times) == pytest.approx(0.4, abs=0.01)


@pytest.mark.parametrize(
    "changes",
    [
        {"head_waited": 1},
        {"base_waited": 1},
        {"base_thread_ns": BLOCK_NS // 2},
        {"head_thread_ns": BLOCK_NS // 2},
        {"head_cpu_ns": None},
        {"base_thread_ns": None},
        {"head_waited": None},
        {"base_cpu_ns": 0},
    ],
)
def test_a_step_that_waits_or_has_threads_on_either_side_is_told_on_wall_time(changes):
    seen = rows(**changes)
    assert cpu_times(seen, seen) is None
    assert timed(seen).clock == "wall"


def test_a_wait_now_and_then_is_none():
    """What waits once in 10 ms of wall, or in one block of a hundred, does not wait."""
    seen = rows(n=16)
    seen[3] = dataclasses.replace(seen[3], head_waited=1)
    assert timed(seen).clock == "cpu"


def test_a_cpu_clock_that_ticks_tells_nothing():
    seen = rows(n=40, base_cpu_ns=10_000_000, base_thread_ns=10_000_000)
    ticks = [dataclasses.replace(row, head_cpu_ns=row.base_cpu_ns * (1 + place % 2)) for place, row in enumerate(seen)]
    assert cpu_times(ticks, ticks) is None


@pytest.mark.parametrize("changes", [{}, {"head_waited": 1}, {"base_thread_ns": 1}])
@pytest.mark.parametrize("seed", range(10))
def test_exchanging_the_sides_changes_the_sign_of_both_data_and_nothing_else(seed, changes):
    """What the guarantee of the gate rests on: no rule here knows which side is faster."""
    seen = rows(0.03, spread=0.05, seed=seed, lost=0.2, **changes)
    one, other = PairData(), PairData()
    one.add(seen)
    other.add(exchanged(seen))
    assert one.clocks == other.clocks
    assert other.medians == pytest.approx([-x for x in one.medians])
    assert other.means == pytest.approx([-x for x in one.means])
    assert other.wall_medians == pytest.approx([-x for x in one.wall_medians])


def test_after_a_pair_that_waits_every_pair_is_told_on_wall_time():
    data = PairData()
    for seen in (rows(), rows(head_waited=1), rows()):
        data.add(seen)
    assert data.clocks == ["cpu", "wall", "wall"]
    assert data.clock == "wall"


@pytest.mark.parametrize("changes", [{}, {"head_waited": 1}])
def test_block_pairs_that_lost_their_core_are_left_out_on_either_clock(changes):
    seen = rows(0.1, n=40, lost=0.3, **changes)
    left = undisturbed(seen)
    assert 8 <= len(left) < 30
    found = timed(seen)
    assert len(found.times.base) == len(left)
    assert log_ratio_of_means(*found.times) == pytest.approx(0.1, abs=0.01)


def test_cold_caches_draw_a_ratio_to_1_and_are_left_out():
    """What a block computes more because another program had its core is the same on both sides."""
    seen = [
        dataclasses.replace(row, base_cpu_ns=row.base_cpu_ns + 100_000, head_cpu_ns=row.head_cpu_ns + 100_000)
        if row.base_preempted or row.head_preempted
        else row
        for row in rows(math.log(1.5), spread=0.005, n=60, lost=0.5)
    ]
    assert log_ratio([row.base_cpu_ns for row in seen], [row.head_cpu_ns for row in seen]) < math.log(1.48)
    assert log_ratio(*timed(seen).times) == pytest.approx(math.log(1.5), abs=0.005)


def test_where_too_few_kept_their_core_all_of_them_count():
    seen = rows(n=16, lost=0.8)
    assert undisturbed(seen) is seen


def test_dear_calls_are_not_left_out_though_they_lose_their_core_more_often():
    seen = [
        dataclasses.replace(row, base_cpu_ns=4 * row.base_cpu_ns, head_cpu_ns=4 * row.head_cpu_ns, base_preempted=1)
        if place % 4 == 0
        else row
        for place, row in enumerate(rows(n=40))
    ]
    assert undisturbed(seen) is seen


def test_the_mean_sees_a_dear_call_that_the_median_does_not():
    base, head = [1.0, 1.0, 1.0, 5.0] * 8, [1.0, 1.0, 1.0, 6.0] * 8
    assert log_ratio(base, head) == 0.0
    assert math.exp(log_ratio_of_means(base, head)) == pytest.approx(9 / 8)


def test_the_error_of_the_mean_is_that_of_its_spread():
    dice, errors, means = np.random.default_rng(0), [], []
    for _ in range(400):
        base, head = dice.gamma(4, 1, 50).tolist(), dice.gamma(4, 1.1, 50).tolist()
        errors.append(error_of_mean(base, head))
        means.append(log_ratio_of_means(base, head))
    assert np.median(errors) == pytest.approx(np.std(means), rel=0.15)
    assert error_of_mean(head, base) == pytest.approx(error_of_mean(base, head))
    assert error_of_mean([1.0], [1.0]) == math.inf
