"""Extra data that charts need: the twins, phases, samples and largest error of each case.

A chart is drawn from rows alone, so that a figure file can hold its data: each row gets what charts need from other
tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from bench.analyse.rows.columns import rows_of
from bench.analyse.rows.kept_blocks import kept_blocks, with_cpu_clock
from bench.analyse.rows.once import PhaseTime
from bench.analyse.rows.row import Row, Speedup
from bench.analyse.rows.run_readings import RunReadings
from bench.analyse.rows.speedups import speedups
from bench.records import Value
from bench.series import STEP
from bench.stats.intervals import Interval
from bench.store.tables import RunData

REFERENCES: dict[str, Value] = {
    "device": "cpu", "dtype": "float32", "mode": "eager", "threads": 1, "loader": "sliced", "form": "cure",
    "framework": "torch",
}  # fmt: skip
"""Reference value on each axis: what the course does, or the plainest value."""

MOST_SAMPLES = 60
"""Most blocks of a launch that are drawn, evenly spread over it."""


def with_chart_details(rows: Sequence[Row], run: RunReadings, phases: Sequence[PhaseTime]) -> list[Row]:
    """The rows with `twins`, `phases`, `samples`, `check_error` and `created`, all of the same run."""
    data = run.data
    twins, parts, samples, errors = _twins(rows, run), _phases(phases), _samples(data), _errors(data)
    return [
        replace(
            row,
            twins=twins_of_row,
            phases=parts.get((row.key, row.clock), {}) if row.ok else {},
            samples=samples.get((row.key, row.clock), {}) if row.ok else {},
            check_error=errors.get(row.key) if row.ok else None,
            created=str(data.run["created"]),
        )
        for row, twins_of_row in zip(rows, twins, strict=True)
    ]


def _twins(rows: Sequence[Row], run: RunReadings) -> list[dict[str, Speedup]]:
    """For each row and axis, the speed-up against the case with the plainest value."""
    twins: list[dict[str, Speedup]] = [{} for _ in rows]
    measured = [row for row in rows if row.ok]
    for axis, value in REFERENCES.items():
        values = {row.axis(axis, value) for row in measured}
        if any(row.axis(axis) == value for row in measured) and len(values) > 1:
            for own, found in zip(twins, speedups(rows, run, f"{axis}={value}"), strict=True):
                if found is not None:
                    own[axis] = found
    return twins


def _phases(phases: Sequence[PhaseTime]) -> dict[tuple[str, str | None], dict[str, Interval]]:
    found: dict[tuple[str, str | None], dict[str, Interval]] = {}
    for each in phases:
        found.setdefault((each.key, each.clock), {})[each.phase] = each.time
    return found


def _samples(data: RunData) -> dict[tuple[str, str | None], dict[str, list[float]]]:
    kept = kept_blocks(data)
    blocks = with_cpu_clock(kept[kept["phase"] == STEP])
    seconds = blocks["total_ns"].to_numpy(np.float64) / blocks["steps"].to_numpy(np.float64) / 1e9
    by_launch: dict[tuple[str, str, int], list[float]] = {}
    for (key, clock, launch), step_s in zip(rows_of(blocks, "key", "clock", "launch"), seconds.tolist(), strict=True):
        by_launch.setdefault((key, clock, launch), []).append(step_s)
    found: dict[tuple[str, str | None], dict[str, list[float]]] = {}
    for (key, clock, launch), values in by_launch.items():
        at = np.unique(np.linspace(0, len(values) - 1, MOST_SAMPLES).round().astype(int))
        found.setdefault((key, clock), {})[str(launch)] = [values[place] for place in at.tolist()]
    return found


def _errors(data: RunData) -> dict[str, float]:
    """The largest error of a case over its launches, before and after its blocks."""
    largest = data.launches[["error_before", "error_after"]].astype("Float64").max(axis="columns")
    by_key = largest.groupby(data.launches["key"].to_numpy()).max()
    return {str(key): float(value) for key, value in by_key.items() if not pd.isna(value)}
