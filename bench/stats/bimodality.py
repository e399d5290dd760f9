"""The dip test: does a sample have one hump, or more?

The dip is the largest distance between the sample's distribution function and the nearest one with a single mode.
J. A. Hartigan and P. M. Hartigan, The Dip Test of Unimodality, Annals of Statistics 13, 1985. The package diptest
computes it; the level, its critical values and what counts as a hump are ours.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

LEVEL = 0.001
"""Largest probability that a sample with one hump is called two-humped. One table may hold hundreds of cases."""

CRITICAL = (
    *((6, 0.538), (7, 0.535), (8, 0.550), (9, 0.566), (10, 0.571), (15, 0.602), (20, 0.620), (30, 0.642), (50, 0.665)),
    *((100, 0.684), (200, 0.703), (500, 0.716), (1000, 0.723), (5000, 0.732), (20000, 0.737)),
)
"""(n, the dip of n uniform values times the root of n that is exceeded with probability `LEVEL`): from the table
`qDiptab` of Maechler's diptest, from a million samples each. Among shapes with one hump, the uniform one has the
largest dip as n grows."""

LEAST_SHARE = 0.1
"""A hump holds at least this share of the values; fewer are outliers, which have a finding of their own."""


@dataclass(frozen=True)
class Humps:
    """Two humps: the median of each, and the share of the values that lie in the upper one."""

    lower: float
    upper: float
    upper_share: float


def humps(values: Sequence[float]) -> Humps | None:
    """Split `values` into two humps; None if the dip is not above its critical value, so that one is enough.

    The cut is where the squared distances to the means of both parts have the smallest sum (Fisher, On Grouping for
    Maximum Homogeneity, 1958). Fewer than six values are never split.
    """
    n = len(values)
    if n < CRITICAL[0][0] or dip(values) * math.sqrt(n) <= critical(n):
        return None
    ordered = sorted(values)
    cut = best_cut(ordered)
    share = 1 - cut / n
    if not LEAST_SHARE <= share <= 1 - LEAST_SHARE:
        return None
    return Humps(ordered[(cut - 1) // 2], ordered[cut + (n - cut - 1) // 2], share)


def critical(n: int) -> float:
    """The critical value of dip × root of n, interpolated in the root of n. Raises `ValueError` below six values."""
    if n < CRITICAL[0][0]:
        raise ValueError(f"{n} values are too few for a dip test")
    for (few, low), (many, high) in pairwise(CRITICAL):
        if n <= many:
            part = (math.sqrt(n) - math.sqrt(few)) / (math.sqrt(many) - math.sqrt(few))
            return low + part * (high - low)
    return CRITICAL[-1][1]


def best_cut(ordered: Sequence[float]) -> int:
    """Size of the lower part: sums of squares are smallest where n₁·mean₁² + n₂·mean₂² is largest."""
    total, below, best, most = math.fsum(ordered), 0.0, 1, -math.inf
    for cut in range(1, len(ordered)):
        below += ordered[cut - 1]
        between = below**2 / cut + (total - below) ** 2 / (len(ordered) - cut)
        if between > most:
            best, most = cut, between
    return best


def dip(values: Sequence[float]) -> float:
    """The dip of `values`: at least 1/(2n), and 1/4 for two equal points. Raises `ValueError` without any."""
    if not values:
        raise ValueError("no values, no dip")
    return _dipstat()(values, allow_zero=False)


@cache
def _dipstat() -> Callable[..., float]:
    """`diptest.dipstat`, imported when it is first called: `bench show` must start fast.

    Its package sets KMP_DUPLICATE_LIB_OK and KMP_INIT_AT_FORK for this process and all that it starts. They are
    restored: a worker that is started later must be timed under the settings that its user chose.
    """
    before = set(os.environ)
    from diptest import dipstat

    for name in set(os.environ) - before:
        del os.environ[name]
    statistic: Callable[..., float] = dipstat
    return statistic
