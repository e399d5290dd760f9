"""Mean and variance in floats: `statistics.variance` works with fractions, and takes twenty times as long."""

from __future__ import annotations

import math
from collections.abc import Sequence


def mean_and_squares(values: Sequence[float]) -> tuple[float, float]:
    """The mean of one or more values, and the sum of the squared distances from it."""
    mean = math.fsum(values) / len(values)
    return mean, math.fsum([(x - mean) ** 2 for x in values])


def mean_and_variance(values: Sequence[float]) -> tuple[float, float]:
    """The mean and the sample variance of two or more values. Raises `ZeroDivisionError` for fewer."""
    mean, squares = mean_and_squares(values)
    return mean, squares / (len(values) - 1)
