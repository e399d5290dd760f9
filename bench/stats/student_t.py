"""Student's t for any degrees of freedom, without scipy: `bench show` must start fast."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from functools import cache

NORMAL = statistics.NormalDist()


def cdf(t: float, degrees: float) -> float:
    """P(T <= t) for degrees > 0, which may be infinite: then T is normal.

    By the regularised incomplete beta function (Abramowitz & Stegun 26.7.1). Raises `ValueError` for other degrees.
    """
    if not degrees > 0:
        raise ValueError(f"no probability for {degrees} degrees of freedom")
    if math.isinf(degrees):
        return NORMAL.cdf(t)
    outside = _beta(degrees / (degrees + t * t), t * t / (degrees + t * t), degrees / 2, 0.5) / 2
    return outside if t < 0 else 1 - outside


@cache
def quantile(p: float, degrees: float) -> float:
    """The t with P(T <= t) = p, for 0.5 <= p < 1 and degrees >= 1. Raises `ValueError` elsewhere.

    Newton's method from the first terms of the expansion about the normal quantile (Abramowitz & Stegun 26.7.5). The
    distribution is concave above 0: after a first step no other passes the root.
    """
    if not 0.5 <= p < 1 or not degrees >= 1:
        raise ValueError(f"no quantile for p = {p} and {degrees} degrees of freedom")
    z = NORMAL.inv_cdf(p)
    if math.isinf(degrees):
        return z
    t = z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2) if degrees > 3 else z
    scale = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(degrees * math.pi)
    for _ in range(100):
        density = scale * (1 + t * t / degrees) ** (-(degrees + 1) / 2)
        step = (p - cdf(t, degrees)) / density
        t += step
        if abs(step) <= 1e-9 * t:  # the error squares with each step
            break
    return t


def interval(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """Student's interval of the mean of two or more values. Raises `statistics.StatisticsError` for fewer."""
    centre, n = statistics.fmean(values), len(values)
    half = quantile(1 - (1 - confidence) / 2, n - 1) * statistics.stdev(values) / math.sqrt(n)
    return centre - half, centre + half


def _beta(x: float, rest: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), with rest = 1 - x to full precision.

    Its continued fraction (Abramowitz & Stegun 26.5.8), evaluated forwards (Lentz, Applied Optics 15, 1976), on the
    side where it converges fast.
    """
    if x == 0 or rest == 0:
        return float(rest == 0)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(rest, x, b, a)
    logs = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest)
    above, below = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    fraction = below
    for m in range(1, 500):
        before = fraction
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            below, above = 1 / (1 + term * below), 1 + term / above
            fraction *= below * above
        if abs(fraction - before) <= 1e-16 * fraction:
            break
    return math.exp(logs) * fraction / a
