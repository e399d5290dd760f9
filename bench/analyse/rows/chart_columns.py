"""What charts draw besides the estimates, beside them: each row's twins, phases, samples and error.

A chart is drawn from one frame, so that it can carry its own rows: what other tables hold stands here as one nested
value a row, of plain lists and mappings.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from bench.analyse.rows.estimates import grouped, phases
from bench.analyse.rows.launch_medians import launch_medians
from bench.analyse.rows.speedups import speedups
from bench.records import Outcome, Value
from bench.store.tables import RunData

REFERENCES: dict[str, Value] = {
    "device": "cpu", "dtype": "float32", "mode": "eager", "threads": 1, "loader": "sliced", "form": "cure",
    "framework": "torch",
}  # fmt: skip
"""What a case is compared with on each axis: what the course does, or what is plainest."""

MOST_SAMPLES = 60
"""Blocks of a launch that are drawn, evenly spread over it."""

COLUMNS = ("twins", "phases", "samples", "check_error", "created")


def chartable(frame: pd.DataFrame, data: RunData) -> pd.DataFrame:
    """`frame` with `COLUMNS`; frame: estimates of the same run.

    twins: by axis, the speed-up against the case that differs in it alone (`reference`, `speedup`, `speedup_low`, …).
    phases: by phase, [value, low, high] in seconds, on the row's clock. samples: by launch, seconds per step of its
    kept blocks. check_error: the largest relative error of the answer. created: when the run began.
    """
    medians = launch_medians(data)
    twins: list[dict[str, Any]] = [{} for _ in range(len(frame))]
    for axis, value in REFERENCES.items():
        timed = frame.loc[frame["outcome"] == Outcome.OK, "params"]
        if any(params.get(axis) == value for params in timed) and any(
            params.get(axis, value) != value for params in timed
        ):
            for own, found in zip(twins, speedups(frame, medians, f"{axis}={value}"), strict=True):
                if found["reference"] is not None:
                    own[axis] = {**found, "speedup_paired": bool(found["speedup_paired"])}
    parts, samples, errors = _phases(data), _samples(data), _errors(data)
    clocks = list(zip(frame["key"], frame["clock"], strict=True))
    timed_rows = (frame["outcome"] == Outcome.OK).tolist()
    made = {
        "twins": twins,
        "phases": [parts.get(name, {}) if ok else {} for name, ok in zip(clocks, timed_rows, strict=True)],
        "samples": [samples.get(name, {}) if ok else {} for name, ok in zip(clocks, timed_rows, strict=True)],
        "check_error": [errors.get(key) if ok else None for (key, _), ok in zip(clocks, timed_rows, strict=True)],
        "created": [str(data.run["created"])] * len(frame),
    }
    return pd.concat([frame, pd.DataFrame(made, index=frame.index)], axis="columns")


def _phases(data: RunData) -> dict[tuple[str, str], dict[str, list[float | None]]]:
    found: dict[tuple[str, str], dict[str, list[float | None]]] = {}
    for row in phases(data).to_dict("records"):
        ends = [None if pd.isna(row[name]) else float(row[name]) for name in ("value_s", "low_s", "high_s")]
        found.setdefault((row["key"], row["clock"]), {})[row["phase"]] = ends
    return found


def _samples(data: RunData) -> dict[tuple[str, str], dict[str, list[float]]]:
    kept = data.blocks["kept"].astype(bool) & (data.blocks["side"] == "") & (data.blocks["phase"] == "step")
    blocks = data.blocks[kept]
    times = blocks["total_ns"].to_numpy(np.float64) / blocks["steps"].to_numpy(np.float64) / 1e9
    frame = blocks[["key", "clock", "launch"]].assign(step_s=times)
    found: dict[tuple[str, str], dict[str, list[float]]] = {}
    for (key, clock, launch), rows in grouped(frame, "key", "clock", "launch").items():
        at = np.unique(np.linspace(0, len(rows) - 1, MOST_SAMPLES).round().astype(int))
        found.setdefault((key, clock), {})[str(launch)] = [rows[place]["step_s"] for place in at]
    return found


def _errors(data: RunData) -> dict[str, float]:
    """The largest error of a case over its launches, before and after its blocks."""
    largest = data.launches[["error_before", "error_after"]].astype("Float64").max(axis="columns")
    by_key = largest.groupby(data.launches["key"].to_numpy()).max()
    return {str(key): float(value) for key, value in by_key.items() if not pd.isna(value)}
