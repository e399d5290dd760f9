"""The frame of estimates: one row a case and clock, each number with its interval, or the reason there is none."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bench.analyse.findings import WrongDevice, findings_of
from bench.analyse.rows.check_inputs import check_input, most
from bench.analyse.rows.launch_medians import launch_medians
from bench.analyse.rows.spread import SPREAD_COLUMNS, spreads
from bench.records import Case, Finding, Outcome
from bench.stats import intervals
from bench.store import runs
from bench.store.tables import RunData

Row = dict[str, Any]

NUMBERS = (
    *("value_s", "low_s", "high_s", "first_call_s", "first_call_s_low", "first_call_s_high"),
    *("compile_cold_s", "compile_warm_s", "build_s", "peak_bytes", "items", "flops", "bytes", "kernels"),
    *("working_set", "fastest_s", "sd_launches", *SPREAD_COLUMNS),
    *("items_per_s", "items_per_s_low", "items_per_s_high", "threads_used"),
)
"""Columns of numbers; missing ones are NaN."""

PHASE_COLUMNS = ("key", "clock", "phase", "value_s", "low_s", "high_s", "method", "launches")

ONCE = ("build", "first_call", "compile_cold", "compile_warm")
"""Phases of the harness: what a case costs once, before its step is steady. Timed on the host, one number a launch."""


def estimates(data: RunData) -> pd.DataFrame:
    """The frame of estimates of a run: one row a case and clock, in the order of the plan.

    Times are seconds per step, sizes bytes, rates items per second. A case without a measurement has one row with its
    outcome and reason, and no time. Raises `UserError` for a run of `bench certify`.
    """
    runs.refuse_pairs(data.run)
    medians = grouped(launch_medians(data), "key", "clock", where=("phase", "step"))
    clocks: dict[Any, list[Any]] = {}
    for key, clock in medians:
        clocks.setdefault(key, []).append(clock)
    launches = grouped(data.launches, "key")
    spread_of = spreads(data)
    cores = len(data.run["environment"]["cpu"]["affinity"])
    rows = []
    for planned in data.run["plan"]:
        case = Case.from_key(planned["key"])
        own = launches.get((case.key,), [])
        row = {**_identity(case, data.run), **_facts(own, data.run)}
        if row["outcome"] != Outcome.OK or case.key not in clocks:
            rows.append({**row, **NO_TIME, "findings": []})
            continue
        times = {
            clock: intervals.median([item["median_s"] for item in medians[case.key, clock]])
            for clock in clocks[case.key]
        }
        for clock, found in times.items():
            group, apart = medians[case.key, clock], spread_of[case.key, clock]
            evidence = check_input(case, clock, times, group, own, apart, cores, data.run["settings"])
            row_of_clock = {**row, **_times(found, group, row["items"]), **apart.columns, "clock": clock}
            rows.append(_judged(row_of_clock, findings_of(evidence)))
    frame = pd.DataFrame(rows)
    # An axis that some workloads lack would turn its whole numbers into floats: 64.0 is no size.
    taken: dict[str, set[type]] = {}
    for params in frame["params"]:
        for axis, value in params.items():
            taken.setdefault(axis, set()).add(type(value))
    whole = {axis: "Int64" for axis, kinds in taken.items() if kinds == {int}}
    # A column in which nothing was measured is still one of numbers.
    return frame.astype({**{name: "float64" for name in NUMBERS if name in frame}, **whole})


def phases(data: RunData) -> pd.DataFrame:
    """A row a case, clock and phase, with its interval: those of `ONCE`, in seconds, and the workload's, in seconds
    per step. In the order of the plan, and only of cases that ended well.
    """
    found: dict[str, list[tuple[str, str, intervals.Interval]]] = {}
    for (key,), group in grouped(data.launches, "key").items():
        if all(row["outcome"] == Outcome.OK for row in group):
            once = _once(group)
            found[key] = [("wall", phase, once[phase]) for phase in ONCE if phase in once]
    for (key, clock, phase), group in grouped(launch_medians(data), "key", "clock", "phase").items():
        if phase != "step" and key in found:
            found[key].append((clock, phase, intervals.median([item["median_s"] for item in group])))
    rows = [
        (key, clock, phase, time.value, time.low, time.high, time.method, time.n)
        for key in (Case.from_key(planned["key"]).key for planned in data.run["plan"])
        for clock, phase, time in found.get(key, ())
    ]
    return pd.DataFrame(rows, columns=list(PHASE_COLUMNS))


def grouped(frame: pd.DataFrame, *by: str, where: tuple[str, str] | None = None) -> dict[tuple[Any, ...], list[Row]]:
    """Rows of `frame` as dicts, missing values None, by their values in the columns `by`; `where` keeps one value.

    Plain rows: a pandas group for each of hundreds of cases takes ten times as long.
    """
    if where is not None:
        frame = frame[frame[where[0]] == where[1]]
    names = frame.columns.tolist()
    columns = [_plain(frame[name]) for name in names]
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for values in zip(*columns, strict=True):
        row = dict(zip(names, values, strict=True))
        groups.setdefault(tuple(row[name] for name in by), []).append(row)
    return groups


def _plain(column: pd.Series[Any]) -> list[Any]:
    """A column as plain values, missing ones None. Texts repeat: each is taken out of Arrow once."""
    codes, values = pd.factorize(column)
    texts = [*values.tolist(), None]  # the code of a missing value is -1, the last place
    return [texts[code] for code in codes.tolist()]


NO_TIME: Mapping[str, Any] = {
    "clock": None,
    "value_s": math.nan,
    "low_s": math.nan,
    "high_s": math.nan,
    "fastest_s": math.nan,
    "sd_launches": math.nan,
    **dict.fromkeys(SPREAD_COLUMNS, math.nan),
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


def _facts(launches: Sequence[Row], run: Mapping[str, Any]) -> dict[str, Any]:
    """What the launches of a case say of it besides its times."""
    if not launches:
        reason = f"not measured: the run is {run['status']}"
        return {"outcome": Outcome.SKIPPED.value, "reason": reason, **_first_calls([]), **_work({})}
    ended = next((row for row in launches if row["outcome"] != Outcome.OK), launches[0])
    good = launches if ended["outcome"] == Outcome.OK else []  # what did not end well has no number at all
    on_device = most(good, "device_peak_bytes")
    return {
        "outcome": ended["outcome"],
        "reason": ended["reason"],
        "detail": ended["detail"],
        "threads_used": ended["threads"],
        "peak_bytes": most(good, "host_peak_bytes") if on_device is None else on_device,
        "quality": json.loads(ended["quality"]),
        "counters": json.loads(ended["counters"]),
        "no_clock": json.loads(ended["no_clock"]),
        **_first_calls(good),
        **_work(json.loads(ended["work"])),
    }


def _first_calls(launches: Sequence[Row]) -> dict[str, Any]:
    """The columns of what a case costs once: the phases of `ONCE`."""
    once = _once(launches)
    first = once.get("first_call")
    return {
        "first_call_s": first.value if first else None,
        "first_call_s_low": first.low if first else None,
        "first_call_s_high": first.high if first else None,
        **{f"{phase}_s": once[phase].value if phase in once else None for phase in ONCE if phase != "first_call"},
    }


def _once(launches: Sequence[Row]) -> dict[str, intervals.Interval]:
    """Median seconds over launches of each of `ONCE` that was measured.

    torch.compile compiles in the first call, AOTInductor while it builds. That one is told with a cold and with a warm
    cache apart, and as itself by its warm times, where there are any: the cold one happens once.
    """
    ahead = bool(launches) and Case.from_key(launches[0]["key"])["mode"] == "aoti"
    builds, calls = _seconds(launches, "build_ns"), _seconds(launches, "first_call_ns")
    compiling = builds if ahead else calls
    times = {
        "build": _not_cold(builds) if ahead else [seconds for _, seconds in builds],
        "first_call": [seconds for _, seconds in calls] if ahead else _not_cold(calls),
        "compile_cold": [seconds for cache, seconds in compiling if cache == "cold"],
        "compile_warm": [seconds for cache, seconds in compiling if cache == "warm"],
    }
    return {phase: intervals.median(seconds) for phase, seconds in times.items() if seconds}


def _seconds(launches: Sequence[Row], column: str) -> list[tuple[str, float]]:
    """Cache state and seconds of each launch that has the number. A coarse clock may read 0; 1 ns stands for it, since
    times are compared on logs."""
    return [(row["cache"], max(row[column], 1) / 1e9) for row in launches if row[column] is not None]


def _not_cold(times: Sequence[tuple[str, float]]) -> list[float]:
    """Those that found a cache, or needed none; the cold ones where there is no other."""
    return [seconds for cache, seconds in times if cache != "cold"] or [seconds for _, seconds in times]


def _work(work: Mapping[str, Any]) -> dict[str, Any]:
    return {name: work.get(name) for name in ("items", "unit", "flops", "bytes", "kernels", "working_set")}


def _times(found: intervals.Interval, group: Sequence[Row], items: float | None) -> dict[str, Any]:
    # The fastest time is the highest rate: the ends of the interval change places.
    rates = [items / time if items and time else None for time in (found.value, found.high, found.low)]
    return {
        "value_s": found.value,
        "low_s": found.low,
        "high_s": found.high,
        "fastest_s": min(row["fastest_s"] for row in group),
        "sd_launches": statistics.stdev([math.log(row["median_s"]) for row in group]) if len(group) > 1 else None,
        "method": found.method,
        "launches": found.n,
        "blocks": sum(row["blocks"] for row in group),
        **dict(zip(("items_per_s", "items_per_s_low", "items_per_s_high"), rates, strict=True)),
    }


def _judged(row: Row, doubts: list[Finding]) -> Row:
    """The row with its doubts. Work that was done elsewhere was not timed: such a case is wrong, and has no number."""
    elsewhere = next((doubt for doubt in doubts if doubt.check == WrongDevice.name), None)
    if elsewhere is None:
        return {**row, "findings": doubts}
    reason = f"{elsewhere.check}: {elsewhere.message}"
    nothing = dict.fromkeys((*SPREAD_COLUMNS, "first_call_s", "first_call_s_low", "first_call_s_high"), math.nan)
    return {**row, **NO_TIME, **nothing, "outcome": Outcome.WRONG.value, "reason": reason, "findings": [elsewhere]}
