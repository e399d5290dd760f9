"""Rows as flat records, which pandas frames, JSON, CSV and the figures hold. `record_reader` reads them back.

A record has a column for each number, with the unit in its name, one for each axis, and None for what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bench.analyse.rows.row import BreakEven, Floor, GateVerdict, Row, Speedup
from bench.stats.intervals import Interval
from bench.workload import Work

if TYPE_CHECKING:
    import pandas as pd

Record = Mapping[str, Any]

IDENTITY = ("run", "workload", "key", "clock", "outcome")
"""Columns that every record of a row has."""

WORK = ("items", "unit", "flops", "bytes", "kernels", "working_set")
FLOOR = (
    *("floor_s", "floor_low_s", "floor_high_s", "floor_by", "floor_proven"),
    *("times_floor", "times_floor_low", "times_floor_high", "floor_reason"),
)
BREAK_EVEN = ("break_even", "break_even_low", "break_even_high", "break_even_of")
SPEEDUP = (
    *("reference", "speedup", "speedup_low", "speedup_high", "speedup_paired", "speedup_method"),
    "speedup_clock",
)
MEAN = ("mean_s", "mean_low_s", "mean_high_s")
P95, P99 = ("p95_s", "p95_low_s", "p95_high_s"), ("p99_s", "p99_low_s", "p99_high_s")
CHART = ("twins", "phases", "samples", "check_error", "created")
"""Columns that rows have only on request."""

NUMBERS = (
    *("value_s", "low_s", "high_s", "first_call_s", "first_call_s_low", "first_call_s_high"),
    *("compile_cold_s", "compile_warm_s", "build_s", "peak_bytes", "items", "flops", "bytes", "kernels"),
    *("working_set", "fastest_s", "sd_launches", "sd_between", "sd_within", "autocorrelation", "drift", "drift_p"),
    *("items_per_s", "items_per_s_low", "items_per_s_high", "threads_used"),
    *(name for name in FLOOR if name not in ("floor_by", "floor_proven", "floor_reason")),
    *BREAK_EVEN[:3],
    *SPEEDUP[1:4],
    *("ratio", "ratio_low", "ratio_high"),
    *MEAN,
    *P95,
    *P99,
    *("waiting", "background", "preempted_share"),
)
"""Columns of numbers: missing ones are NaN in a frame."""


def record(row: Row) -> dict[str, Any]:
    """The row as a flat record: its own columns, and the columns on request that it has."""
    if row.verdict is not None:
        return _verdict_record(row, row.verdict)
    found: dict[str, Any] = {
        **_identity(row),
        "outcome": row.outcome.value,
        "reason": row.reason,
        "detail": row.detail,
        "threads_used": row.threads_used,
        "peak_bytes": row.peak_bytes,
        "quality": row.quality,
        "counters": row.counters,
        "no_clock": None if row.no_clock is None else {each.text: why for each, why in row.no_clock.items()},
        **_ends(row.first_call, "first_call_s", "first_call_s_low", "first_call_s_high"),
        "build_s": row.build_s,
        "compile_cold_s": row.compile_cold_s,
        "compile_warm_s": row.compile_warm_s,
        **_work(row.work),
        **_ends(row.time, "value_s", "low_s", "high_s"),
        "fastest_s": row.fastest_s,
        "sd_launches": row.sd_launches,
        "method": row.method,
        "launches": row.launches,
        "blocks": row.blocks,
        "statistic": row.statistic,
        **_ends(row.mean, *MEAN),
        "mean_method": row.mean.method if row.mean else "",
        **_ends(row.p95, *P95),
        **_ends(row.p99, *P99),
        "waiting": row.waiting,
        "background": row.background,
        "preempted_share": row.preempted_share,
        **_ends(row.rate, "items_per_s", "items_per_s_low", "items_per_s_high"),
        "sd_between": row.sd_between,
        "sd_within": row.sd_within,
        "autocorrelation": row.autocorrelation,
        "drift": row.drift,
        "drift_p": row.drift_p,
        "clock": row.clock,
        "findings": list(row.findings),
    }
    if row.work.compute_dtype:
        found["compute_dtype"] = row.work.compute_dtype
    if row.floor is not None:
        found |= _floor(row.floor, row.times_floor)
    if row.break_even is not None:
        found |= dict(zip(BREAK_EVEN, (*_three(row.break_even), row.break_even.cache), strict=True))
    if row.speedup is not None:
        found |= _speedup(row.speedup)
    return found | _gathered_for_charts(row)


def records(rows: Sequence[Row], *also: Sequence[str]) -> list[dict[str, Any]]:
    """The records of these rows, all with the same columns, in order of appearance; columns on request come last.

    also: groups of columns (`BREAK_EVEN`, `SPEEDUP`, …) that the records have even if no row has such a value.
    """
    made = [record(row) for row in rows]
    seen = dict.fromkeys(name for each in (*made, *also) for name in each)
    gathered = [name for group in (FLOOR, BREAK_EVEN, SPEEDUP, CHART) for name in group if name in seen]
    columns = [*(name for name in seen if name not in gathered), *gathered]
    # A missing speed-up has an empty method and clock, as a missing time has an empty method.
    empty = [name for name in ("speedup_method", "speedup_clock") if name in columns]
    absent: dict[str, Any] = {**dict.fromkeys(columns), **dict.fromkeys(empty, "")}
    return [{name: each.get(name, absent[name]) for name in columns} for each in made]


def frame(rows: Sequence[Row], *also: Sequence[str]) -> pd.DataFrame:
    """The rows as a pandas frame, with a column for each axis; missing numbers are NaN. also: as in `records`."""
    import pandas as pd

    made = pd.DataFrame(records(rows, *also))
    # An axis that some workloads lack would turn its integers into floats: a size would become 64.0.
    kinds: dict[str, set[type]] = {}
    for row in rows:
        for axis, value in row.params.items():
            kinds.setdefault(axis, set()).add(type(value))
    whole = {axis: "Int64" for axis, seen in kinds.items() if seen == {int} and axis in made}
    return made.astype({**{name: "float64" for name in NUMBERS if name in made}, **whole})


def _identity(row: Row) -> dict[str, Any]:
    return {
        "key": row.key,
        "workload": row.workload,
        **row.params,
        "params": dict(row.params),
        "run": row.run,
        "machine": row.machine,
        "torch": row.torch,
    }


def _ends(found: Interval | None, value: str, low: str, high: str) -> dict[str, float | None]:
    return dict(zip((value, low, high), _three(found) if found else (None, None, None), strict=True))


def _three(found: Interval | BreakEven) -> tuple[float, float | None, float | None]:
    return found.value, found.low, found.high


def _work(work: Work) -> dict[str, Any]:
    values = {name: getattr(work, name) for name in WORK}
    return {name: value or None if name == "unit" else _float(value) for name, value in values.items()}


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)


def _floor(floor: Floor, times: Interval | None) -> dict[str, Any]:
    return {
        **_ends(floor.seconds, "floor_s", "floor_low_s", "floor_high_s"),
        "floor_by": floor.by,
        "floor_proven": floor.proven,
        **_ends(times, "times_floor", "times_floor_low", "times_floor_high"),
        "floor_reason": floor.reason,
    }


def _speedup(found: Speedup) -> dict[str, Any]:
    values = (found.reference, *_three(found.ratio), found.paired, found.ratio.method, found.clock)
    return dict(zip(SPEEDUP, values, strict=True))


def _gathered_for_charts(row: Row) -> dict[str, Any]:
    if all(value is None for value in (row.twins, row.phases, row.samples, row.check_error, row.created)):
        return {}
    return {
        "twins": {axis: _speedup(each) for axis, each in (row.twins or {}).items()},
        "phases": {name: list(_three(each)) for name, each in (row.phases or {}).items()},
        "samples": {launch: list(each) for launch, each in (row.samples or {}).items()},
        "check_error": row.check_error,
        "created": row.created,
    }


def _verdict_record(row: Row, found: GateVerdict) -> dict[str, Any]:
    return {
        "key": row.key,
        "workload": row.workload,
        "params": dict(row.params),
        "outcome": row.outcome.value,
        "reason": row.reason,
        "clock": row.clock,
        "verdict": found.verdict,
        **_ends(found.ratio, "ratio", "ratio_low", "ratio_high"),
        "pairs": found.pairs,
        "slack": found.slack,
        "limit": found.limit,
        "suite_verdict": found.suite,
        "method": found.ratio.method if found.ratio else "95 % confidence sequence over pairs",
        "run": row.run,
        "machine": row.machine,
        "torch": row.torch,
    }
