"""A run of ours as other tools take it: the medians of its launches, of the cases that ended well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.analyse.rows.analysis import Analysis
from bench.records import UserError
from bench.stats import intervals
from bench.stats.intervals import Interval
from bench.store.tables import RunData


@dataclass(frozen=True)
class CaseTimes:
    """One case and clock: seconds per step, the median of each launch in order."""

    key: str
    clock: str
    medians: tuple[float, ...]

    @property
    def median(self) -> Interval:
        """Over launches, with its interval."""
        return intervals.median(self.medians)


@dataclass(frozen=True)
class LaunchTimes:
    """What of a run other tools have a place for."""

    run: Mapping[str, Any]
    cases: tuple[CaseTimes, ...]


def launch_times(data: RunData) -> LaunchTimes:
    """The times of a run. Raises `UserError` where it has none."""
    run = Analysis(data)
    lost = {row.key for row in run.judged if not row.ok}
    cases = tuple(
        CaseTimes(key, clock, tuple(each.median_s for each in sorted(medians, key=lambda each: each.launch)))
        for key, clock, medians in run.readings.medians.steps()
        if key not in lost
    )
    if not cases:
        raise UserError(f"run {data.run['run']} has no times: no case ended well")
    return LaunchTimes(data.run, cases)
