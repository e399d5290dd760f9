"""How many couples a case is paid in a pair."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from bench.records import BlockPair
from bench.runner.pairs.block_pair_count import MOST_COUPLES, PRECISE, at_least, more
from bench.runner.pairs.pair_context import PairSettings

CONDUCT = PairSettings(couples_s=0.5, couples_most_s=8.0)


def couples(block_s, spread, n=60, seed=0, effect=0.0):
    """So many couples whose log ratios are normal."""
    logs = np.random.default_rng(seed).normal(effect, spread, n)
    base = round(block_s * 1e9)
    return [
        BlockPair("a/b", 0, "base", "wall", place, "base", 1, base, round(base * math.exp(each)))
        for place, each in enumerate(logs)
    ]


def exchanged(seen):
    """The same couples, had the sides been called by each other's names."""
    return [replace(one, base_ns=one.head_ns, head_ns=one.base_ns) for one in seen]


@pytest.mark.parametrize(("block_s", "wanted"), [(0.0014, 60), (0.005, 25), (0.02, 16), (0.04, 12), (1.0, 6)])
def test_long_steps_have_fewer_couples(block_s, wanted):
    assert at_least(couples(block_s, 0.0, n=1), CONDUCT) == wanted


def test_couples_that_agree_are_enough():
    assert not more(couples(0.0014, 0.02), CONDUCT)


def test_couples_that_disagree_want_more():
    assert more(couples(0.0014, 0.15), CONDUCT)


def test_with_enough_of_them_the_datum_is_as_precise_as_it_is_to_be():
    """A tenth of a spread of 10 % is 1 %: some 160 couples, give or take what a spread is known to."""
    seen = couples(0.0014, 0.1, n=MOST_COUPLES)
    enough = next(n for n in range(16, MOST_COUPLES, 8) if not more(seen[:n], CONDUCT))
    assert enough == pytest.approx(math.pi / 2 * (0.1 / PRECISE) ** 2, rel=0.3)


def test_no_more_is_spent_than_allowed():
    disagreeing = couples(0.013, 0.3, n=200)
    enough = next(n for n in range(16, 200, 8) if not more(disagreeing[:n], CONDUCT))
    assert 0.013 * 4 * enough <= CONDUCT.couples_most_s < 0.013 * 4 * (enough + 16)


def test_no_case_has_more_couples_than_the_most():
    assert not more(couples(0.0001, 0.5, n=MOST_COUPLES), CONDUCT)


@pytest.mark.parametrize("seed", range(20))
def test_exchanging_the_sides_changes_nothing(seed):
    """What the guarantee of the gate rests on: the rule does not know which side is faster."""
    seen = couples(0.0014, 0.09, n=128, seed=seed, effect=0.03)
    assert more(seen, CONDUCT) == more(exchanged(seen), CONDUCT)


def test_a_case_of_several_clocks_is_judged_by_the_first():
    other = [replace(one, clock="device", head_ns=3 * one.head_ns) for one in couples(0.0014, 0.9)]
    assert not more([*couples(0.0014, 0.02), *other], CONDUCT)


def test_long_steps_are_added_one_or_two_at_a_time():
    assert more(couples(0.08, 0.2, n=6), CONDUCT) == 2
    assert more(couples(0.0014, 0.2, n=60), CONDUCT) == 8
