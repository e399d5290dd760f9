"""Variance of visits within forks within starters: how much of it each level has, and what it costs to miss one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from tests.agreement.builds import Interval

Logs = NDArray[np.float64]
PERMUTATIONS = 5000


@dataclass(frozen=True)
class Nested:
    """Components of the spread of (rounds, starters, forks, visits) logs, and whether starters differ at all."""

    visits: float
    """Variance of visits within a fork."""
    forks: float
    """Variance of forks within a starter, that of their visits taken off; may come out below 0."""
    starters: float
    """Variance of starters within a round, that of their forks taken off; may come out below 0."""
    starters_within: Interval
    """That of the starters with its exact interval for normal data, as a share of the variance of a fork's mean."""
    p: float
    """Share of the permutations of forks over the starters of a round whose starters lie as far apart."""

    def missed(self, launches: int) -> Interval:
        """True half-width of a mean of that many forks of one starter ÷ that told by the spread of the forks alone."""
        ends = (self.starters_within.value, self.starters_within.low, self.starters_within.high)
        return Interval(*(math.sqrt(1 + launches * max(end, 0.0)) for end in ends))


def mean_square_of_starters(forks: Logs) -> Logs:
    """Variance between the means of the starters of a round, times their forks; forks: (…, rounds, starters, forks)."""
    return np.asarray(forks.mean(axis=-1).var(axis=-1, ddof=1).mean(axis=-1) * forks.shape[-1])


def analyse(logs: Logs, seed: int = 0) -> Nested:
    """Analyse (rounds, starters, forks, visits) logs of seconds. Raises `ValueError` where a level has only one.

    Rounds are a fixed effect: starters are compared with those that were measured in turns with them.
    """
    rounds, starters, forks, visits = logs.shape
    if min(starters, forks, visits) < 2:
        raise ValueError("at least two starters, forks and visits are needed")
    means = logs.mean(axis=3)
    within = float(logs.var(axis=3, ddof=1).mean())
    of_forks = float(means.var(axis=2, ddof=1).mean())  # the mean square, in units of a fork's mean
    of_starters = float(mean_square_of_starters(means))
    degrees = rounds * (starters - 1), rounds * starters * (forks - 1)
    ratio = of_starters / of_forks
    # The F interval of a ratio of variances (Searle, Casella & McCulloch, 1992): exact for balanced normal data
    low, high = ((ratio / stats.f.ppf(p, *degrees) - 1) / forks for p in (0.975, 0.025))
    dice = np.random.default_rng(seed)
    pooled = np.tile(means.reshape(rounds, starters * forks), (PERMUTATIONS, 1, 1))
    drawn = dice.permuted(pooled, axis=2).reshape(PERMUTATIONS, *means.shape)
    above = int((mean_square_of_starters(drawn) >= of_starters * (1 - 1e-12)).sum())
    return Nested(
        visits=within,
        forks=of_forks - within / visits,
        starters=(of_starters - of_forks) / forks,
        starters_within=Interval((ratio - 1) / forks, float(low), float(high)),
        p=(above + 1) / (PERMUTATIONS + 1),
    )
