"""How many couples a pair takes of a case: a pair costs seconds before the first, and each makes its datum narrower.

A rule here may look at how far the couples lie apart and at what they took, never at which side was faster: it is then
the same when the sides are exchanged, and the coin of the pair keeps its datum as likely positive as negative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.protocol import cold_blocks
from bench.records import Couple
from bench.run.arena import FEWEST_COUPLES, FEWEST_LONG, LONG_S, PAID_COUPLES, Conduct
from bench.stats.robust import spread

PRECISE = 0.005
"""Half a percent of the datum may come from within a pair: what differs from pair to pair is 1 % and more."""

MEDIAN_ERROR = math.sqrt(math.pi / 2)
"""Standard error of the median of n normal numbers, in standard deviations over the root of n."""

MORE = 8
"""Couples between two looks."""

MOST_COUPLES = 400
"""Blocks of a millisecond come to this many in the time that a pair may take for a case."""


def at_least(first: Sequence[Couple], conduct: Conduct) -> int:
    """How many couples a case has in any event, by what its first took on all clocks; fewer where steps are long."""
    spent_s = seconds(first)
    if FEWEST_COUPLES * spent_s > LONG_S:
        return max(FEWEST_LONG, int(LONG_S / spent_s))
    return min(PAID_COUPLES, max(FEWEST_COUPLES, math.ceil(conduct.couples_s / max(spent_s, 1e-9))))


def wants_more(couples: Sequence[Couple], conduct: Conduct) -> bool:
    """Would `MORE` couples be worth their time? Where the datum is not known to `PRECISE`, until time is up."""
    logs = [math.log(each.head_ns / each.base_ns) for each in couples if each.clock == couples[0].clock]
    spent_s = seconds(couples)
    if len(logs) + MORE > MOST_COUPLES or spent_s * (1 + MORE / len(logs)) > conduct.couples_most_s:
        return False
    return MEDIAN_ERROR * spread(logs) / math.sqrt(len(logs)) > PRECISE


def seconds(couples: Sequence[Couple]) -> float:
    """What couples took: a turn is a block or two to be warm again, and the timed one."""
    return sum((1 + cold_blocks(each)) * each for one in couples for each in (one.base_ns, one.head_ns)) / 1e9
