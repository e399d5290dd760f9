"""The frame of estimates: one row a case and clock, each number with its interval, or the reason there is none."""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from bench.analyse.findings import Evidence, findings_of
from bench.analyse.medians import launch_medians
from bench.records import Case, Outcome
from bench.stats import intervals
from bench.store.tables import RunData

PHASE_COLUMNS = ("key", "clock", "phase", "value_s", "low_s", "high_s", "method", "launches")


def estimates(data: RunData) -> pd.DataFrame:
    """The frame of estimates of a run: one row a case and clock, in the order of the plan.

    Times are seconds per step, sizes bytes, rates items per second. A case without a measurement has one row with its
    outcome and reason, and no time.
    """
    medians = launch_medians(data)
    steps = medians[medians["phase"] == "step"]
    by_case: dict[Any, list[tuple[str, pd.DataFrame]]] = {}
    for (key, clock), group in _groups(steps, ["key", "clock"]):
        by_case.setdefault(key, []).append((clock, group))
    launches = dict(_groups(data.launches, "key"))
    settings = data.run["settings"]
    rows = []
    for planned in data.run["plan"]:
        case = Case.from_key(planned["key"])
        row = {**_identity(case, data.run), **_facts(launches.get(case.key), data.run)}
        if row["outcome"] != Outcome.OK or case.key not in by_case:
            rows.append({**row, **NO_TIME, "findings": []})
            continue
        for clock, group in by_case[case.key]:
            timed = _times(group, row)
            evidence = _evidence(row, timed, group, launches[case.key], settings)
            rows.append({**row, **timed, "clock": clock, "findings": findings_of(evidence)})
    frame = pd.DataFrame(rows)
    # An axis that some workloads lack would turn its whole numbers into floats: 64.0 is no size.
    axes = sorted({axis for params in frame["params"] for axis in params})
    return frame.astype({axis: frame[axis].convert_dtypes().dtype for axis in axes})


def phases(data: RunData) -> pd.DataFrame:
    """A row a case, clock and phase of the workload's own, with its interval; seconds per step."""
    medians = launch_medians(data)
    own = medians[medians["phase"] != "step"]
    rows = []
    for (key, clock, phase), group in _groups(own, ["key", "clock", "phase"]):
        found = intervals.median(group["median_s"].tolist())
        rows.append((key, clock, phase, found.value, found.low, found.high, found.method, found.n))
    return pd.DataFrame(rows, columns=list(PHASE_COLUMNS))


NO_TIME: Mapping[str, Any] = {
    "clock": None,
    "value_s": math.nan,
    "low_s": math.nan,
    "high_s": math.nan,
    "method": "",
    "launches": 0,
    "blocks": 0,
    "items_per_s": math.nan,
    "items_per_s_low": math.nan,
    "items_per_s_high": math.nan,
}
"""The columns of time of a case that has none."""


def _identity(case: Case, run: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "key": case.key,
        "workload": case.workload,
        **case.axes,
        "params": case.axes,
        "run": run["run"],
        "machine": run["machine"],
        "torch": run["environment"]["torch"]["version"],
    }


def _facts(launches: pd.DataFrame | None, run: Mapping[str, Any]) -> dict[str, Any]:
    """What the launches of a case say of it besides its times."""
    if launches is None:
        reason = f"not measured: the run is {run['status']}"
        return {"outcome": Outcome.SKIPPED.value, "reason": reason, **_first_calls([]), **_work({})}
    rows = launches.to_dict("records")
    ended = next((row for row in rows if row["outcome"] != Outcome.OK), rows[0])
    peaks = [row["device_peak_bytes"] for row in rows] + [row["host_peak_bytes"] for row in rows]
    on_device = [peak for peak in peaks[: len(rows)] if not pd.isna(peak)]
    on_host = [peak for peak in peaks[len(rows) :] if not pd.isna(peak)]
    return {
        "outcome": ended["outcome"],
        "reason": ended["reason"],
        "detail": ended["detail"],
        "threads_used": None if pd.isna(ended["threads"]) else int(ended["threads"]),
        "peak_bytes": max(on_device or on_host, default=None),
        "quality": json.loads(ended["quality"]),
        "counters": json.loads(ended["counters"]),
        "no_clock": json.loads(ended["no_clock"]),
        **_first_calls(rows),
        **_work(json.loads(ended["work"])),
    }


def _first_calls(rows: Sequence[Mapping[Hashable, Any]]) -> dict[str, Any]:
    """Median seconds of the first call over launches, with its interval; cold and warm compile cache apart."""
    calls = [(row["cache"], row["first_call_ns"] / 1e9) for row in rows if not pd.isna(row["first_call_ns"])]
    builds = [row["build_ns"] / 1e9 for row in rows if not pd.isna(row["build_ns"])]
    plain = _median(seconds for cache, seconds in calls if cache != "cold") if calls else None
    cold = _median(seconds for cache, seconds in calls if cache == "cold")
    warm = _median(seconds for cache, seconds in calls if cache == "warm")
    first = plain or cold
    return {
        "first_call_s": first.value if first else None,
        "first_call_s_low": first.low if first else None,
        "first_call_s_high": first.high if first else None,
        "compile_cold_s": cold.value if cold else None,
        "compile_warm_s": warm.value if warm else None,
        "build_s": found.value if (found := _median(builds)) else None,
    }


def _work(work: Mapping[str, Any]) -> dict[str, Any]:
    return {name: work.get(name) for name in ("items", "unit", "flops", "bytes", "kernels")}


def _times(group: pd.DataFrame, row: Mapping[str, Any]) -> dict[str, Any]:
    found = intervals.median(group["median_s"].tolist())
    items = row["items"]
    rates = [items / time if items and time else None for time in (found.value, found.high, found.low)]
    return {
        "value_s": found.value,
        "low_s": found.low,
        "high_s": found.high,
        "method": found.method,
        "launches": found.n,
        "blocks": int(group["blocks"].sum()),
        **dict(zip(("items_per_s", "items_per_s_low", "items_per_s_high"), rates, strict=True)),
    }


def _evidence(
    row: Mapping[str, Any],
    timed: Mapping[str, Any],
    group: pd.DataFrame,
    launches: pd.DataFrame,
    settings: Mapping[str, Any],
) -> Evidence:
    width = intervals.half_width(
        intervals.Interval(timed["value_s"], timed["low_s"], timed["high_s"], timed["launches"], "")
    )
    return Evidence(
        key=row["key"],
        step_s=timed["value_s"],
        block_s=float(group["block_s"].median()),
        half_width=width,
        precision=settings["precision"],
        launches=timed["launches"],
        unsteady=int((launches["steady"] == False).sum()),  # noqa: E712  # a nullable column: `is` cannot look inside
        outlier_share=float(group["outliers"].sum() / group["blocks"].sum()),
        foreign_load=_number(launches["foreign_load"].max()),
        resolution_s=_number(launches["clock_resolution_ns"].max(), 1e-9),
        empty_call_s=_number(launches["empty_call_ns"].max(), 1e-9),
        recompiles=sum(json.loads(text).get("recompiles_in_timing", 0) for text in launches["counters"]),
        graph_breaks=max(json.loads(text).get("graph_breaks", 0) for text in launches["counters"]),
    )


def _median(values: Iterable[float]) -> intervals.Interval | None:
    listed = list(values)
    return intervals.median(listed) if listed else None


def _number(value: Any, unit: float = 1.0) -> float | None:
    return None if pd.isna(value) else float(value) * unit


def _groups(frame: pd.DataFrame, by: str | list[str]) -> Iterator[tuple[Any, pd.DataFrame]]:
    return iter(frame.groupby(by, sort=False))  # a groupby has `keys`, and dict() would take it for a mapping
