"""Evidence that an effect is above a bound: the wealth of bettors whose bets gain nothing on average if it is not.

Each pair gives one number x, the log ratio of head to base. Under "the effect is at most c" the number d = x - c is as
likely to fall on either side of some point that is not above 0: by the coin of the pair where both sides are the same
code, by symmetric noise where they differ by less than c. A bettor stakes the share tanh(k·d/s) of its wealth, k
fixed, s a spread learned from the pairs before this one alone. The stake is odd and grows with d, so its mean under
the hypothesis is at most 0, and the mean wealth never grows: a test supermartingale. So is the mean of several
bettors. By Ville's inequality the probability that it ever reaches 1/α is at most α, however often one looks.

tanh follows from the likelihood ratio of a normal shift against its mirror image, given |d|: the stake that grows
fastest (Kelly's) for a shift of k spreads. Sources: Ville 1939; de la Peña, "A general class of exponential
inequalities for martingales and ratios", 1999; Ramdas, Ruf, Larsson & Koolen, "Admissible anytime-valid sequential
inference must rely on nonnegative martingales", 2020, section 6 (symmetry); Vovk & Wang, "Nonparametric e-tests of
symmetry", 2024. docs/decisions/0009 has the proof.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SHIFTS = (0.5, 1.0, 2.0)
"""Shifts, in spreads, that the bettors bet on: their mean wealth is at least a third of that of the best."""

MOST_STAKED = 0.99
"""Largest stake: a bettor that staked all would be ruined by one pair on the wrong side."""

FIRST_SPREAD, WEIGHT = 0.015, 2.0
"""The spread assumed before the first pair, and how many pairs it counts as. Steps of the course have 0.9 to 2.6 %."""


def spreads(x: Floats) -> Floats:
    """The spread that scales the stake of each pair, from earlier pairs alone: (…, pairs) → (…, pairs).

    It is the root mean square of the deviations from the median, cut off at three robust standard deviations
    (1.48 × MAD), together with `WEIGHT` pairs of `FIRST_SPREAD`.
    """
    found = np.full(x.shape, FIRST_SPREAD)
    for place in range(2, x.shape[-1]):
        before = x[..., :place]
        apart = np.abs(before - np.median(before, axis=-1, keepdims=True))
        reach = np.maximum(3 * 1.4826 * np.median(apart, axis=-1, keepdims=True), 1e-9)
        squares = np.sum(np.minimum(apart, reach) ** 2, axis=-1)
        found[..., place] = np.sqrt((WEIGHT * FIRST_SPREAD**2 + squares) / (WEIGHT + place - 1))
    return found


def above(x: npt.ArrayLike, bound: float) -> Floats:
    """log of the evidence after each pair that the effect is above `bound`: (…, pairs) → (…, pairs), of log ratios.

    Each row is a separate sequence of pairs.
    """
    values = np.asarray(x, dtype=np.float64)
    return _log_mean(_won(values - bound, spreads(values)))


def below(x: npt.ArrayLike, bound: float) -> Floats:
    """log of the evidence after each pair that the effect is below `bound`."""
    return above(-np.asarray(x, dtype=np.float64), -bound)


def _won(d: Floats, spread: Floats) -> Floats:
    """log of each bettor's wealth after each pair: (…, pairs) → (bettors, …, pairs)."""
    stakes = MOST_STAKED * np.tanh(np.multiply.outer(np.asarray(SHIFTS), d / spread))
    return np.cumsum(np.log1p(stakes), axis=-1)


def _log_mean(logs: Floats) -> Floats:
    """log of the mean over bettors, without overflow."""
    top = logs.max(axis=0)
    return np.asarray(top + np.log(np.exp(logs - top).mean(axis=0)))


def fewest_pairs(needed: float) -> int:
    """Fewest pairs after which the log of the evidence can be `needed`: a pair multiplies it by 1.99 at most."""
    return max(1, math.ceil(needed / math.log1p(MOST_STAKED) - 1e-9))


def pooled(series: Sequence[Sequence[float]], bound: float) -> float:
    """log of the evidence, after all pairs, that several effects are above `bound`; bettors keep their wealth."""
    won = [_won(np.asarray(x, dtype=np.float64) - bound, spreads(np.asarray(x)))[:, -1:] for x in series if len(x)]
    return float(_log_mean(np.asarray(sum(won)))[0]) if won else 0.0


def interval(x: Sequence[float], confidence: float) -> tuple[float, float] | None:
    """A confidence sequence: the effects, as log ratios, that no look refutes. None if it is not finite.

    An effect is refuted if the evidence for above or below it ever reached 2/(1 - confidence).
    """
    most = math.log(2 / (1 - confidence))
    low = _edge(x, most)
    high = _edge([-value for value in x], most)
    return None if low is None or high is None else (low, -high)


def _edge(x: Sequence[float], most: float) -> float | None:
    """The largest bound above which the effect is shown to be, by bisection: evidence falls as the bound rises."""
    values = np.asarray(x, dtype=np.float64)
    spread = spreads(values)  # the same for every bound

    def shown(bound: float) -> bool:
        return bool(_log_mean(_won(values - bound, spread)).max() >= most)

    low, high = float(values.min()) - 1.0, float(values.max())
    if not shown(low):
        return None
    while high - low > 1e-5:
        middle = (low + high) / 2
        low, high = (middle, high) if shown(middle) else (low, middle)
    return low


def rate(x: Sequence[float], bound: float) -> float:
    """Mean growth per pair of the log of the evidence for above `bound`, for the best bettor.

    It is below 0 if the pairs are evidence against it.
    """
    values = np.asarray(x, dtype=np.float64)
    spread = np.full(values.shape, spreads(np.append(values, 0.0))[-1])
    return float(_won(values - bound, spread)[:, -1].max()) / len(values)
