"""How many block_pairs a case is paid in a pair."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from bench.records import BlockPair
from bench.runner.pairs.block_pair_count import MOST_BLOCK_PAIRS, at_least, more
from bench.runner.pairs.pair_context import PairSettings
from bench.stats.gate_rule import FINEST

SETTINGS = PairSettings(block_pairs_s=0.5, block_pairs_most_s=8.0)


def block_pairs(block_s, spread, n=60, seed=0, effect=0.0):
    """So many block_pairs whose log ratios are normal."""
    logs = np.random.default_rng(seed).normal(effect, spread, n)
    base = round(block_s * 1e9)
    return [
        BlockPair("a/b", 0, "base", "wall", place, "base", 1, base, round(base * math.exp(each)))
        for place, each in enumerate(logs)
    ]


def exchanged(seen):
    """The same block_pairs, had the sides been called by each other's names."""
    return [replace(one, base_ns=one.head_ns, head_ns=one.base_ns) for one in seen]


@pytest.mark.parametrize(
    ("block_s", "wanted"), [(0.0014, 60), (0.005, 25), (0.007, 18), (0.01, 12), (0.02, 12), (0.04, 6), (1.0, 6)]
)
def test_long_steps_have_fewer_couples(block_s, wanted):
    assert at_least(block_pairs(block_s, 0.0, n=1), SETTINGS) == wanted


def test_couples_that_agree_are_enough():
    assert not more(block_pairs(0.0014, 0.02), SETTINGS)


def test_couples_that_disagree_want_more():
    assert more(block_pairs(0.0014, 0.15), SETTINGS)


def test_with_enough_of_them_the_datum_is_as_precise_as_it_is_to_be():
    """A tenth of a spread of 10 % is 1 %: some 160 block_pairs, give or take what a spread is known to."""
    seen = block_pairs(0.0014, 0.1, n=MOST_BLOCK_PAIRS)
    enough = next(n for n in range(16, MOST_BLOCK_PAIRS, 8) if not more(seen[:n], SETTINGS))
    assert enough == pytest.approx(math.pi / 2 * (0.1 / FINEST) ** 2, rel=0.3)


def test_a_datum_that_may_be_coarser_is_paid_less():
    seen = block_pairs(0.0014, 0.1, n=MOST_BLOCK_PAIRS)
    coarse = next(n for n in range(16, MOST_BLOCK_PAIRS, 8) if not more(seen[:n], SETTINGS, 0.02))
    assert coarse == pytest.approx(math.pi / 2 * (0.1 / 0.02) ** 2, abs=16)


def test_no_more_is_spent_than_allowed():
    disagreeing = block_pairs(0.013, 0.3, n=200)
    enough = next(n for n in range(16, 200, 8) if not more(disagreeing[:n], SETTINGS))
    assert 0.013 * 4 * enough <= SETTINGS.block_pairs_most_s < 0.013 * 4 * (enough + 16)


def test_no_case_has_more_couples_than_the_most():
    assert not more(block_pairs(0.0001, 0.5, n=MOST_BLOCK_PAIRS), SETTINGS)


@pytest.mark.parametrize("seed", range(20))
def test_exchanging_the_sides_changes_nothing(seed):
    """What the guarantee of the gate rests on: the rule does not know which side is faster."""
    seen = block_pairs(0.0014, 0.09, n=128, seed=seed, effect=0.03)
    assert more(seen, SETTINGS) == more(exchanged(seen), SETTINGS)


def test_a_case_of_several_clocks_is_judged_by_the_first():
    other = [replace(one, clock="device", head_ns=3 * one.head_ns) for one in block_pairs(0.0014, 0.9)]
    assert not more([*block_pairs(0.0014, 0.02), *other], SETTINGS)


def test_long_steps_are_added_one_or_two_at_a_time():
    assert more(block_pairs(0.08, 0.2, n=6), SETTINGS) == 2
    assert more(block_pairs(0.0014, 0.2, n=60), SETTINGS) == 8
