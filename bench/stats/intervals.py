"""Intervals of a median and of a ratio of medians, over launches. Times are positive; they are compared on logs.

scipy also has Wilson's interval, Welch's t and Student's t. They are written out here, and in `student_t` and
`time_order`, because `bench run`, `show` and `compare` need them: importing scipy.stats would take a second of CPU.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from bench.stats import student_t

CONFIDENCE = 0.95

FEWEST_FOR_ORDER_STATISTICS = 6
"""The widest interval, from least to greatest, covers the median with 1 - 2 / 2**n: 93.8 % at five, 96.9 % at six. For
another confidence than 95 % see `fewest_for`."""


@dataclass(frozen=True)
class Interval:
    """`value` with `low` and `high` (None if one datum allows no interval), and the method in words."""

    value: float
    low: float | None
    high: float | None
    n: int
    method: str


def median(values: Sequence[float], confidence: float = CONFIDENCE, of: str = "launches") -> Interval:
    """The median of positive `values` with its interval. Raises `ValueError` without values.

    of: what the values are, in the plural, for the text of the method.
    """
    n = len(values)
    value = statistics.median(values)
    if n == 1:
        return Interval(value, None, None, 1, f"one {'launch' if of == 'launches' else of[:-1]}: no interval")
    if n < fewest_for(confidence):
        low, high = _t_on_logs([math.log(x) for x in values], confidence)
        return Interval(value, min(low, value), max(high, value), n, f"t on logs, {n} {of}, {100 * confidence:g} %")
    rank, coverage = median_rank(n, confidence)
    ordered = sorted(values)
    return Interval(
        value, ordered[rank - 1], ordered[n - rank], n, f"order statistics of {n} {of}, {100 * coverage:.1f} %"
    )


def fewest_for(confidence: float) -> int:
    """The least n for order statistics: 1 - 2 / 2**n is at least `confidence`."""
    return math.ceil(1 - math.log2(1 - confidence) - 1e-12)


@cache
def median_rank(n: int, confidence: float = CONFIDENCE) -> tuple[int, float]:
    """The largest rank r for which [x(r), x(n+1-r)] covers the median as often as asked, and its coverage.

    1 - 2 * P(Binomial(n, 1/2) < r): distribution-free (David & Nagaraja, Order Statistics, 2003, 7.1).
    """
    rank, tail = 0, 0.0
    while (wider := tail + math.comb(n, rank) / 2**n) <= (1 - confidence) / 2:
        rank, tail = rank + 1, wider
    if rank == 0:
        raise ValueError(f"{n} values are too few for a {confidence:.0%} interval of order statistics")
    return rank, 1 - 2 * tail


def wilson(share: float, n: int) -> tuple[float, float]:
    """95 % bounds of a share that was seen in n independent looks (E. B. Wilson, JASA 22, 1927)."""
    z = statistics.NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def paired_ratio(over: Sequence[float], under: Sequence[float], by: str) -> Interval:
    """over ÷ under for values measured together, the i-th of each: the median ratio and its 95 % interval.

    `by` names what they shared. Raises `ValueError` for unequal lengths.
    """
    ratios = [a / b for a, b in zip(over, under, strict=True)]
    found = median(ratios)
    return Interval(found.value, found.low, found.high, found.n, f"paired by {by}: {found.method}")


def unpaired_ratio(over: Sequence[float], under: Sequence[float], of: str = "launches") -> Interval:
    """over ÷ under of launches measured separately: Welch's t on logs (Biometrika 34, 1947), degrees rounded down.

    The value is the ratio of medians. Without two launches on each side there is no interval. of: what the values are,
    in the plural, for the text of the method.
    """
    value = statistics.median(over) / statistics.median(under)
    n = min(len(over), len(under))
    if n < 2:
        return Interval(value, None, None, n, f"unpaired, one {'launch' if of == 'launches' else of[:-1]}: no interval")
    a, b = [math.log(x) for x in over], [math.log(x) for x in under]
    wa, wb = statistics.variance(a) / len(a), statistics.variance(b) / len(b)
    centre = statistics.fmean(a) - statistics.fmean(b)
    spread = wa + wb
    if spread == 0:
        return Interval(value, value, value, n, f"unpaired: no spread between {of}")
    degrees = spread**2 / (wa**2 / (len(a) - 1) + wb**2 / (len(b) - 1))
    half = student_t.quantile(1 - (1 - CONFIDENCE) / 2, max(1, math.floor(degrees))) * math.sqrt(spread)
    low, high = math.exp(centre - half), math.exp(centre + half)
    return Interval(value, min(low, value), max(high, value), n, f"unpaired: Welch's t on logs, {n} {of}, 95 %")


def ratio_of(over: tuple[float, float, float], under: tuple[float, float, float]) -> tuple[float, float, float]:
    """over ÷ under of two independent estimates: value, low, high from value, low, high of each, all positive.

    The ends are computed from those of both estimates, on logs (MOVER: Zou & Donner, Statistics in Medicine 27, 2008,
    equation 3); two intervals of one level give an interval of that level. For estimates that share launches, and so
    rise and fall together, it is wider than necessary. NaN stays NaN.
    """
    (a, a_low, a_high), (b, b_low, b_high) = (tuple(map(_log, each)) for each in (over, under))
    down, up = math.hypot(a - a_low, b_high - b), math.hypot(a_high - a, b - b_low)
    return over[0] / under[0], math.exp(a - b - down), math.exp(a - b + up)


def _log(x: float) -> float:
    return math.log(x) if x > 0 else math.nan


def half_width(interval: Interval) -> float:
    """Half the interval's width as a share of its value; infinite where there is no interval."""
    if interval.low is None or interval.high is None:
        return math.inf
    return (interval.high - interval.low) / 2 / interval.value


def _t_on_logs(logs: Sequence[float], confidence: float = CONFIDENCE) -> tuple[float, float]:
    n = len(logs)
    centre = statistics.fmean(logs)
    half = student_t.quantile(1 - (1 - confidence) / 2, n - 1) * statistics.stdev(logs) / math.sqrt(n)
    return math.exp(centre - half), math.exp(centre + half)
