"""Student's t with a variance that the run's other cases moderate: the interval of a few launches."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.stats import student_t
from bench.stats.moderation import Prior
from bench.stats.moments import mean_and_variance

WIDENED, WIDENED_FROM_FOUR = {2: 3.0, 3: 2.25}, 1.25
"""Factors on the moderated t of two, three, and four or more values where the neighbours do not look normal, from
simulation: the least that hold 94 % where nearly half of the launches are slow."""


def interval(logs: Sequence[float], prior: Prior, confidence: float) -> tuple[float, float]:
    """Ends of the interval of the middle of two or more logs.

    Where the neighbours are normal this is Student's t with the posterior variance (Smyth 2004). A case whose own
    variance is far too large for them has the wider of this and its own t. Where they are not normal, the interval is
    widened and joined with the range: of launches in two humps, all may lie in one.
    """
    n, tail = len(logs), 1 - (1 - confidence) / 2
    centre, own = mean_and_variance(logs)
    variance, degrees = prior.posterior(own, n - 1)
    half = student_t.quantile(tail, degrees) * math.sqrt(variance / n)
    if prior.is_unlike(own, n - 1):
        half = max(half, student_t.quantile(tail, n - 1) * math.sqrt(own / n))
    if prior.normal:
        return centre - half, centre + half
    half *= WIDENED.get(n, WIDENED_FROM_FOUR)
    return min(min(logs), centre - half), max(max(logs), centre + half)
