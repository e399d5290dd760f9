"""When does a case have launches enough?"""

from __future__ import annotations

from bench.records import Settings
from bench.stats.stopping import NarrowTwice


class Precision:
    """Gathers one median a launch; finished at the number that was asked for, or as `NarrowTwice` says."""

    def __init__(self, settings: Settings) -> None:
        self._exactly = settings.launches
        self._least = settings.launches or settings.min_launches
        self._rule = NarrowTwice(settings.min_launches, settings.max_launches, settings.precision)

    def add(self, median_s: float) -> None:
        """The median of one launch, in seconds per step."""
        self._rule.add(median_s)

    def is_finished(self) -> bool:
        """No more launches are wanted."""
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
        """Launches still expected: those sure to come, since how many precision will ask for cannot be known."""
        return 0 if self.is_finished() else max(1, self._least - len(self.medians))
