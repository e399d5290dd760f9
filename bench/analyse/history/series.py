"""What a history is made of: series of one value a commit, their segments, the marks in them, and alerts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.stats.change_points import FEWEST, Change

COLUMNS = (
    "key", "clock", "machine", "fingerprint", "commit", "at", "value", "unit", "higher_is_better", "launches",
)  # fmt: skip
"""Of a frame of points: a row a launch (or what another tool kept of a process), in the order of time. commit: which
state of the code, None where that is not known; at: when it was measured, UTC, NaT where that is not known; value:
above 0, in `unit`, seconds per step for times; launches: how many processes the value is of."""


@dataclass(frozen=True)
class SeriesIdentity:
    """What belongs to one case and clock on one machine, in one unit."""

    key: str
    clock: str
    machine: str
    unit: str

    @property
    def series(self) -> tuple[str, ...]:
        """The identity of the series."""
        return self.key, self.clock, self.machine, self.unit


@dataclass(frozen=True)
class Segment:
    """Values of one fingerprint within a series."""

    fingerprint: str
    places: tuple[int, ...]
    """Of its values in the series."""
    changes: tuple[Change, ...]
    """Counted within the segment."""

    @property
    def searched(self) -> bool:
        """Is it long enough to hold a change?"""
        return len(self.places) >= 2 * FEWEST


@dataclass(frozen=True)
class HistorySeries(SeriesIdentity):
    """One case and clock on one machine, a value a commit, oldest first."""

    higher_is_better: bool
    commits: tuple[str, ...]
    times: tuple[str | None, ...]
    """When each commit was first measured: ISO 8601, UTC."""
    values: NDArray[np.float64]
    launches: tuple[int, ...]
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class LevelChange(SeriesIdentity):
    """A change of level in a series, as it is told."""

    fingerprint: str
    place: int
    """Of the first value of the new level in the series."""
    commit: str
    at: str | None
    after_place: int
    after_commit: str
    """The last commit before the range: the change is after this one…"""
    until_place: int
    until_commit: str
    """…and not after this one."""
    before: float
    after: float
    ratio: float
    """after ÷ before."""
    low: float
    high: float
    """95 % interval of the ratio."""
    worse: bool
    sd: float
    """Of one value around its level, on the log scale."""
    p: float
    values_after: int


@dataclass(frozen=True)
class Alert:
    """Something changed between two commits, and these series show it."""

    after_commit: str
    until_commit: str
    marks: tuple[LevelChange, ...]

    @property
    def worse(self) -> bool:
        """Does any of its series get slower, or larger where less is better?"""
        return any(mark.worse for mark in self.marks)


@dataclass(frozen=True)
class History:
    """All series of a frame of points, and what changed in them."""

    series: tuple[HistorySeries, ...]
    alerts: tuple[Alert, ...]

    @property
    def marks(self) -> tuple[LevelChange, ...]:
        """Of all alerts."""
        return tuple(mark for alert in self.alerts for mark in alert.marks)


@dataclass(frozen=True)
class KnownChange(SeriesIdentity):
    """A change that was told before: it came after one commit, and not after another."""

    worse: bool
    after_commit: str
    until_commit: str
