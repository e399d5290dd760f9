"""An interval of a mean over pairs that takes nothing for granted but symmetry: every subset of them has a mean.

Let n independent values lie symmetrically about the same middle, however they are spread, each in its own way. Then the
middle lies between any two neighbours of the 2**n - 1 means of their subsets with probability 2**-n (J. A. Hartigan,
Using subsample values as typical values, JASA 64, 1969, theorem 1). It is the sign-flip test of the mean, turned round:
zero lies outside of the interval where that test refutes it. Where a coin decided which side of each pair came first,
two sides that are alike differ symmetrically about zero, whatever the machine did meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

MOST = 20
"""Of more values than this the means of all subsets do not fit: a million of them."""


def interval(values: Sequence[float], alpha: float) -> tuple[float, float]:
    """The ends of an interval that lacks the middle of `values` with a probability of at most `alpha`.

    Infinite where there are fewer than `fewest(alpha)`. Raises `ValueError` for more than `MOST`.
    """
    if len(values) > MOST:
        raise ValueError(f"{len(values)} values have too many subsets; at most {MOST}")
    rank = math.floor(alpha / 2 * 2 ** len(values))
    if rank < 1:
        return -math.inf, math.inf
    means = _subset_means(values)
    low, high = np.partition(means, (rank - 1, len(means) - rank))[[rank - 1, len(means) - rank]]
    return float(low), float(high)


def fewest(alpha: float) -> int:
    """How many values the narrowest finite interval needs: least to greatest lacks the middle with 2 / 2**n."""
    return math.ceil(math.log2(2 / alpha) - 1e-12)


def _subset_means(values: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The means of all subsets but the empty one, in no order."""
    sums, sizes = np.zeros(1), np.zeros(1)
    for value in values:
        sums, sizes = np.concatenate([sums, sums + value]), np.concatenate([sizes, sizes + 1])
    return sums[1:] / sizes[1:]
