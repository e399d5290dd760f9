"""The rule of the gate: the verdict on a case from the log ratios of its pairs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.stats import betting as evidence

REGRESSED, NOT_SLOWER, IMPROVED, NOT_RESOLVED = "regressed", "not_slower", "improved", "not_resolved"

FEWEST_TO_GIVE_UP = 8
"""Least number of pairs before a case may be given up: its spread is estimated from them."""


@dataclass(frozen=True)
class Rule:
    """What counts as a regression, and how often that verdict may be wrong."""

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
        return math.log(self.cases / (self.alpha if verdict == REGRESSED else self.alpha_other))

    def evidence(self, x: Sequence[float], verdict: str) -> float:
        """log of the largest evidence at any look for a verdict; 0 without pairs."""
        return max(0.0, float(evidence.above(*self._hypothesis(x, verdict)).max())) if len(x) else 0.0

    def course(self, x: Sequence[float], verdict: str) -> list[float]:
        """log of the evidence for a verdict after each pair."""
        return [float(value) for value in evidence.above(*self._hypothesis(x, verdict))] if len(x) else []

    def shown(self, x: Sequence[float], verdict: str) -> bool:
        """Whether the evidence for a verdict sufficed at any look. The stated rate of errors holds over all looks."""
        return self.evidence(x, verdict) >= self.needed(verdict)

    def verdict(self, x: Sequence[float]) -> str:
        """The verdict: regressed before improved before not slower, else not resolved."""
        return next((each for each in (REGRESSED, IMPROVED, NOT_SLOWER) if self.shown(x, each)), NOT_RESOLVED)

    def to_go(self, x: Sequence[float], verdict: str, nearer: float = 0.0) -> float:
        """Pairs until a verdict is reached, if they are like those seen; infinite if those oppose it.

        nearer: log ratio by which future pairs favour it more than those seen.
        """
        posed, bound = self._hypothesis(x, verdict)
        lacking = self.needed(verdict) - float(evidence.above(posed, bound)[-1])
        gain = evidence.rate([value + nearer for value in posed], bound)
        return max(0.0, lacking) / gain if gain > 0 else math.inf

    def wants_more(self, x: Sequence[float], most: float) -> bool:
        """Whether another pair is worth its time: not if the case is decided, or if `most` more would hardly decide it.

        A case that is not slower may still be found improved, if its median is faster by more than the slack.
        """
        verdict = self.verdict(x)
        if verdict in (REGRESSED, IMPROVED) or most < 1:
            return False
        if verdict == NOT_SLOWER:
            return float(np.median(x)) < -math.log1p(self.slack) and self._hopeful(x, IMPROVED, most)
        return len(x) < FEWEST_TO_GIVE_UP or any(self._hopeful(x, each, most) for each in (REGRESSED, NOT_SLOWER))

    def _hopeful(self, x: Sequence[float], verdict: str, most: float) -> bool:
        """Whether `most` more pairs could reach a verdict if the effect were two standard errors more in favour."""
        spread = 1.4826 * float(np.median(np.abs(np.asarray(x) - np.median(x))))
        return self.to_go(x, verdict, nearer=2 * spread / math.sqrt(len(x))) <= most

    def _hypothesis(self, x: Sequence[float], verdict: str) -> tuple[list[float], float]:
        """The values and the bound for a verdict, whose evidence is evidence that the values are above the bound."""
        if verdict == REGRESSED:
            return list(x), math.log1p(self.slack)
        bound = math.log1p(self.limit) if verdict == NOT_SLOWER else -math.log1p(self.slack)
        return [-value for value in x], -bound

    def smallest_seen(self, x: Sequence[float]) -> float | None:
        """The smallest slow-down that these pairs, shifted by it, would have called a regression; None below two.

        0.03 is 3 %. Found by bisection: evidence grows with the shift.
        """
        if len(x) < 2:
            return None
        centred = np.asarray(x, dtype=np.float64) - np.median(x)
        low, high = 0.0, 3.0
        if not self.shown((centred + high).tolist(), REGRESSED):
            return None
        while high - low > 1e-4:
            middle = (low + high) / 2
            low, high = (low, middle) if self.shown((centred + middle).tolist(), REGRESSED) else (middle, high)
        return math.expm1(high)
