"""Where the spread of a case comes from, from its blocks as they were timed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.analyse.rows.kept_blocks import step_blocks
from bench.analyse.rows.spread import spread, spreads
from tests.analyse.as_frames import estimates_frame

from ..conftest import MadeUpRun


def kept(launches: int, level, block) -> list[tuple[int, int, float]]:
    """Four visits of four blocks a launch: level(launch) and block(launch, place) are log times."""
    return [
        (launch, place // 4, math.exp(level(launch) + block(launch, place)))
        for launch in range(launches)
        for place in range(16)
    ]


def test_spread_between_processes_is_told_apart_from_that_within():
    dice = np.random.default_rng(0)
    levels = dice.normal(0, 0.05, 300)
    noise = dice.normal(0, 0.002, (300, 16))
    found = spread(kept(300, lambda launch: levels[launch], lambda launch, place: noise[launch, place]))
    assert found.parts.between == pytest.approx(0.05, rel=0.1)
    assert found.parts.within < 0.004


def test_a_step_that_gets_slower_in_each_launch_drifts():
    dice = np.random.default_rng(1)
    noise = dice.normal(0, 0.005, (6, 16))
    found = spread(kept(6, lambda launch: 0.0, lambda launch, place: 0.01 * (place // 4) + noise[launch, place]))
    assert found.drift.mean == pytest.approx(0.03, abs=0.01)
    assert found.drift.p < 0.01


def test_visits_of_two_kinds_have_two_humps():
    dice = np.random.default_rng(2)
    noise = dice.normal(0, 0.005, (20, 16))
    found = spread(kept(20, lambda launch: 0.0, lambda launch, place: 0.2 * (place // 4 == 3) + noise[launch, place]))
    assert found.humps_within.upper - found.humps_within.lower == pytest.approx(0.2, abs=0.01)
    assert found.humps_between is None


def test_launches_of_two_kinds_have_two_humps():
    dice = np.random.default_rng(3)
    noise = dice.normal(0, 0.002, (20, 16))
    found = spread(kept(20, lambda launch: 0.1 * (launch % 2), lambda launch, place: noise[launch, place]))
    assert found.humps_between.upper - found.humps_between.lower == pytest.approx(0.1, abs=0.01)
    assert found.humps_within is None


def test_one_block_tells_nothing():
    found = spread([(0, 0, 1e-3)])
    assert (found.parts, found.autocorrelation, found.drift) == (None, None, None)


def test_launches_that_did_not_end_well_and_first_blocks_do_not_count(run: MadeUpRun):
    case = run.plan(size=64)
    for number, outcome in ((0, "ok"), (1, "crashed")):
        run.launch(case, number, outcome=outcome)
        run.blocks(case, number, [1.0, 2.0, 4.0], kept=True)
        run.blocks(case, number, [64.0], kept=False)
    assert spreads(step_blocks(run.data()))[case.key, "wall"] == spread([(0, 0, 1.0), (0, 1, 2.0), (0, 2, 4.0)])


def test_the_columns_stand_in_the_frame(run: MadeUpRun):
    case = run.plan(size=64)
    for number in range(3):
        run.launch(case, number)
        run.blocks(case, number, [1e-6, 1.1e-6, 1.2e-6 + number * 1e-8])
    row = estimates_frame(run.data()).iloc[0]
    assert row["sd_within"] > 0
    assert row["drift"] == pytest.approx(0.21, abs=0.02)
