"""When to stop adding values: once the interval of their median is narrow twice in a row."""

from __future__ import annotations

import math

from bench.stats import intervals
from bench.stats.moderation import Prior


class NarrowTwice:
    """Stops once the interval is narrow at two looks in a row, or at the largest number of values.

    Looking after each value and stopping at the first narrow interval prefers intervals that are narrow by chance: of
    those that state 95 %, 93.5 to 94 % then cover the median at a spread of 3 to 3.5 %, and 92 % where nearly half of
    the values are 10 % slower. A second look costs about one value (simulated: docs/decisions/0007 and 0018;
    `bench certify` simulates it again, with this class). The first look is enough where the run's other cases are
    known to be normal: the spread that they lend is not small by chance.
    """

    def __init__(self, fewest: int, most: int, half_width: float) -> None:
        """half_width: wanted half of the interval, as a share of the median."""
        self._fewest, self._most, self._wanted = fewest, most, half_width
        self.values: list[float] = []
        self._prior: Prior | None = None
        self._narrow = self._narrow_before = False

    @property
    def half_width(self) -> float:
        """Half the interval of the values so far, as a share of their median; infinite without an interval."""
        found = intervals.median(self.values, prior=self._prior) if self.values else None
        return intervals.half_width(found) if found else math.inf

    def add(self, value: float, prior: Prior | None = None) -> None:
        """Add one positive value. prior: what the run's other cases say of the spread now; see `intervals.median`."""
        self.values.append(value)
        self._prior = prior
        if len(self.values) < self._fewest:
            return  # too few values for the first look
        self._narrow_before, self._narrow = self._narrow, self.half_width <= self._wanted
        if len(self.values) == self._fewest:
            self._narrow_before = prior is not None and prior.normal

    def is_finished(self) -> bool:
        """Whether there are enough values."""
        n = len(self.values)
        return n >= self._fewest and (n >= self._most or (self._narrow and self._narrow_before))
