"""Relatives of the gamma function, without scipy: `bench show` and `bench run` must start fast.

The derivatives of log Γ climb by the recurrence to an argument of at least `FAR`, and use the asymptotic series there
(Abramowitz & Stegun 6.3.5, 6.3.18, 6.4.6 and 6.4.12).
"""

from __future__ import annotations

import math

FAR = 10.0
"""Least argument of the series: its first term left out is below 1e-13 there."""


def digamma(x: float) -> float:
    """ψ(x), the derivative of log Γ, for x > 0. Raises `ValueError` elsewhere."""
    _refuse_nonpositive(x)
    below = 0.0
    while x < FAR:
        below += 1 / x
        x += 1
    y = 1 / (x * x)
    series = y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * 691 / 32760)))))
    return math.log(x) - 0.5 / x - series - below


def trigamma(x: float) -> float:
    """ψ′(x), the second derivative of log Γ, for x > 0. Raises `ValueError` elsewhere."""
    _refuse_nonpositive(x)
    below = 0.0
    while x < FAR:
        below += 1 / (x * x)
        x += 1
    y = 1 / (x * x)
    series = y * (1 / 6 - y * (1 / 30 - y * (1 / 42 - y * (1 / 30 - y * (5 / 66 - y * 691 / 2730)))))
    return 1 / x + y / 2 + series / x + below


def trigamma_inverse(y: float) -> float:
    """The x > 0 with ψ′(x) = y, for y > 0. Raises `ValueError` elsewhere.

    Newton's method on 1/ψ′, which is convex and nearly straight: from 0.5 + 1/y it falls to the root without passing it
    (Smyth 2004, appendix). The slope is a difference, whose error only slows it down.
    """
    _refuse_nonpositive(y)
    x = 0.5 + 1 / y
    for _ in range(50):
        here = trigamma(x)
        slope = (trigamma(x * (1 + 1e-6)) - here) / (x * 1e-6)
        step = here * (1 - here / y) / slope
        x += step
        if abs(step) < 1e-10 * x:
            break
    return x


def incomplete_beta(x: float, rest: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b) for 0 <= x <= 1 and a, b > 0; rest = 1 - x to full precision.

    Its continued fraction (Abramowitz & Stegun 26.5.8), evaluated forwards (Lentz, Applied Optics 15, 1976), on the
    side where it converges fast.
    """
    if x == 0 or rest == 0:
        return float(rest == 0)
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(rest, x, b, a)
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


def _refuse_nonpositive(x: float) -> None:
    if not x > 0:
        raise ValueError(f"{x} is not above 0")
