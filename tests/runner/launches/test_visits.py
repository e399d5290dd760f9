"""More visits where they tell more than processes do."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.records import Block, CaseLaunch, Settings
from bench.runner.launches.visits import Visits

KEY = "a/b[size=64]"


def learned(between: float, within: float, count: int = 12, **settings) -> Visits:
    """After launches of four visits, whose levels and visits differ by so much; a launch costs 4 s, a visit 0.1 s."""
    visits = Visits(Settings(**settings))
    dice = np.random.default_rng(0)
    for launch in range(count):
        level = dice.normal(0, between)
        blocks = [
            Block(KEY, launch, visit, "step", "wall", index, index > 0, 10, round(1e7 * math.exp(level + shift)))
            for visit in range(4)
            for shift in [dice.normal(0, within)]
            for index in range(3)
        ]
        visits.add(CaseLaunch(KEY, launch, seconds={"prepare": 4.0, "blocks": 0.4}), blocks)
    return visits


def test_where_visits_differ_more_than_processes_a_launch_pays_more_of_them():
    assert learned(between=0.001, within=0.05, count=100).wanted(KEY) == 16


def test_where_processes_differ_a_launch_pays_no_more_visits_than_usual():
    assert learned(between=0.2, within=0.01).wanted(KEY) == 4


def test_in_between_it_is_the_optimum():
    assert 4 < learned(between=0.03, within=0.04, count=100).wanted(KEY) < 16


@pytest.mark.parametrize("settings", [{"launches": 12}, {"launches": 3}])
def test_a_fixed_number_of_launches_keeps_its_visits(settings):
    assert learned(between=0.0, within=0.05, **settings).wanted(KEY) == 4


def test_two_launches_are_not_believed():
    assert learned(between=0.0, within=0.05, count=2).wanted(KEY) == 4


def test_a_case_not_seen_has_the_usual_visits():
    assert Visits(Settings(visits=7)).wanted(KEY) == 7
