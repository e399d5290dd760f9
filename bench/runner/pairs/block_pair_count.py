"""How many block pairs a pair takes of a case: a pair costs seconds before the first, and each makes it more precise.

A rule here may look at how far the block pairs lie apart and at what they took, never at which side was faster: it is
then the same when the sides are exchanged, and the coin of the pair keeps its datum as likely positive as negative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.cold_blocks import lockstep_ns
from bench.records import BlockPair
from bench.runner.pairs.pair_context import FEWEST_BLOCK_PAIRS, FEWEST_LONG, LONG_S, USUAL_BLOCK_PAIRS, PairSettings
from bench.stats.gate_rule import FINEST
from bench.stats.pairs import FEWEST_UNDISTURBED, error_of_mean, kept_core, timed
from bench.stats.robust import spread

MEDIAN_ERROR = math.sqrt(math.pi / 2)
"""Standard error of the median of n normal numbers, in standard deviations over the root of n (Laplace, 1818)."""

OF_MEAN = 0.015
"""The mean may be less precise, where the median is to be finer than this: few blocks that are far dearer than the
others make it so, in noise as in a step that is dear in every k-th call. For its sake there are no more than
`USUAL_BLOCK_PAIRS`."""

MOST_BLOCK_PAIRS = 400
"""Blocks of a millisecond come to this many in 3.4 s; block pairs that differ by 16 % are then precise enough."""


def at_least(first: Sequence[BlockPair], settings: PairSettings) -> int:
    """How many block pairs a case gets in any event, by what its first took on all clocks; fewer of long steps."""
    spent_s = seconds(first)
    if FEWEST_BLOCK_PAIRS * spent_s > LONG_S:
        return max(FEWEST_LONG, int(LONG_S / spent_s))
    return min(USUAL_BLOCK_PAIRS, max(FEWEST_BLOCK_PAIRS, math.ceil(settings.block_pairs_s / max(spent_s, 1e-9))))


def more(block_pairs: Sequence[BlockPair], settings: PairSettings, error: float = FINEST) -> int:
    """How many to add before the next look: none where the data are known well enough, or the time is up.

    error: the standard error that the datum may have, as a log ratio.
    """
    rows = [each for each in block_pairs if each.clock == block_pairs[0].clock]
    wanted = max(1, min(8, len(rows) // 3))
    spent_s = seconds(block_pairs)
    if len(rows) + wanted > MOST_BLOCK_PAIRS or spent_s * (1 + wanted / len(rows)) > settings.block_pairs_most_s:
        return 0
    found = timed(rows)
    logs = [math.log(head / base) for base, head in zip(*found.times, strict=True)]
    is_vague = MEDIAN_ERROR * spread(logs) / math.sqrt(len(logs)) > error
    if len(rows) >= USUAL_BLOCK_PAIRS:
        return wanted if is_vague else 0
    has_vague_mean = error_of_mean(*found.times) > max(OF_MEAN, error)
    lacks_undisturbed = 0 < sum(map(kept_core, rows)) < FEWEST_UNDISTURBED
    return wanted if is_vague or has_vague_mean or lacks_undisturbed else 0


def seconds(block_pairs: Sequence[BlockPair]) -> float:
    """What both sides took for them, with the blocks before each that were not timed."""
    return sum(lockstep_ns(each.base_ns) + lockstep_ns(each.head_ns) for each in block_pairs) / 1e9
