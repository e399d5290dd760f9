"""A launch measures for as long as it costs at most, and in it visits that tell more than another launch."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from bench.records import Block, CaseLaunch, Settings
from bench.runner.launches.visits import MOST_TIMES_BLOCKS, MOST_VISITS, SHORT_VISITS_S, VisitPlan, Visits

KEY, OTHER = "a/b[size=64]", "a/b[size=65]"
VISIT_S = 0.012
"""A visit of blocks of 2 ms: one more than those of the settings, since two are cold."""


def learned(
    between: float, within: float, count: int = 100, key: str = KEY, visit_s: float = 0.010, blocks: int = 5
) -> Visits:
    """After launches of four visits, whose levels and visits differ by so much."""
    visits = Visits(Settings())
    dice = np.random.default_rng(0)
    for launch in range(count):
        level = dice.normal(0, between)
        timed = [
            Block(key, launch, visit, "step", "wall", index, index > 0, 10, round(1e7 * math.exp(level + shift)))
            for visit in range(4)
            for shift in [dice.normal(0, within)]
            for index in range(blocks)
        ]
        visits.add(CaseLaunch(key, launch, seconds={"prepare": 4.0, "blocks": 4 * visit_s}), timed)
    return visits


def test_a_launch_measures_no_longer_than_it_cost_until_then():
    plan = learned(between=0.001, within=0.05).plan(KEY, launch_s=0.096, start_s=0.0, block_s=1e-3, steps=100)
    assert plan.visits * VISIT_S == pytest.approx(0.096)


def test_where_processes_differ_more_than_visits_a_launch_pays_no_more_visits_than_usual():
    assert learned(between=0.2, within=0.01).plan(KEY, launch_s=1.0, start_s=0.0, block_s=1e-3, steps=100)[:2] == (4, 5)


def test_in_between_it_is_the_optimum():
    # sqrt(0.192 / 0.012) * 0.02 / 0.01 = 8 visits, where the time of the launch would pay 16
    plan = learned(between=0.01, within=0.02, count=400).plan(KEY, 0.192, 0.0, 1e-3, 100)
    assert 6 <= plan.visits <= 10


def test_a_case_alone_measures_longer_visits_and_not_more_than_a_dozen():
    visits, blocks, _ = learned(between=0.001, within=0.05).plan(
        KEY, launch_s=0.72, start_s=0.0, block_s=1e-3, steps=100
    )
    assert visits == MOST_VISITS
    assert blocks == 5 * 60 / MOST_VISITS
    assert learned(between=0.001, within=0.05).plan(KEY, 60.0, 0.0, 1e-3, 100).blocks == 5 * MOST_TIMES_BLOCKS


def test_visits_of_long_steps_are_two_where_processes_differ():
    long = learned(between=0.2, within=0.01, visit_s=2 * SHORT_VISITS_S)
    assert long.plan(KEY, launch_s=1.0, start_s=0.0, block_s=0.1, steps=100).visits == 2


def test_a_case_not_seen_learns_from_the_others():
    seen = learned(between=0.2, within=0.01, key=OTHER)
    assert seen.plan(KEY, launch_s=1.0, start_s=0.0, block_s=1e-3, steps=100).visits == 4


def test_longer_visits_are_counted_by_what_their_blocks_cost():
    seen = learned(between=0.001, within=0.05, blocks=50, visit_s=0.05)
    # 50 blocks took 50 ms: a visit of six takes 6 ms, and 60 ms pay for ten of them.
    assert seen.plan(KEY, launch_s=0.06, start_s=0.0, block_s=1.0, steps=100).visits == 10


def test_of_a_step_as_long_as_a_block_a_launch_keeps_enough_to_see_a_rare_dear_one():
    visits, blocks, _ = Visits(Settings(visits=3)).plan(KEY, launch_s=0.04, start_s=0.0, block_s=1.5e-3, steps=1)
    assert visits * (blocks - 1) >= 32
    visits, blocks, _ = Visits(Settings(visits=3)).plan(KEY, launch_s=0.04, start_s=0.0, block_s=10e-3, steps=1)
    assert visits * (blocks - 1) >= 5


def test_a_case_alone_is_timed_for_longer_than_its_process_took_to_start_however_processes_differ():
    visits, blocks, _ = learned(between=0.2, within=0.01).plan(KEY, launch_s=0.7, start_s=0.6, block_s=1e-3, steps=100)
    assert visits * blocks * 2e-3 > 0.6


def test_calls_are_skipped_before_the_first_visit_alone_and_blocks_are_drawn():
    plan = Visits(Settings()).plan(KEY, launch_s=0.1, start_s=0.0, block_s=2e-3, steps=1)
    assert plan.most_skipped == 2  # a twentieth of 0.1 s
    dice = random.Random(0)
    assert {plan.skipped(dice, 0) for _ in range(500)} == set(range(3))
    assert plan.skipped(dice, 1) == 0
    assert {VisitPlan(4, 8).drawn(dice) for _ in range(500)} == set(range(6, 11))
    assert Visits(Settings()).plan(KEY, 0.1, 0.0, 1e-3, 1000).most_skipped == 63
    assert Visits(Settings()).plan(KEY, 0.7, 0.6, 2e-3, 1).most_skipped == 63
