"""Student's t for any degrees of freedom, without scipy: `bench show` must start fast."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from functools import cache

from bench.stats.gamma_functions import incomplete_beta
from bench.stats.moments import mean_and_variance

NORMAL = statistics.NormalDist()


def cdf(t: float, degrees: float) -> float:
    """P(T <= t) for degrees > 0, which may be infinite: then T is normal.

    By the regularised incomplete beta function (Abramowitz & Stegun 26.7.1). Raises `ValueError` for other degrees.
    """
    if not degrees > 0:
        raise ValueError(f"no probability for {degrees} degrees of freedom")
    if math.isinf(degrees):
        return NORMAL.cdf(t)
    outside = incomplete_beta(degrees / (degrees + t * t), t * t / (degrees + t * t), degrees / 2, 0.5) / 2
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
    t = z
    if degrees > 3:
        t += (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
        t += (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * degrees**3)
    scale = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(degrees * math.pi)
    for _ in range(100):
        density = scale * (1 + t * t / degrees) ** (-(degrees + 1) / 2)
        step = (p - cdf(t, degrees)) / density
        t += step
        if abs(step) <= 1e-6 * t:  # the error squares with each step
            break
    return t


def interval(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """Student's interval of the mean of two or more values."""
    (centre, variance), n = mean_and_variance(values), len(values)
    half = quantile(1 - (1 - confidence) / 2, n - 1) * math.sqrt(variance / n)
    return centre - half, centre + half
