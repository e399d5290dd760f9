"""Notices the blocks in which a control group stopped this process, since its quota of CPU time was used up.

A container of half a core computes for 50 ms of each 100 ms, and stands still for the rest. A block in which that
happened tells the quota and not the step. The kernel counts it exactly: such blocks are left out one by one, and the
others are as they would be without a quota.
"""

from __future__ import annotations

from pathlib import Path

from bench.measure.machine import cgroups
from bench.measure.machine.cgroups import Stops
from bench.measure.machine.kernel_files import ROOT
from bench.protocol.placement import cores_text

MOST_STOPPED = 0.8
"""Most blocks of a case, as a share, that may be left out for the quota; above it the case fails. The others are not
slowed down, so it may be more than of heat."""

CURE = "give it a whole core for each thread"

TRIES = 3
"""How often a block is timed that must not be stopped, such as one by which n is found."""


class QuotaWatch:
    """Counts blocks that were stopped. It costs nothing where nothing limits this process."""

    def __init__(self, root: Path = ROOT) -> None:
        """root: where /proc and /sys are."""
        self._limits = cgroups.limits(root)
        self.lost = 0
        """Blocks that were left out."""

    @property
    def cores(self) -> float | None:
        """Cores that the tightest limit is worth; None without a limit."""
        return min((limit.cores for limit in self._limits), default=None)

    @property
    def period_s(self) -> float:
        """The longest period of a limit, seconds: whoever rests for so long has a whole quota again."""
        return max((limit.period_us for limit in self._limits), default=0) / 1e6

    def reading(self) -> tuple[Stops, ...]:
        """The counters now; read them outside of the timed interval, as they are files."""
        return tuple(cgroups.stops(limit.folder) for limit in self._limits)

    def stopped_since(self, before: tuple[Stops, ...]) -> bool:
        """Whether this process was stopped since a reading, or another of its group."""
        # Both counters: time is added when a group goes on, which may be before its period ends and is counted.
        now = self.reading()
        return any((a.throttled, a.seconds) != (b.throttled, b.seconds) for a, b in zip(before, now, strict=True))

    def why_too_many(self, blocks: int) -> str:
        """Why the case has too few blocks, of so many that would count; empty where it has enough."""
        return self._because(f"{self.lost} of {blocks} blocks were") if self.lost > MOST_STOPPED * blocks else ""

    def why_each(self, tries: int) -> str:
        """Why one block could not be timed, however often it was tried."""
        return self._because(f"a block that was timed {tries} times was each time")

    def _because(self, what: str) -> str:
        return f"{what} stopped by the quota of {cores_text(self.cores or 0)} of the container: {CURE}"
