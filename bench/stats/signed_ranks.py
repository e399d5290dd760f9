"""The middle of differences over pairs and an interval of it, which take nothing for granted but symmetry.

Of n independent values that lie symmetrically about the same middle, however far, each in its own way, the averages of
all two of them, and of each with itself (Walsh's), tell where it lies: their median estimates it, and any two of them
in order hold it with a probability that is known, that of Wilcoxon's signed-rank statistic (Hodges & Lehmann, Annals
of Mathematical Statistics 34, 1963; Hollander & Wolfe, Nonparametric Statistical Methods, 3.2 and 3.3). One wild pair
moves neither far. Where a coin decided which side of each pair came first, two sides that are alike differ
symmetrically about zero, whatever the machine did meanwhile. Values that tie make the interval wider than it need be,
never narrower.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from functools import cache


def middle(values: Sequence[float]) -> float:
    """The estimate of Hodges and Lehmann. Raises `statistics.StatisticsError` without a value."""
    return statistics.median(_averages(values))


def interval(values: Sequence[float], alpha: float) -> tuple[float, float]:
    """The ends of an interval that lacks the middle with a probability of at most `alpha`.

    Infinite where n values are too few: from least to greatest the interval lacks the middle with 2 / 2**n.
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
    """The largest rank r for which the average of rank r is above the middle with at most alpha / 2; 0 for none.

    That happens where the statistic is below r: of the 2**n ways to sign the ranks 1 … n, so many have a sum below r.
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
