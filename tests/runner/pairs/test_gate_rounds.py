"""Who judges, while a gate measures: which cases want another pair, and whose turn it is for the canary."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.records import BlockPair, Case, ComparedCase, Planned, Source
from bench.runner.pairs.gate_rounds import CanaryQueue, UntilDecided
from bench.runner.pairs.pair_loop import Pace
from bench.stats.gate_rule import Rule


def compared(name: str) -> ComparedCase:
    planned = Planned(Case.of(f"a/{name}", {}), Source("a.py", name))
    return ComparedCase(planned, planned)


def block_pairs(item: ComparedCase, shift: float, clock: str = "wall") -> list[BlockPair]:
    """One pair, whose head is slower by so much on the log scale."""
    head = round(1_000_000 * math.exp(shift))
    return [BlockPair(item.case.key, 0, "base", clock, place, "base", 1, 1_000_000, head) for place in range(3)]


def keys(queue) -> list[str]:
    return [item.case.workload for item in queue.pending()]


SLOW, SAME = compared("slow"), compared("same")


@pytest.fixture
def queue() -> UntilDecided:
    return UntilDecided([SLOW, SAME], Rule(cases=2), 40, Pace(None))


def add(queue: UntilDecided, item: ComparedCase, effect: float, pairs: int, spread: float = 0.005) -> None:
    for shift in np.random.default_rng(0).normal(math.log1p(effect), spread, pairs):
        queue.add(block_pairs(item, shift))


def test_a_case_that_is_decided_has_no_more_pairs(queue):
    assert keys(queue) == ["a/slow", "a/same"]
    add(queue, SLOW, 0.2, 12)
    assert keys(queue) == ["a/same"]
    add(queue, SAME, 0.0, 12)
    assert keys(queue) == []


def test_a_case_that_ended_badly_has_no_more_pairs(queue):
    queue.drop(SLOW.case.key, "crashed")
    assert keys(queue) == ["a/same"]


def test_no_case_has_more_pairs_than_allowed():
    queue = UntilDecided([SAME], Rule(cases=1, slack=0.02, limit=0.021), 5, Pace(None))
    add(queue, SAME, 0.02, 4, spread=0.05)
    assert keys(queue) == ["a/same"]
    add(queue, SAME, 0.02, 1)
    assert keys(queue) == []


def test_a_case_is_measured_by_its_own_rule():
    own = {SLOW.case.key: Rule(cases=2, slack=0.5, limit=0.6)}
    queue = UntilDecided([SLOW, SAME], Rule(cases=2), 40, Pace(None), own)
    for item in (SLOW, SAME):
        add(queue, item, 0.033, 8, spread=0.02)
    assert keys(queue) == ["a/same"]  # 3 % is clearly below 60 %, and neither below 5 % nor above 2 %


def test_no_case_has_fewer_pairs_than_another_metric_needs_before_it_could_fail():
    queue = UntilDecided([SAME], Rule(cases=1), 40, Pace(None), least_pairs=14)
    add(queue, SAME, 0.0, 13)
    assert keys(queue) == ["a/same"]
    add(queue, SAME, 0.0, 1)
    assert keys(queue) == []


def test_a_case_that_the_budget_cannot_decide_makes_room_for_others(queue, monkeypatch):
    add(queue, SLOW, 0.033, 10, spread=0.04)
    add(queue, SAME, 0.0, 5)
    assert keys(queue) == ["a/slow", "a/same"]
    monkeypatch.setattr(Pace, "left", lambda self: 3.0)
    assert keys(queue) == ["a/same"]


def test_another_clock_than_the_wall_decides_nothing(queue):
    for _ in range(12):
        queue.add([*block_pairs(SLOW, 0.0), *block_pairs(SLOW, 0.5, clock="device")])
    assert "a/slow" not in keys(queue)
    assert queue._seen[SLOW.case.key].medians == pytest.approx([0.0] * 12)


def test_a_case_goes_on_until_its_mean_is_decided_as_its_median_is(queue):
    """One of eight block pairs is dear, and on the head of every second pair by a fifth dearer."""
    for number in range(8):
        for_dear = (4_000_000, 4_800_000 if number % 2 else 4_000_000)
        totals = [for_dear, *[(1_000_000, 1_000_000)] * 7]
        queue.add([BlockPair(SAME.case.key, 0, "base", "wall", at, "base", 1, *each) for at, each in enumerate(totals)])
    assert queue._rule.verdict(queue._seen[SAME.case.key].medians) == "not_slower"
    assert "a/same" in keys(queue)


def test_the_pairs_that_are_sure_to_come_are_those_without_which_nothing_can_be_said(queue, monkeypatch):
    fewest = queue._rule.fewest_pairs("not_slower")
    assert queue.sure_pairs() == fewest
    add(queue, SLOW, 0.0, 2)
    add(queue, SAME, 0.0, 3)
    assert queue.sure_pairs() == fewest - 2
    monkeypatch.setattr(Pace, "left", lambda self: 1.5)
    assert queue.sure_pairs() == 1


def test_the_canary_takes_every_case_in_turn():
    canary = CanaryQueue([SLOW, SAME])
    seen = []
    for _ in range(4):
        item = canary.next([SLOW, SAME])
        seen.append(item.case.workload)
        canary.add(block_pairs(item, 0.0))
    assert seen == ["a/slow", "a/same"] * 2


def test_the_canary_takes_a_case_that_the_round_measures():
    canary = CanaryQueue([SLOW, SAME])
    assert canary.next([SAME]).case.workload == "a/same"
    assert canary.next([]) is None


def test_the_canary_goes_on_with_the_cases_that_end_well():
    canary = CanaryQueue([SLOW, SAME])
    canary.drop(SLOW.case.key, "crashed")
    assert canary.next([SLOW, SAME]).case.workload == "a/same"
    canary.drop(SAME.case.key, "crashed")
    assert canary.next([SLOW, SAME]) is None


def test_the_pace_is_what_the_last_round_took(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("bench.runner.pairs.pair_loop.time.monotonic", lambda: now[0])
    pace = Pace(60)
    assert pace.left() == math.inf
    with pace.round():
        now[0] += 20
    assert pace.left() == pytest.approx(2)
    with pace.round():
        now[0] += 30
    assert pace.left() == pytest.approx(1 / 3)
    now[0] += 11
    assert pace.left() == 0


def test_a_budget_that_is_spent_before_the_first_round_begins_none(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("bench.runner.pairs.pair_loop.time.monotonic", lambda: now[0])
    pace = Pace(1)
    now[0] += 2
    assert pace.left() == 0


def test_without_a_budget_there_are_always_rounds_left():
    pace = Pace(None)
    with pace.round():
        pass
    assert pace.left() == math.inf
