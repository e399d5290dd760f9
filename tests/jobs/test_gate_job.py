"""What a gate says of its pairs before the first and after it: how many it takes at least, and how many fit."""

from __future__ import annotations

import pytest

from bench.jobs.gate_job import GateWish, after_first, before_first
from bench.runner.pairs.pair_loop import Pace
from bench.stats.gate_rule import Rule


def wish(budget_s: float | None = None, most: int = 60, pairs: int | None = None) -> GateWish:
    return GateWish(budget_s, most, pairs, 1, {}, None, None)


def pace(took_s: float, left: float) -> Pace:
    found = Pace(None)
    found.latest_s = took_s
    found.left = lambda: left
    return found


def test_before_the_first_pair_it_says_how_many_a_verdict_takes_at_least():
    told = before_first(10, Rule(cases=10), wish())
    assert told == "10 cases, at most 60 pairs each; a regression takes 11 of them at least, not slower 8 …"


@pytest.mark.parametrize("words", [{"most": 10}, {"pairs": 10}])
def test_with_fewer_pairs_than_a_regression_takes_it_says_that_there_can_be_none(words):
    assert "no case can be called regressed" in before_first(10, Rule(cases=10), wish(**words))
    assert "no case can" not in before_first(10, Rule(cases=10), wish(pairs=11))


@pytest.mark.parametrize(
    ("left", "fit", "can_fail"), [(0.5, "1 pair", False), (9.9, "10 pairs", False), (10.0, "11 pairs", True)]
)
def test_after_the_first_round_it_says_how_many_fit_into_the_budget(left, fit, can_fail):
    told = after_first(pace(20.0, left), Rule(cases=10), wish(budget_s=60.0))
    assert told.startswith(f"a round takes about 20 s: {fit} of each case fit into the budget")
    assert told.endswith("a regression takes 11: this gate cannot fail") is not can_fail


def test_without_a_budget_it_says_what_a_round_takes():
    assert after_first(pace(4.4, float("inf")), Rule(cases=10), wish()) == "a round takes about 4 s"
