"""Do the launches of many cases look normal, or do they come in two humps or with stragglers?

A few launches of one case cannot say; those of its neighbours can. The measure is the largest gap between neighbouring
values as a share of the range: two humps leave a gap between them, and so does a straggler. Location and scale do not
change it, so that cases which differ in both are pooled. A case of n launches has the score (gap - mean) / sd, with the
mean and sd of normal samples of that size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

NORMAL_GAPS = (
    *((3, 0.7377, 0.1429, 0.26), (4, 0.5957, 0.1362, 0.52), (5, 0.5067, 0.1236, 0.78), (6, 0.4458, 0.1123, 1.03)),
    *((7, 0.4013, 0.1035, 1.28), (8, 0.3670, 0.0963, 1.50), (9, 0.3401, 0.0906, 1.70), (10, 0.3186, 0.0864, 1.85)),
    *((12, 0.2857, 0.0799, 2.02), (15, 0.2520, 0.0738, 2.18), (20, 0.2177, 0.0679, 2.34), (30, 0.1815, 0.0616, 2.50)),
    *((40, 0.1622, 0.0581, 2.55), (60, 0.1412, 0.0537, 2.62)),
)
"""(n, mean and sd of the largest gap ÷ range of n normal values, half of the mean score of launches of which a fifth or
nearly half are slow, the smaller): simulated with 600 000 samples each. tests/stats/test_launch_shape.py does it again.
"""

EVIDENCE = math.log(9)
"""Least log likelihood ratio, summed over cases, at which launches are called normal. With less they are not: it may
be that there are too few to say."""


def normal_evidence(values: Sequence[float]) -> float:
    """Log likelihood ratio of normal launches to humped ones, from the launches of one case. The sum over cases counts.

    The scores of normal launches have the mean 0, those of humped ones about 2 · halfway; taken for normal with sd 1,
    their ratio is 2 · halfway · (halfway - score). It weighs each case by what its number of launches can say. 0 below
    three launches, above sixty, and where all are equal.
    """
    n = len(values)
    ordered = sorted(values)
    if not NORMAL_GAPS[0][0] <= n <= NORMAL_GAPS[-1][0] or ordered[0] == ordered[-1]:
        return 0.0
    gap = max(b - a for a, b in pairwise(ordered)) / (ordered[-1] - ordered[0])
    mean, sd, halfway = _normal_gap(n)
    return 2 * halfway * (halfway - (gap - mean) / sd)


@cache
def _normal_gap(n: int) -> tuple[float, float, float]:
    """Mean, sd and halfway for n values, interpolated in log n."""
    for (few, *low), (many, *high) in pairwise(NORMAL_GAPS):
        if n <= many:
            part = math.log(n / few) / math.log(many / few)
            mean, sd, halfway = (a + part * (b - a) for a, b in zip(low, high, strict=True))
            return mean, sd, halfway
    raise ValueError(f"no table of gaps for {n} values")
