"""Do the launches of many cases look normal, or do they come in two humps, with stragglers, or with a slow tail?

A few launches of one case cannot say; those of its neighbours can. There are two measures. The largest gap between
neighbouring values as a share of the range: two humps leave a gap between them, and so does a straggler. And the
skewness: with it the mean of the logs lies off their median. Location and scale change neither, so that cases which
differ in both are pooled. A case of n launches has the scores (gap - mean) / sd and skewness / sd, with the mean and sd
of normal samples of that size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from bench.stats.moments import mean_and_squares

NORMAL_GAPS = (
    *((3, 0.7377, 0.1429, 0.26), (4, 0.5957, 0.1362, 0.52), (5, 0.5067, 0.1236, 0.78), (6, 0.4458, 0.1123, 1.03)),
    *((7, 0.4013, 0.1035, 1.28), (8, 0.3670, 0.0963, 1.50), (9, 0.3401, 0.0906, 1.70), (10, 0.3186, 0.0864, 1.85)),
    *((12, 0.2857, 0.0799, 2.02), (15, 0.2520, 0.0738, 2.18), (20, 0.2177, 0.0679, 2.34), (30, 0.1815, 0.0616, 2.50)),
    *((40, 0.1622, 0.0581, 2.55), (60, 0.1412, 0.0537, 2.62)),
)
"""(n, mean and sd of the largest gap ÷ range of n normal values, half of the mean score of launches of which a fifth or
nearly half are slow, the smaller): simulated with 600 000 samples each. tests/stats/test_launch_shape.py does it again.
"""

SKEWED = (
    *((3, 0.09), (4, 0.16), (5, 0.22), (6, 0.27), (8, 0.36), (10, 0.44)),
    *((15, 0.60), (20, 0.74), (30, 0.97), (60, 1.46)),
)
"""(n, half of the mean skewness ÷ sd of n values of a gamma distribution of shape 4, whose skewness is 1): simulated.
From there on a moderated t of twenty launches covers the median less than 94 times in a hundred."""

EVIDENCE = math.log(9)
"""Least log likelihood ratio, summed over cases, at which launches are called normal and not humped. With less they are
not: it may be that there are too few to say. It is also the ratio from which they are called skewed."""


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


class Shape(NamedTuple):
    """What one case says of the shape of launches; the sum over cases counts."""

    humps: float
    """Log likelihood ratio of normal launches to humped ones: see `normal_evidence`."""
    skew: float
    """Log likelihood ratio of normal launches to skewed ones, if the skewness is 0 …"""
    lean: float
    """… and what is taken from it: above 0 if the slow tail is the longer one."""


def shape_of(values: Sequence[float]) -> Shape:
    """The shape of the launches of a case; zeros where they say nothing of it."""
    n = len(values)
    if not SKEWED[0][0] <= n <= SKEWED[-1][0] or min(values) == max(values):
        return Shape(0.0, 0.0, 0.0)
    mean, squares = mean_and_squares(values)
    cubes = math.fsum([(x - mean) ** 3 for x in values])
    score = cubes * math.sqrt(n / squares**3) / _skewness_sd(n)
    halfway = _skewed(n)
    return Shape(normal_evidence(values), 2 * halfway**2, 2 * halfway * score)


def looks_normal(pooled: Shape) -> bool:
    """Whether launches have no humps, as far as the gaps of many cases show."""
    return pooled.humps > EVIDENCE


def looks_skewed(pooled: Shape) -> bool:
    """Whether launches have a longer tail on one side, as far as the skewness of many cases shows."""
    return pooled.skew - abs(pooled.lean) < -EVIDENCE


@cache
def _skewness_sd(n: int) -> float:
    """Standard deviation of the skewness of n normal values (Fisher, Proc. London Math. Soc. 30, 1930)."""
    return math.sqrt(6 * (n - 2) / ((n + 1) * (n + 3)))


@cache
def _skewed(n: int) -> float:
    """Halfway to skewed launches, interpolated in log n."""
    return _interpolated(SKEWED, n)[0]


@cache
def _normal_gap(n: int) -> tuple[float, ...]:
    """Mean, sd and halfway for n values, interpolated in log n."""
    return _interpolated(NORMAL_GAPS, n)


def _interpolated(table: Sequence[tuple[float, ...]], n: int) -> tuple[float, ...]:
    for (few, *low), (many, *high) in pairwise(table):
        if n <= many:
            part = math.log(n / few) / math.log(many / few)
            return tuple(a + part * (b - a) for a, b in zip(low, high, strict=True))
    raise ValueError(f"no table of shapes for {n} values")
