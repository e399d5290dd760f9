"""How many couples a pair takes of a case: a pair costs seconds before the first, and each makes its datum narrower.

A rule here may look at how far the couples lie apart and at what they took, never at which side was faster: it is then
the same when the sides are exchanged, and the coin of the pair keeps its datum as likely positive as negative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.cold_blocks import lockstep_ns
from bench.records import BlockPair
from bench.runner.pairs.pair_context import FEWEST_COUPLES, FEWEST_LONG, LONG_S, PAID_COUPLES, PairSettings
from bench.stats.robust import spread

PRECISE = 0.01
"""A datum known to 1 % is precise enough: eleven pairs then find 5 %, as many as ten cases need at any precision."""

MEDIAN_ERROR = math.sqrt(math.pi / 2)
"""Standard error of the median of n normal numbers, in standard deviations over the root of n (Laplace, 1818)."""

MOST_COUPLES = 400
"""Blocks of a millisecond come to this many in 3.4 s; couples that differ by 16 % are then precise enough."""


def at_least(first: Sequence[BlockPair], conduct: PairSettings) -> int:
    """How many couples a case has in any event, by what its first took on all clocks; fewer where steps are long."""
    spent_s = seconds(first)
    if FEWEST_COUPLES * spent_s > LONG_S:
        return max(FEWEST_LONG, int(LONG_S / spent_s))
    return min(PAID_COUPLES, max(FEWEST_COUPLES, math.ceil(conduct.couples_s / max(spent_s, 1e-9))))


def more(couples: Sequence[BlockPair], conduct: PairSettings) -> int:
    """How many couples to add before the next look: none where the datum is known to `PRECISE`, or time is up."""
    logs = [math.log(each.head_ns / each.base_ns) for each in couples if each.clock == couples[0].clock]
    wanted = max(1, min(8, len(logs) // 3))
    if len(logs) + wanted > MOST_COUPLES or seconds(couples) * (1 + wanted / len(logs)) > conduct.couples_most_s:
        return 0
    return wanted if MEDIAN_ERROR * spread(logs) / math.sqrt(len(logs)) > PRECISE else 0


def seconds(couples: Sequence[BlockPair]) -> float:
    """What the turns of both sides took."""
    return sum(lockstep_ns(one.base_ns) + lockstep_ns(one.head_ns) for one in couples) / 1e9
