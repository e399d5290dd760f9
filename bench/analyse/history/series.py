"""What a history is made of: series with one value a commit, their segments and level changes, and alerts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.stats.change_points import FEWEST, Change

COLUMNS = (
    "key", "clock", "machine", "fingerprint", "commit", "at", "value", "unit", "higher_is_better", "launches",
)  # fmt: skip
"""Columns of a frame of points, which has a row for each launch (or process of another tool), in order of time. commit:
that of the measured code, None if unknown; at: when it was measured, UTC, NaT if unknown; value: above 0, in `unit`,
seconds per step for times; launches: how many processes the value comes from."""


@dataclass(frozen=True)
class SeriesIdentity:
    """One case and clock on one machine, in one unit."""

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
    """Consecutive values of one fingerprint within a series."""

    fingerprint: str
    places: tuple[int, ...]
    """Places of its values in the series."""
    changes: tuple[Change, ...]
    """Level changes, whose places count from the start of the segment."""

    @property
    def searched(self) -> bool:
        """Whether it is long enough to hold a change."""
        return len(self.places) >= 2 * FEWEST


@dataclass(frozen=True)
class HistorySeries(SeriesIdentity):
    """One case and clock on one machine, with a value for each commit, oldest first."""

    higher_is_better: bool
    commits: tuple[str, ...]
    times: tuple[str | None, ...]
    """When each commit was first measured: ISO 8601, UTC."""
    values: NDArray[np.float64]
    launches: tuple[int, ...]
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class LevelChange(SeriesIdentity):
    """A change of level in a series, with the commits around it."""

    fingerprint: str
    place: int
    """Where the new level begins in the series."""
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
    """Standard deviation of one value around its level, on the log scale."""
    p: float
    values_after: int


@dataclass(frozen=True)
class Alert:
    """Something changed between two commits, and these series show it."""

    after_commit: str
    until_commit: str
    changes: tuple[LevelChange, ...]

    @property
    def worse(self) -> bool:
        """Whether any of its series gets slower, or larger where less is better."""
        return any(change.worse for change in self.changes)


@dataclass(frozen=True)
class History:
    """All series of a frame of points, and their alerts."""

    series: tuple[HistorySeries, ...]
    alerts: tuple[Alert, ...]

    @property
    def changes(self) -> tuple[LevelChange, ...]:
        """The level changes of all alerts."""
        return tuple(change for alert in self.alerts for change in alert.changes)


@dataclass(frozen=True)
class KnownChange(SeriesIdentity):
    """A level change of an earlier report: it lies after one commit, and not after another."""

    worse: bool
    after_commit: str
    until_commit: str
