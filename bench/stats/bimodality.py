"""The dip test: has a sample one hump, or more?

The dip is the largest distance between the sample's distribution function and the nearest one with a single mode.
J. A. Hartigan and P. M. Hartigan, The Dip Test of Unimodality, Annals of Statistics 13, 1985; the algorithm is that of
P. M. Hartigan, AS 217, Applied Statistics 34, 1985, with the corrections of M. Maechler's R package diptest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

LEVEL = 0.001
"""Chance that a sample with one hump is called two-humped, at most. Hundreds of cases stand in one table."""

CRITICAL = (
    *((6, 0.538), (7, 0.535), (8, 0.550), (9, 0.566), (10, 0.571), (15, 0.602), (20, 0.620), (30, 0.642), (50, 0.665)),
    *((100, 0.684), (200, 0.703), (500, 0.716), (1000, 0.723), (5000, 0.732), (20000, 0.737)),
)
"""(n, the dip of n uniform values times the root of n that is exceeded with chance `LEVEL`): the table `qDiptab` of
Maechler's diptest, from a million samples each. Of all shapes with one hump the uniform dips most, as n grows."""

LEAST_SHARE = 0.1
"""A hump holds at least this share of the values; fewer are outliers, which have a finding of their own."""


@dataclass(frozen=True)
class Humps:
    """Two humps: the median of each, and the share of the values that lie in the upper one."""

    lower: float
    upper: float
    upper_share: float


def humps(values: Sequence[float]) -> Humps | None:
    """The two humps of `values`, or None where one is enough: the dip is not above its critical value.

    They are parted where the squared distances to the means of the two parts sum to least (Fisher, On Grouping for
    Maximum Homogeneity, 1958). Below six values nothing can be told.
    """
    n = len(values)
    if n < CRITICAL[0][0] or dip(values) * math.sqrt(n) <= critical(n):
        return None
    ordered = sorted(values)
    cut = _best_cut(ordered)
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


def _best_cut(ordered: Sequence[float]) -> int:
    """How many values belong to the lower part: sums of squares are least where n₁·mean₁² + n₂·mean₂² is greatest."""
    total, below, best, most = math.fsum(ordered), 0.0, 1, -math.inf
    for cut in range(1, len(ordered)):
        below += ordered[cut - 1]
        between = below**2 / cut + (total - below) ** 2 / (len(ordered) - cut)
        if between > most:
            best, most = cut, between
    return best


def dip(values: Sequence[float]) -> float:
    """The dip of `values`: 1/(2n) for the most even sample, 1/4 for two equal points. Raises `ValueError` for none."""
    x = sorted(values)
    n = len(x)
    if n == 0:
        raise ValueError("no values, no dip")
    if n < 4 or x[0] == x[-1]:
        return 1 / (2 * n)
    below, above = _minorant(x), _majorant(x)
    low, high, largest = 0, n - 1, 1.0
    while True:
        convex, concave = _chain(below, high, low), _chain(above, low, high)
        distance, left, right = _gap(x, convex, concave)
        if distance < largest:
            break
        inside = max(_convex_part(x, convex, left), _concave_part(x, concave, right))
        largest = max(largest, inside)
        if (low, high) == (convex[left], concave[right]):
            break
        low, high = convex[left], concave[right]
    return largest / (2 * n)


def _minorant(x: Sequence[float]) -> list[int]:
    """For each point the one before it on the greatest convex minorant of what lies to its left."""
    to = [0] * len(x)
    for j in range(1, len(x)):
        to[j] = j - 1
        while (k := to[j]) != 0 and (x[j] - x[k]) * (k - to[k]) >= (x[k] - x[to[k]]) * (j - k):
            to[j] = to[k]
    return to


def _majorant(x: Sequence[float]) -> list[int]:
    """For each point the next on the least concave majorant of what lies to its right."""
    last = len(x) - 1
    to = [last] * len(x)
    for j in range(last - 1, -1, -1):
        to[j] = j + 1
        while (k := to[j]) != last and (x[j] - x[k]) * (k - to[k]) >= (x[k] - x[to[k]]) * (j - k):
            to[j] = to[k]
    return to


def _chain(to: Sequence[int], start: int, end: int) -> list[int]:
    chain = [start]
    while chain[-1] != end:
        chain.append(to[chain[-1]])
    return chain


def _gap(x: Sequence[float], convex: Sequence[int], concave: Sequence[int]) -> tuple[float, int, int]:
    """The largest distance between minorant and majorant in points of 1/n, and where in either chain it is taken."""
    if len(convex) == len(concave) == 2:
        return 1.0, 1, 1
    most, left, right = 0.0, 0, 0
    i, j = len(convex) - 2, 1
    while True:
        g, c = convex[i], concave[j]
        if g > c:
            before = convex[i + 1]
            here = c - before + 1 - (x[c] - x[before]) * (g - before) / (x[g] - x[before])
            j += 1
            if here >= most:
                most, left, right = here, i + 1, j - 1
        else:
            before = concave[j - 1]
            here = (x[g] - x[before]) * (c - before) / (x[c] - x[before]) - (g - before - 1)
            i -= 1
            if here >= most:
                most, left, right = here, i + 1, j
        i, j = max(i, 0), min(j, len(concave) - 1)
        if convex[i] == concave[j]:
            return most, left, right


def _convex_part(x: Sequence[float], convex: Sequence[int], left: int) -> float:
    most = 0.0
    for end, start in zip(convex[left:], convex[left + 1 :], strict=False):
        here = 1.0
        if end - start > 1 and x[end] != x[start]:
            slope = (end - start) / (x[end] - x[start])
            here = max(here, *(k - start + 1 - (x[k] - x[start]) * slope for k in range(start, end + 1)))
        most = max(most, here)
    return most


def _concave_part(x: Sequence[float], concave: Sequence[int], right: int) -> float:
    most = 0.0
    for start, end in zip(concave[right:], concave[right + 1 :], strict=False):
        here = 1.0
        if end - start > 1 and x[end] != x[start]:
            slope = (end - start) / (x[end] - x[start])
            here = max(here, *((x[k] - x[start]) * slope - (k - start - 1) for k in range(start, end + 1)))
        most = max(most, here)
    return most
