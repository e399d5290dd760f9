"""Values in the order of their measurement: are neighbours correlated, and is there a trend?"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.stats import student_t


@dataclass(frozen=True)
class Trend:
    """Mean of some differences, and the p of Student's t against 0."""

    mean: float
    p: float


def autocorrelation(series: Sequence[Sequence[float]]) -> float | None:
    """Correlation of each value with the one before it, pooled over `series`; None if nothing varies.

    Each series is centred on its own mean, so that n independent values would correlate by -1/(n - 1) (Kendall, Note on
    Bias in the Estimation of Autocorrelation, Biometrika 41, 1954). That bias is added back.
    """
    products = squares = 0.0
    pairs = values = 0
    for one in series:
        if len(one) < 3:
            continue
        mean = statistics.fmean(one)
        apart = [value - mean for value in one]
        products += math.fsum(a * b for a, b in pairwise(apart))
        squares += math.fsum(a * a for a in apart)
        pairs, values = pairs + len(one) - 1, values + len(one)
    if squares == 0:
        return None
    bias = (values - pairs) / pairs  # the number of series is values - pairs
    return min(1.0, (products / pairs) / (squares / values) + bias)


def trend(differences: Sequence[float]) -> Trend | None:
    """Student's one-sample t of the differences against 0, two-sided; None below three of them."""
    n = len(differences)
    if n < 3:
        return None
    mean, spread = statistics.fmean(differences), statistics.stdev(differences)
    if spread == 0:
        return Trend(mean, 1.0 if mean == 0 else 0.0)
    return Trend(mean, 2 * (1 - student_t.cdf(abs(mean) / spread * math.sqrt(n), n - 1)))
