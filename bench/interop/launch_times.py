"""A run in the form for other tools: the medians of its launches, for cases that ended well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.analyse.history.run_points import commit_of
from bench.analyse.protocols import comparable_fingerprint
from bench.analyse.rows.analysis import Analysis
from bench.records import UserError
from bench.series import CPU
from bench.stats import intervals
from bench.stats.intervals import Interval
from bench.store.tables import RunData


@dataclass(frozen=True)
class CaseTimes:
    """One case and clock: the median of each launch in order, in seconds per step."""

    key: str
    clock: str
    medians: tuple[float, ...]

    @property
    def median(self) -> Interval:
        """The median over launches, with its interval."""
        return intervals.median(self.medians)


@dataclass(frozen=True)
class RunOrigin:
    """Where, when and from what code a run was made, as far as other tools' files have a place for it."""

    run: str
    """The run's id."""
    created: str
    """ISO 8601."""
    machine: str
    fingerprint: str
    commit: str | None
    dirty: bool
    """Whether files of the working tree differed from the commit."""
    branch: str | None
    state: str | None
    """The commit, with a mark if files differed from it (`commit_of`)."""
    cpu_model: str
    architecture: str
    logical_cores: int | None
    system: str
    release: str
    python_implementation: str
    python_version: str

    @classmethod
    def of(cls, run: Mapping[str, Any]) -> RunOrigin:
        """Read a `run.json`."""
        git = run.get("git") or {}
        cpu, os_, python = (run["environment"].get(name) or {} for name in ("cpu", "os", "python"))
        return cls(
            run=run["run"],
            created=run["created"],
            machine=run["machine"],
            fingerprint=comparable_fingerprint(run),
            commit=git.get("commit"),
            dirty=bool(git.get("dirty")),
            branch=git.get("branch"),
            state=commit_of(run),
            cpu_model=str(cpu.get("model", "")),
            architecture=str(cpu.get("architecture", "")),
            logical_cores=cpu.get("logical"),
            system=str(os_.get("system", "")),
            release=str(os_.get("release", "")),
            python_implementation=str(python.get("implementation", "")),
            python_version=str(python.get("version", "")),
        )


@dataclass(frozen=True)
class LaunchTimes:
    """The times of a run, and where they come from."""

    origin: RunOrigin
    cases: tuple[CaseTimes, ...]


def launch_times(data: RunData) -> LaunchTimes:
    """Collect the times of a run. Raises `UserError` if it has none."""
    run = Analysis(data)
    lost = {row.key for row in run.judged if not row.ok}
    cases = tuple(
        CaseTimes(key, clock, tuple(each.median_s for each in sorted(medians, key=lambda each: each.launch)))
        for key, clock, medians in run.readings.times.steps()
        if key not in lost and clock != CPU  # it follows from the same blocks, and other tools have no place for it
    )
    if not cases:
        raise UserError(f"run {data.run['run']} has no times: no case ended well")
    return LaunchTimes(RunOrigin.of(data.run), cases)
