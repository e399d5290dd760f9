"""The rule of the gate: the verdict on a case from the log ratios of its pairs, of their medians and of their means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.stats import betting

REGRESSED, NOT_SLOWER, IMPROVED, NOT_RESOLVED = "regressed", "not_slower", "improved", "not_resolved"

FEWEST_TO_GIVE_UP = 8
"""Least number of pairs before a case may be given up: its spread is estimated from them."""

OF_MEDIAN, OF_MEAN = 2 / 3, 1 / 3
"""Shares of the stake for a regression that bet on the medians of the pairs and on their means."""

FINEST, COARSEST = 0.01, 0.02
"""Standard errors that the datum of a pair may have. One known to 1 % finds 5 % in eleven pairs, as many as ten cases
need at any precision; one that is worse than 2 % is no sure sign even that nothing is 5 % slower."""

SURE = 2.5
"""Standard errors between an effect and a bound at which a pair favours the right side in 99.4 % of all times."""

NO_MEANS: tuple[float, ...] = ()
"""In place of the means where only medians are judged, as in gates that were recorded before means were."""


@dataclass(frozen=True)
class Rule:
    """What counts as a regression, and how often that verdict may be wrong.

    Every method takes `x`, the medians of a case's pairs, and `means`, of the same pairs or none. For a regression two
    bettors share one stake, on the medians and on the means, and their common wealth is the evidence. The other
    verdicts say that nothing is slower: both must say it, each with evidence enough.
    """

    cases: int
    """Number of cases chosen before the first pair: the errors of the suite are shared among them (Bonferroni)."""
    alpha: float = 0.01
    """Largest probability that any case of the suite is called regressed though none is slower by more than `slack`."""
    alpha_other: float = 0.05
    """The same for `not_slower`, and again for `improved`."""
    slack: float = 0.02
    """A slow-down of up to this share is ignored."""
    limit: float = 0.05
    """`not_slower` excludes a slow-down of this much."""

    def needed(self, verdict: str) -> float:
        """log of the evidence that a verdict needs."""
        return math.log(max(1, self.cases) / (self.alpha if verdict == REGRESSED else self.alpha_other))

    def fewest_pairs(self, verdict: str) -> int:
        """Fewest pairs after which a verdict is possible at all."""
        return betting.fewest_pairs(self.needed(verdict))

    def evidence(self, x: Sequence[float], verdict: str, means: Sequence[float] = NO_MEANS) -> float:
        """log of the largest evidence at any look for a verdict; 0 without pairs."""
        if not len(x):
            return 0.0
        return max(0.0, min(float(each.max()) for each in self._at_looks(x, verdict, means)))

    def course(self, x: Sequence[float], verdict: str, means: Sequence[float] = NO_MEANS) -> list[float]:
        """log of the evidence for a verdict after each pair."""
        if not len(x):
            return []
        return [float(value) for value in np.minimum.reduce(self._at_looks(x, verdict, means))]

    def _at_looks(self, x: Sequence[float], verdict: str, means: Sequence[float]) -> list[betting.Floats]:
        """log of the evidence after each pair: what a verdict needs all of."""
        of_median = betting.above(*self._hypothesis(x, verdict))
        if not len(means):
            return [of_median]
        of_mean = betting.above(*self._hypothesis(means, NOT_SLOWER if verdict == IMPROVED else verdict))
        if verdict != REGRESSED:
            return [of_median, of_mean]
        return [np.logaddexp(of_median + math.log(OF_MEDIAN), of_mean + math.log(OF_MEAN))]

    def shown(self, x: Sequence[float], verdict: str, means: Sequence[float] = NO_MEANS) -> bool:
        """Whether the evidence for a verdict sufficed at any look. The stated rate of errors holds over all looks."""
        return self.evidence(x, verdict, means) >= self.needed(verdict)

    def verdict(self, x: Sequence[float], means: Sequence[float] = NO_MEANS) -> str:
        """The verdict: regressed before improved before not slower, else not resolved."""
        return next((each for each in (REGRESSED, IMPROVED, NOT_SLOWER) if self.shown(x, each, means)), NOT_RESOLVED)

    def to_go(
        self,
        x: Sequence[float],
        verdict: str,
        nearer: float = 0.0,
        means: Sequence[float] = NO_MEANS,
        nearer_mean: float = 0.0,
    ) -> float:
        """Pairs until a verdict is reached, if they are like those seen; infinite if those oppose it.

        nearer, nearer_mean: log ratios by which future pairs favour it more than those seen.
        """
        needed = self.needed(verdict)
        if not len(means):
            return self._to_go(x, verdict, nearer, needed)
        if verdict == REGRESSED:
            return min(
                self._to_go(x, verdict, nearer, needed - math.log(OF_MEDIAN)),
                self._to_go(means, verdict, nearer_mean, needed - math.log(OF_MEAN)),
            )
        of_mean = NOT_SLOWER if verdict == IMPROVED else verdict
        return max(self._to_go(x, verdict, nearer, needed), self._to_go(means, of_mean, nearer_mean, needed))

    def _to_go(self, x: Sequence[float], verdict: str, nearer: float, needed: float) -> float:
        """Pairs until the evidence of medians, or of means, reaches `needed`."""
        posed, bound = self._hypothesis(x, verdict)
        lacking = needed - float(betting.above(posed, bound)[-1])
        gain = betting.rate([value + nearer for value in posed], bound)
        return max(0.0, lacking) / gain if gain > 0 else math.inf

    def wants_more(self, x: Sequence[float], most: float, means: Sequence[float] = NO_MEANS) -> bool:
        """Whether another pair is worth its time: not if the case is decided, or if `most` more would hardly decide it.

        A case that is not slower may still be found improved, if its median is faster by more than the slack.
        """
        verdict = self.verdict(x, means)
        if verdict in (REGRESSED, IMPROVED) or most < 1:
            return False
        if verdict == NOT_SLOWER:
            return float(np.median(x)) < -math.log1p(self.slack) and self._hopeful(x, IMPROVED, most, means)
        return len(x) < FEWEST_TO_GIVE_UP or any(
            self._hopeful(x, each, most, means) for each in (REGRESSED, NOT_SLOWER)
        )

    def error_allowed(self, x: Sequence[float]) -> float:
        """The standard error, as a log ratio, that the datum of the next pair may have; x: the medians so far.

        A pair whose couples would take seconds to be known to 1 % is no better evidence than a coarser one where the
        verdict is far away: an effect of 0 lies 5 % from the limit, and with couples 10 % apart a quarter of them takes
        one pair in twenty more. Only earlier pairs are asked, so the next datum is as likely on either side of the
        truth as ever, and the rates of errors hold.
        """
        if not len(x):
            return COARSEST
        middle = float(np.median(x))
        slack, limit = math.log1p(self.slack), math.log1p(self.limit)
        distance = max(middle - slack, limit - middle) if middle > -slack else -slack - middle
        return min(COARSEST, max(FINEST, distance / SURE))

    def _hopeful(self, x: Sequence[float], verdict: str, most: float, means: Sequence[float]) -> bool:
        """Whether `most` more pairs could reach a verdict if the effect were two standard errors more in favour."""
        nearer_mean = _two_errors(means) if len(means) else 0.0
        return self.to_go(x, verdict, _two_errors(x), means, nearer_mean) <= most

    def _hypothesis(self, x: Sequence[float], verdict: str) -> tuple[list[float], float]:
        """The values and the bound for a verdict, whose evidence is evidence that the values are above the bound."""
        if verdict == REGRESSED:
            return list(x), math.log1p(self.slack)
        bound = math.log1p(self.limit) if verdict == NOT_SLOWER else -math.log1p(self.slack)
        return [-value for value in x], -bound

    def smallest_seen(self, x: Sequence[float], means: Sequence[float] = NO_MEANS) -> float | None:
        """The smallest slow-down that these pairs, shifted by it, would have called a regression; None below two.

        0.03 is 3 %. Found by bisection: evidence grows with the shift.
        """
        if len(x) < 2:
            return None
        centred = [np.asarray(each, dtype=np.float64) - np.median(each) for each in (x, means) if len(each)]

        def seen(shift: float) -> bool:
            shifted, *other = ((each + shift).tolist() for each in centred)
            return self.shown(shifted, REGRESSED, *other)

        low, high = 0.0, 3.0
        if not seen(high):
            return None
        while high - low > 1e-4:
            middle = (low + high) / 2
            low, high = (low, middle) if seen(middle) else (middle, high)
        return math.expm1(high)


def _two_errors(x: Sequence[float]) -> float:
    """Two standard errors of a location of x, by its robust spread."""
    spread = 1.4826 * float(np.median(np.abs(np.asarray(x) - np.median(x))))
    return 2 * spread / math.sqrt(len(x))
