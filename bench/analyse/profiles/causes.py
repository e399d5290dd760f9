"""The causes of a difference between two sides, as far as profile pairs show them, and which of them is named first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.analyse.profiles.code import follows, waits
from bench.analyse.profiles.exact import Exact

CODE, OPERATORS, IN_LOADER = "code", "operators", "in the loader's workers"


@dataclass(frozen=True)
class Cause:
    """One thing that was asked about: seconds a step on either side, and the difference with its interval."""

    view: str
    name: str
    within: str
    """Of a function the innermost function of the user's own code that called it; of an operator which part of a step
    it belongs to, with its dtypes. Empty where it says no more than the name."""
    base_s: float
    head_s: float
    """Medians over pairs."""
    difference_s: float
    low: float
    high: float
    """Of head minus base, within pairs. All intervals of a suite hold at once, at its level (`difference.ALPHA`)."""

    @property
    def clear(self) -> bool:
        """Do the pairs exclude that the sides are alike?"""
        return self.low > 0 or self.high < 0

    @property
    def waits(self) -> bool:
        """Does it only wait for another thread or process?"""
        return waits(self.name)

    @property
    def follows(self) -> bool:
        """Does it only wait, or run what was recorded elsewhere?"""
        return follows(self.name)


@dataclass(frozen=True)
class View:
    """The difference, dealt out in one way. `causes` are all that was asked about: clear ones first, by size."""

    name: str
    causes: tuple[Cause, ...]
    rest_s: float
    """Of the measured difference what no clear cause accounts for."""
    reason: str = ""
    """Why there is none."""

    @property
    def clear(self) -> tuple[Cause, ...]:
        """Those that the pairs show."""
        return tuple(cause for cause in self.causes if cause.clear)


@dataclass(frozen=True)
class Explained:
    """What the profile pairs of a case say."""

    key: str
    pairs: int
    rung: str
    step: Cause
    """The whole step, without any profiler."""
    code: View
    operators: View
    loader: View
    parts: tuple[Cause, ...]
    """Kernels, copies, loader and so on under torch.profiler: told, and not asked about."""
    exact: tuple[Exact, ...]
    """Counts that differ, the same in every pair."""
    overheads: Mapping[str, float]
    """Ratio to the step without, the larger of both sides: of the sampler, and of torch.profiler."""
    samples: Mapping[str, int]
    compiling_s: Mapping[str, float] = field(default_factory=dict)
    """Seconds of the first call with an empty compile cache, by side."""

    def dominated(self, view: View) -> bool:
        """Is more than half of the difference in the rest? Then no cause is named: it lies elsewhere, or nowhere."""
        return abs(view.rest_s) > abs(self.step.difference_s) / 2

    @property
    def first(self) -> Cause | Exact | None:
        """The cause that is named first; None where no function clearly differs, or the rest dominates.

        Where the thread of the steps waits for more, what its loader's workers are at counts first. What only runs
        what others recorded, as the backward pass does, comes after those others.
        """
        breaks = next((each for each in self.exact if each.breaks and each.head > each.base), None)
        if breaks is not None:
            return breaks
        sign = 1 if self.step.difference_s > 0 else -1
        found = [each for each in self.code.clear if sign * each.difference_s > 0 and not self.dominated(self.code)]
        fetching = [each for each in self.loader.clear if sign * each.difference_s > 0 and not each.waits]
        if fetching and (found[0].waits if found else self.waits_for_loader):
            return fetching[0]
        working = [each for each in found if not each.follows]
        return next(iter(working or found), None)

    @property
    def waits_for_loader(self) -> bool:
        """Could what the loader's workers clearly take longer be the difference? They account for most of it, and on
        one of the sides the thread of the steps waits for as long at least.
        """
        waiting = [(each.base_s, each.head_s) for each in self.code.causes if each.waits]
        longest = max(map(sum, zip(*waiting, strict=True)), default=0.0)
        return not self.dominated(self.loader) and longest >= abs(self.step.difference_s)
