"""Intervals of a median and of a ratio of medians, over launches. Times are positive; they are compared on logs.

scipy also has Wilson's interval, Welch's t and Student's t. They are written out here, and in `student_t` and
`time_order`, because `bench run`, `show` and `compare` need them: importing scipy.stats would take a second of CPU.
"""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from bench.stats import moderated_t, student_t
from bench.stats.launch_shape import normal_evidence
from bench.stats.moderation import Prior
from bench.stats.moments import mean_and_variance

CONFIDENCE = 0.95

WIDEST = 3.0
"""Largest ratio of the ends of an interval over launches: a wider one says nothing that a reader could use."""

FEWEST_FOR_ORDER_STATISTICS = 6
"""The widest interval, from least to greatest, covers the median with 1 - 2 / 2**n: 93.8 % at five, 96.9 % at six. For
another confidence than 95 % see `fewest_for`."""


SKEWNESS_MATTERS = 8
"""Least number of launches whose moderated t misses the median too often where they are skewed as exponential ones are:
simulated, it covers 95 % at six, 93 to 94 % at eight and 92 % at ten. The mean of the logs stays as far off the median,
and the interval gets narrower."""

HUMPED = -1.0
"""Log likelihood ratio (see `launch_shape`) below which a case looks humped: 2 to 9 % of normal ones do, and 86 to 98 %
of those with nearly half of their launches slow, which so are covered beside normal ones too."""


NOT_KNOWN = "not known:"
"""How the method of an interval begins whose ends are too far apart to be given."""


@dataclass(frozen=True)
class Interval:
    """`value` with `low` and `high`, and the method in words.

    The ends are None if one datum allows no interval, or if they would be too far apart to say anything: then the
    method begins with "not known:".
    """

    value: float
    low: float | None
    high: float | None
    n: int
    method: str


def median(
    values: Sequence[float], confidence: float = CONFIDENCE, of: str = "launches", prior: Prior | None = None
) -> Interval:
    """The median of positive `values` with its interval. Raises `ValueError` without values.

    of: what the values are, in the plural, for the text of the method; prior: what the run's other cases say.

    The number of values and the other cases choose the method beforehand. Where the others have the shape of normal
    launches, it is Student's t with a moderated variance. Where they do not, or are too few to say, it is order
    statistics from six values up, which hold for any shape; below six it is the range, joined with a wider moderated t.
    Without other cases it is order statistics, and Student's t below six: then the stated confidence holds for normal
    launches, which nothing shows them to be. The values themselves can only widen the interval: from six up, a
    moderated t is joined with order statistics where they look humped. docs/decisions/0018 has the coverage of each.
    """
    n = len(values)
    value = statistics.median(values)
    if n == 1:
        return Interval(value, None, None, 1, f"one {'launch' if of == 'launches' else of[:-1]}: no interval")
    logs = [math.log(x) for x in values]
    enough = n >= fewest_for(confidence)
    if enough and not (prior and prior.normal and not (prior.skewed and n >= SKEWNESS_MATTERS)):
        rank, coverage = median_rank(n, confidence)
        method = f"order statistics of {n} {of}, {100 * coverage:.1f} %"
        return known(Interval(value, *_order_statistics(values, rank), n, method), of)
    if prior is None:
        low, high = student_t.interval(logs, confidence)
        method = f"t on logs, {n} {of}, {100 * confidence:g} %" + (" if they are normal" if of == "launches" else "")
    else:
        low, high = moderated_t.interval(logs, prior, confidence)
        method = f"moderated t on logs, {n} {of} and the spread of {prior.cases} other cases, {100 * confidence:g} %"
        if not prior.normal:
            method = f"range and {method}"
    low, high = min(_exp(low), value), max(_exp(high), value)
    if enough and normal_evidence(logs) < HUMPED:
        least, most = _order_statistics(values, median_rank(n, confidence)[0])
        low, high = min(low, least), max(high, most)
        method = f"order statistics and {method}"
    return known(Interval(value, low, high, n, method), of)


def known(found: Interval, of: str = "launches") -> Interval:
    """`found`, or the same without its ends if they are more than `WIDEST` apart, with words on what would help.

    Ends over other things than launches stay: the pairs of a gate are judged by theirs, however wide.
    """
    if of != "launches" or found.low is None or found.high is None or found.high <= WIDEST * found.low:
        return found
    apart = f"the ends are a factor of {found.high / found.low:.3g} apart"
    method = f"{NOT_KNOWN} {apart} ({found.method}); more launches or a quieter machine would help"
    return Interval(found.value, None, None, found.n, method)


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


def quantile(values: Sequence[float], q: float, confidence: float = CONFIDENCE, of: str = "blocks") -> Interval | None:
    """The q-quantile of `values`, 0 < q < 1, with an interval of order statistics, which holds for any distribution.

    None where there are too few values for both ends: at 95 %, q = 0.95 needs 72 values and q = 0.99 needs 368.

    The ends are the order statistics x(r) and x(s): the number of values below the quantile is binomial, so that each
    end misses it with a probability of at most half of what confidence leaves (David & Nagaraja, Order Statistics,
    2003, 7.1). The value is interpolated, as numpy does it.
    """
    n = len(values)
    ranks = quantile_ranks(n, q, confidence)
    if ranks is None:
        return None
    ordered = sorted(values)
    place = q * (n - 1)
    below = math.floor(place)
    value = ordered[below] + (place - below) * (ordered[min(below + 1, n - 1)] - ordered[below])
    method = f"order statistics of {n} {of}, {100 * confidence:g} %"
    return Interval(value, ordered[ranks[0] - 1], ordered[ranks[1] - 1], n, method)


@cache
def quantile_ranks(n: int, q: float, confidence: float = CONFIDENCE) -> tuple[int, int] | None:
    """The ranks r < s, from 1, for which [x(r), x(s)] holds the q-quantile; None if n is too small for either."""
    tail, below, low, high = (1 - confidence) / 2, 0.0, 0, None
    for k in range(n):
        below += math.exp(
            math.lgamma(n + 1)
            - math.lgamma(k + 1)
            - math.lgamma(n - k + 1)
            + k * math.log(q)
            + (n - k) * math.log1p(-q)
        )  # P(at most k of n values lie below the quantile)
        if below <= tail:
            low = k + 1
        if below >= 1 - tail:
            high = k + 1
            break
    return (low, high) if low and high else None


def wilson(share: float, n: int) -> tuple[float, float]:
    """95 % bounds of a share that was seen in n independent looks (E. B. Wilson, JASA 22, 1927)."""
    z = statistics.NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def paired_ratio(over: Sequence[float], under: Sequence[float], by: str, prior: Prior | None = None) -> Interval:
    """over ÷ under for values measured together, the i-th of each: the median ratio and its 95 % interval.

    `by` names what they shared; prior: what the ratios of other cases say. Raises `ValueError` for unequal lengths.
    """
    ratios = [a / b for a, b in zip(over, under, strict=True)]
    found = median(ratios, prior=prior)
    paired = f"paired by {by}: {found.method}"
    if found.method.startswith(NOT_KNOWN):
        paired = f"{found.method} (paired by {by})"
    return Interval(found.value, found.low, found.high, found.n, paired)


def unpaired_ratio(
    over: Sequence[float],
    under: Sequence[float],
    of: str = "launches",
    priors: tuple[Prior | None, Prior | None] = (None, None),
) -> Interval:
    """over ÷ under of launches measured separately: Welch's t on logs (Biometrika 34, 1947).

    The value is the ratio of medians. Without two launches on each side there is no interval. of: what the values are,
    in the plural, for the text of the method; priors: what the other cases say of each side, in their own run, which
    moderates its variance where they are normal.
    """
    value = statistics.median(over) / statistics.median(under)
    n = min(len(over), len(under))
    if n < 2:
        return Interval(value, None, None, n, f"unpaired, one {'launch' if of == 'launches' else of[:-1]}: no interval")
    (a, wa, da), (b, wb, db) = (_level(side, prior) for side, prior in zip((over, under), priors, strict=True))
    centre, spread = a - b, wa + wb
    if spread == 0:
        return Interval(value, value, value, n, f"unpaired: no spread between {of}")
    degrees = spread**2 / (wa**2 / da + wb**2 / db)
    half = student_t.quantile(1 - (1 - CONFIDENCE) / 2, max(1.0, degrees)) * math.sqrt(spread)
    low, high = _exp(centre - half), _exp(centre + half)
    lent = " and the spread of other cases" if any(prior and prior.normal for prior in priors) else ""
    method = f"unpaired: Welch's t on logs, {n} {of}{lent}, 95 %"
    return known(Interval(value, min(low, value), max(high, value), n, method), of)


def _level(values: Sequence[float], prior: Prior | None) -> tuple[float, float, float]:
    """Mean of the logs of two or more values, its variance, and the degrees of freedom of that."""
    centre, variance = mean_and_variance([math.log(x) for x in values])
    degrees: float = len(values) - 1
    if prior and prior.normal and not prior.is_unlike(variance, len(values) - 1):
        variance, degrees = prior.posterior(variance, len(values) - 1)
    return centre, variance / len(values), degrees


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


def _order_statistics(values: Sequence[float], rank: int) -> tuple[float, float]:
    """The values of this rank from below and from above."""
    ordered = sorted(values)
    return ordered[rank - 1], ordered[-rank]


def _exp(x: float) -> float:
    """e to the x, without an end that is 0 or infinite."""
    return min(max(math.exp(min(x, 709.0)), sys.float_info.min), sys.float_info.max)
