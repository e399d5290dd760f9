"""Precision of a case: whether it has launches enough."""

from __future__ import annotations

from bench.records import Settings
from bench.stats.moderation import Prior
from bench.stats.stopping import NarrowTwice


class Precision:
    """Collects one median a launch; finished at the number that was asked for, or by the rule `NarrowTwice`."""

    def __init__(self, settings: Settings) -> None:
        self._exactly = settings.launches
        self._least = settings.launches or settings.min_launches
        self._rule = NarrowTwice(settings.min_launches, settings.max_launches, settings.precision)

    def add(self, median_s: float, prior: Prior | None = None) -> None:
        """Add the median of one launch, in seconds per step; prior: what the run's other cases say of its spread."""
        self._rule.add(median_s, prior)

    def is_finished(self) -> bool:
        """Are the launches enough?"""
        if self._exactly is not None:
            return len(self.medians) >= self._exactly
        return self._rule.is_finished()

    @property
    def medians(self) -> list[float]:
        """The medians so far, in seconds per step."""
        return self._rule.values

    def half_width(self) -> float:
        """Half the interval's width as a share of the median; infinite below two launches."""
        return self._rule.half_width

    def launches_left(self) -> int:
        """Launches that are sure to come; how many more precision will need is not known beforehand."""
        return 0 if self.is_finished() else max(1, self._least - len(self.medians))
