"""Quantiles of Student's t for whole degrees of freedom, without scipy: `bench show` must start fast."""

from __future__ import annotations

import math
from functools import cache


def cdf(t: float, degrees: int) -> float:
    """P(T <= t) for `degrees` = 1, 2, …: the finite sums of Abramowitz & Stegun 26.7.3 and 26.7.4."""
    theta = math.atan(t / math.sqrt(degrees))
    sine, cosine = math.sin(theta), math.cos(theta)
    if degrees % 2:
        term, total = cosine, 0.0
        for k in range(1, (degrees + 1) // 2):
            total += term
            term *= cosine * cosine * (2 * k) / (2 * k + 1)
        inside = (theta + sine * total) * 2 / math.pi
    else:
        term, total = 1.0, 0.0
        for k in range(1, degrees // 2 + 1):
            total += term
            term *= cosine * cosine * (2 * k - 1) / (2 * k)
        inside = sine * total
    return 0.5 + inside / 2


@cache
def quantile(p: float, degrees: int) -> float:
    """The t with P(T <= t) = p, for 0.5 <= p < 1, by bisection to 1e-12. Raises `ValueError` outside."""
    if not 0.5 <= p < 1 or degrees < 1:
        raise ValueError(f"no quantile for p = {p} and {degrees} degrees of freedom")
    low, high = 0.0, 1.0
    while cdf(high, degrees) < p:
        high *= 2
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if cdf(middle, degrees) < p else (low, middle)
    return high
