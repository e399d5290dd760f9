"""Another tool's file in our terms: executions of benchmarks, and which values share a process."""

from __future__ import annotations

import hashlib
import json
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pandas as pd

from bench.analyse.history.series import COLUMNS
from bench.plan.foreign_keys import digest
from bench.plan.foreign_keys import is_key as is_key
from bench.plan.foreign_keys import key as key
from bench.plan.foreign_keys import slug as slug
from bench.plan.foreign_keys import value as value
from bench.records import UNKNOWN, Case, UserError

SECONDS: Mapping[str, float] = {
    "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0,
    "ms": 1e-3, "msec": 1e-3, "us": 1e-6, "usec": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9, "nsec": 1e-9,
}  # fmt: skip
"""Seconds in each unit of time, by the names that other tools use."""


@dataclass(frozen=True)
class Benchmark:
    """One benchmark of one execution."""

    name: str
    """Its name in the other tool."""
    key: str
    """Its case key in coursebench."""
    processes: tuple[tuple[float, ...], ...] = ()
    """Values by process, above 0, in `unit`: raw ones, or one statistic of them. Empty where there is no value."""
    unit: str = "s"
    higher_is_better: bool = False
    steps: int | None = None
    """Calls behind each value; None if the file does not state them."""
    summary: str = ""
    """The statistic that each value is: `median of 50 rounds`. Empty if values are raw."""
    clock: str = "wall"
    reason: str = ""
    """Why there is no value."""


@dataclass(frozen=True)
class Execution:
    """The benchmarks of one invocation, on one machine, at one commit."""

    tool: str
    source: str
    """The file that it was read from."""
    benchmarks: tuple[Benchmark, ...]
    commit: str | None = None
    at: datetime | None = None
    machine: str = UNKNOWN
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Facts about the machine and its software: executions with equal facts are comparable."""
    kept_fingerprint: str | None = None
    """The fingerprint of a coursebench run that was exported to the other tool's format."""

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits over the tool, the machine and the facts; a missing fact counts as an empty one."""
        if self.kept_fingerprint:
            return self.kept_fingerprint
        stated = {name: value for name, value in self.facts.items() if value not in (None, "")}
        text = json.dumps([self.tool, self.machine, stated], sort_keys=True, default=str)
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def points(executions: Sequence[Execution]) -> pd.DataFrame:
    """Executions as points of a history (see `series.COLUMNS`): a row for each process."""
    rows = []
    for execution in executions:
        # Computed once for each: a table of a thousand series and a thousand rows has a million values.
        machine, fingerprint, commit, at = execution.machine, execution.fingerprint, execution.commit, execution.at
        rows += [
            (found.key, found.clock, machine, fingerprint, commit, at, statistics.median(process), found.unit,
             found.higher_is_better, 1)
            for found in execution.benchmarks
            for process in found.processes
        ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.assign(at=pd.to_datetime(frame["at"], utc=True))


def reasons(executions: Sequence[Execution]) -> dict[str, int]:
    """Count the reasons why benchmarks have no value."""
    return dict(Counter(item.reason for each in executions for item in each.benchmarks if not item.processes))


def unambiguous(benchmarks: Sequence[Benchmark]) -> tuple[Benchmark, ...]:
    """Give each benchmark a key of its own, with a digest where names differ only in their separators.

    Raises `UserError` if a name occurs twice.
    """
    names: dict[tuple[str, str], set[str]] = {}
    for item in benchmarks:
        names.setdefault((item.key, item.clock), set()).add(item.name)
    kept: dict[tuple[str, str], Benchmark] = {}
    for item in benchmarks:
        if len(names[item.key, item.clock]) > 1:
            case = Case.from_key(item.key)
            item = replace(item, key=Case.of(f"{case.workload}-{digest(item.name)}", case.axes).key)
        place = item.key, item.clock
        if place in kept:
            raise UserError(f"'{item.name}' is in the file twice; which one counts?")
        kept[place] = item
    return tuple(kept.values())
