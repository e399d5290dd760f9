"""The middle of differences over pairs, with an interval that assumes symmetry and nothing else.

Take n independent values, each symmetric about the same middle, with any spread. The averages of all pairs of values,
and of each value with itself (Walsh averages), locate that middle: their median estimates it, and any two of them in
order enclose it with a known probability, that of Wilcoxon's signed-rank statistic (Hodges & Lehmann, Annals of
Mathematical Statistics 34, 1963; Hollander & Wolfe, Nonparametric Statistical Methods, 3.2 and 3.3). One extreme pair
moves neither far. If a coin decides which side of each pair comes first, two sides that are alike differ
symmetrically about zero, whatever the machine does meanwhile. Ties make the interval wider than necessary, never
narrower. scipy has the test but not the interval.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from functools import cache


def middle(values: Sequence[float]) -> float:
    """The Hodges-Lehmann estimate. Raises `statistics.StatisticsError` without a value."""
    return statistics.median(_averages(values))


def interval(values: Sequence[float], alpha: float) -> tuple[float, float]:
    """The ends of an interval that misses the middle with a probability of at most `alpha`.

    The ends are infinite if n is too small: the widest interval, from least to greatest, misses it with 2 / 2**n.
    """
    rank = _rank(len(values), alpha)
    if rank == 0:
        return -math.inf, math.inf
    averages = sorted(_averages(values))
    return averages[rank - 1], averages[-rank]


def _averages(values: Sequence[float]) -> list[float]:
    return [(values[i] + values[j]) / 2 for i in range(len(values)) for j in range(i, len(values))]


@cache
def _rank(n: int, alpha: float) -> int:
    """The largest rank r whose average is above the middle with a probability of at most alpha / 2; 0 if there is none.

    It is above the middle if the statistic is below r, with a probability equal to the share of the 2**n ways to sign
    the ranks 1 … n that have a sum below r.
    """
    ways = [1]
    for rank in range(1, n + 1):
        ways = [
            (ways[total] if total < len(ways) else 0) + (ways[total - rank] if total >= rank else 0)
            for total in range(len(ways) + rank)
        ]
    below, found = 0, 0
    for total, count in enumerate(ways):
        below += count
        if below > alpha / 2 * 2**n:
            break
        found = total + 1
    return found
