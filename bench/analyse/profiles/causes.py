"""The causes of a difference between two sides, as profile pairs show them, and which one is named first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.analyse.profiles.exact_counts import Exact
from bench.analyse.profiles.frame_owner import follows, waits

CODE, OPERATORS, IN_LOADER = "code", "operators", "in the loader's workers"

LED = 0.2
"""If a cause only follows from another, that other one is named first if it accounts for a fifth of the difference: a
forward pass takes about a third of a step, and its backward pass the rest."""

CANCELS = 2.0
"""Clear differences that add up to more than twice the whole go both ways: none of them explains the whole."""


@dataclass(frozen=True)
class Cause:
    """One candidate: its seconds per step on each side, and the difference with its interval."""

    view: str
    name: str
    within: str
    """For a function, the innermost function of the user's own code that called it; for an operator, its dtypes and its
    part of the step. Empty if it adds nothing to the name."""
    base_s: float
    head_s: float
    """Medians over pairs."""
    difference_s: float
    low: float
    high: float
    """Head minus base, within pairs: the middle by signed ranks, and its interval. If nothing differs, all intervals of
    a suite hold zero at once, at its level (`difference.ALPHA`)."""

    @property
    def clear(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low > 0 or self.high < 0

    @property
    def waits(self) -> bool:
        """Whether it only waits for another thread or process."""
        return waits(self.name)

    @property
    def follows(self) -> bool:
        """Whether it only waits, or replays what was recorded elsewhere."""
        return follows(self.name)


@dataclass(frozen=True)
class View:
    """The difference, broken down in one way. `causes` holds all candidates: clear ones first, by size."""

    name: str
    causes: tuple[Cause, ...] = ()
    rest: Cause | None = None
    """The part of the measured difference that no clear cause accounts for; None if the view does not add up to it."""
    reason: str = ""
    """Why the view is empty."""
    moved: tuple[str, ...] = ()
    """Functions that exist on one side only, if both sides have some: together they are one candidate."""

    @property
    def clear(self) -> tuple[Cause, ...]:
        """The causes whose interval excludes zero."""
        return tuple(cause for cause in self.causes if cause.clear)


@dataclass(frozen=True)
class Explained:
    """What the profile pairs of a case show."""

    key: str
    pairs: int
    seen: int
    """Number of pairs in which both sides have enough samples to compare functions."""
    rung: str
    alpha: float
    """Largest probability that anything is clear in a suite whose sides are alike."""
    step: Cause
    """The whole step, without any profiler."""
    code: View
    operators: View
    loader: View
    parts: tuple[Cause, ...]
    """Kernels, copies, loader and so on under torch.profiler, for information only; empty over its budget."""
    exact: tuple[Exact, ...]
    """Counts that differ, the same in every pair."""
    overheads: Mapping[str, float]
    """Factor by which the sampler and torch.profiler lengthen a step, the larger of both sides."""
    samples: Mapping[str, int]
    lost: int
    """Samples that the sampler lost on both sides."""
    workers: float
    """Processes that fetch batches while a step runs."""
    compiling_s: Mapping[str, float] = field(default_factory=dict)
    """Seconds of building and of the first call with an empty compile cache, by side, from one process each."""

    @property
    def dominated(self) -> bool:
        """Whether more than half of the difference is in the rest; then no function is named."""
        rest = self.code.rest
        return rest is None or abs(rest.difference_s) > abs(self.step.difference_s) / 2

    @property
    def cancels(self) -> bool:
        """Whether clear differences go both ways, and so are large beside the whole."""
        return sum(abs(each.difference_s) for each in self.code.clear) > CANCELS * abs(self.step.difference_s)

    @property
    def first(self) -> Cause | Exact | None:
        """The cause that is named first. None if the step does not clearly differ, if no function clearly does, if the
        rest dominates, or if clear differences cancel.

        A new graph break or recompilation comes first if the step is clearly slower; it is a known fact, but its
        seconds were not measured. A function that waits for a loader's workers comes after what the workers do, and one
        that replays what others recorded, as the backward pass does, after those others.
        """
        if not self.step.clear:
            return None
        breaks = next((each for each in self.exact if each.breaks and each.head > each.base), None)
        if breaks is not None and self.step.low > 0:
            return breaks
        found = self._same_way(self.code)
        if not found or self.dominated or self.cancels:
            return None
        largest = found[0]
        if largest.waits and (fetching := self._fetching(largest)):
            return fetching
        leading = [each for each in found if not each.follows and self.share(each) >= LED]
        return leading[0] if largest.follows and leading else largest

    def share(self, cause: Cause) -> float:
        """The share of the measured difference that a cause accounts for."""
        return cause.difference_s / self.step.difference_s

    def _same_way(self, view: View) -> list[Cause]:
        """Clear causes that differ as the step does, the largest first."""
        return [each for each in view.clear if (each.difference_s > 0) == (self.step.difference_s > 0)]

    def _fetching(self, wait: Cause) -> Cause | None:
        """What clearly takes a loader's workers longer, if it accounts for at least half of the wait."""
        found = [each for each in self._same_way(self.loader) if not each.waits]
        longer = sum(each.difference_s for each in found) / max(1.0, self.workers)
        return found[0] if found and abs(longer) >= abs(wait.difference_s) / 2 else None
