"""The time that a run may spend: it begins nothing that it expects not to finish within its budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from bench.records import Planned

Clock = Callable[[], float]


class Budget:
    """Counts from its making on. Without an amount everything is affordable."""

    def __init__(self, amount_s: float | None, cost_s: Callable[[str], float], clock: Clock = time.monotonic) -> None:
        """cost_s: by key, the seconds that a launch of the case will take, as far as they are foreseen; 0 where they
        are not, so that it is tried.
        """
        self._cost_s = cost_s
        self._clock = clock
        self._ends = float("inf") if amount_s is None else clock() + amount_s
        self.refused = False
        """Something was left out because of the budget."""

    def affords(self, planned: Iterable[Planned]) -> bool:
        """Is there time left for one launch of these cases?"""
        left = self._ends - self._clock()
        affordable = left > 0 and sum(self._cost_s(item.case.key) for item in planned) <= left
        self.refused |= not affordable
        return affordable
