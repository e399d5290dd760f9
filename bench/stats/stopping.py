"""When are there values enough? When the interval of their median is narrow, and was so before the last one came."""

from __future__ import annotations

import math

from bench.stats import intervals


class NarrowTwice:
    """Stops where the interval is narrow at two looks in a row, at the first of all, or at the most values allowed.

    Looking after each value and stopping at the first narrow interval prefers intervals that are narrow by chance: of
    those that state 95 %, 93.5 to 94 % then cover the median at a spread of 3 to 3.5 %, and 92 % where nearly half of
    the values are 10 % slower. A second look costs about one value and brings 95 % and 93 % (simulated, the stop at the
    first look included; `bench certify` simulates it anew, with this class).
    """

    def __init__(self, fewest: int, most: int, half_width: float) -> None:
        """half_width: the wanted half of the interval as a share of the median."""
        self._fewest, self._most, self._wanted = fewest, most, half_width
        self.values: list[float] = []
        self._narrow = self._narrow_before = False

    @property
    def half_width(self) -> float:
        """Of the interval of the values so far, as a share of their median; infinite without one."""
        return intervals.half_width(intervals.median(self.values)) if self.values else math.inf

    def add(self, value: float) -> None:
        """One value more; positive."""
        self.values.append(value)
        if len(self.values) < self._fewest:
            return  # nobody looks before the first look
        self._narrow_before, self._narrow = self._narrow, self.half_width <= self._wanted
        if len(self.values) == self._fewest:
            self._narrow_before = True

    def is_finished(self) -> bool:
        """No more values are wanted."""
        n = len(self.values)
        return n >= self._fewest and (n >= self._most or (self._narrow and self._narrow_before))
