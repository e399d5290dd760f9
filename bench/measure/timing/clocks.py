"""The host clock, behind a small interface, so that tests drive everything that is timed with a simulated one."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Reads the time in whole nanoseconds from an arbitrary zero."""

    def __call__(self) -> int:
        """Now, in ns."""


wall: Clock = time.perf_counter_ns


def resolution_ns(clock: Clock, ticks: int = 200) -> float:
    """Smallest difference the clock shows between two readings, over `ticks` changes of it (ns)."""
    smallest = float("inf")
    for _ in range(ticks):
        before = after = clock()
        while after == before:
            after = clock()
        smallest = min(smallest, after - before)
    return smallest


def cost_ns(clock: Clock, readings: int = 2000) -> float:
    """Mean cost of one reading, in ns: the span of many readings in a row over their number."""
    first = clock()
    for _ in range(readings):
        last = clock()
    return (last - first) / readings
