"""Torch's own Timer beside ours."""

from __future__ import annotations

import statistics

from bench.measure.clocks import wall
from bench.measure.rival import beside_timer


def test_both_time_the_same_step_in_the_same_unit():
    # Plain Python: threads of torch would wait for each other where other tests run beside this one.
    found = beside_timer(lambda: sum(range(1000)), 20, wall, 30, "seed")
    assert 5 <= len(found) <= 30  # fewer than asked for on a machine so busy that they take too long
    # Far off only where one of them timed something else, or in another unit.
    assert 0.5 < statistics.median(ours / theirs for ours, theirs in found) < 2


def test_long_steps_have_fewer_couples_and_five_at_least():
    ticks = iter(range(0, 10**15, 10**9))  # a second passes between two looks at our clock
    assert len(beside_timer(lambda: None, 2, lambda: next(ticks), 25, "seed")) == 5


def test_each_makes_as_many_calls_as_the_other():
    calls = []
    beside_timer(lambda: calls.append(None), 500, wall, 4, "seed")
    assert len(calls) == 4 * 2 * (500 + 5)
