"""Rows read back from flat records, as `record` makes them; from pandas frames and from figures too."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from bench.analyse.rows.record import BREAK_EVEN, CHART, FLOOR, MEAN, P95, P99, WORK, Record
from bench.analyse.rows.row import BreakEven, Floor, GateVerdict, Row, Speedup
from bench.records import Case, Finding, Outcome
from bench.series import Series
from bench.stats.intervals import Interval
from bench.stats.missing_numbers import number, present
from bench.workload import Work

if TYPE_CHECKING:
    import pandas as pd


def row_of(found: Record) -> Row:
    """The row of a record. Raises `UserError` for an invalid key, `KeyError` for a record without a key."""
    launches, method = int(number(found.get("launches")) or 0), _text(found.get("method"))
    mean_method = _text(found.get("mean_method"))
    for_charts = _has(found, CHART)
    return Row(
        case=Case.from_key(str(found["key"])),
        run=_text(found.get("run")),
        machine=_text(found.get("machine")),
        torch=_text(found.get("torch")),
        outcome=Outcome(_text(found.get("outcome")) or Outcome.OK.value),
        reason=_text(found.get("reason")),
        detail=present(found.get("detail")),
        clock=_text(found.get("clock")) or None,
        time=_interval(found, ("value_s", "low_s", "high_s"), launches, method),
        blocks=int(number(found.get("blocks")) or 0),
        fastest_s=number(found.get("fastest_s")),
        sd_launches=number(found.get("sd_launches")),
        sd_between=number(found.get("sd_between")),
        sd_within=number(found.get("sd_within")),
        autocorrelation=number(found.get("autocorrelation")),
        drift=number(found.get("drift")),
        drift_p=number(found.get("drift_p")),
        rate=_interval(found, ("items_per_s", "items_per_s_low", "items_per_s_high"), launches, mean_method or method),
        first_call=_interval(found, ("first_call_s", "first_call_s_low", "first_call_s_high")),
        compile_cold_s=number(found.get("compile_cold_s")),
        compile_warm_s=number(found.get("compile_warm_s")),
        build_s=number(found.get("build_s")),
        peak_bytes=number(found.get("peak_bytes")),
        work=_work(found),
        quality=present(found.get("quality")),
        counters=present(found.get("counters")),
        no_clock=_by_series(present(found.get("no_clock"))),
        threads_used=number(found.get("threads_used")),
        findings=_findings(found.get("findings")),
        floor=_floor(found, launches) if _has(found, FLOOR) else None,
        times_floor=_interval(found, ("times_floor", "times_floor_low", "times_floor_high"), launches),
        break_even=_break_even(found),
        speedup=_speedup(found),
        statistic=_text(found.get("statistic")) or "median",
        mean=_interval(found, MEAN, launches, mean_method),
        p95=_interval(found, P95),
        p99=_interval(found, P99),
        waiting=number(found.get("waiting")),
        background=number(found.get("background")),
        preempted_share=number(found.get("preempted_share")),
        twins=_twins(present(found.get("twins")) or {}) if for_charts else None,
        phases=_phases(present(found.get("phases")) or {}) if for_charts else None,
        samples=(present(found.get("samples")) or {}) if for_charts else None,
        check_error=number(found.get("check_error")),
        created=_text(found.get("created")) or None,
        verdict=_verdict(found, method),
    )


def rows_of(found: Iterable[Record]) -> list[Row]:
    """The rows of these records."""
    return [row_of(each) for each in found]


def rows_of_frame(found: pd.DataFrame) -> list[Row]:
    """The rows of a pandas frame, as `frame` makes one."""
    return rows_of({str(name): value for name, value in each.items()} for each in found.to_dict("records"))


def _text(value: Any) -> str:
    value = present(value)
    return "" if value is None else str(value)


def _has(found: Record, columns: Iterable[str]) -> bool:
    """Whether any of these columns has a value: in a frame of several runs they may be there for the other runs."""
    return any(present(found.get(name)) is not None for name in columns)


def _interval(found: Record, columns: Iterable[str], n: int = 0, method: str = "") -> Interval | None:
    """The interval in three columns; None without a value. n, method: those of the interval, if known."""
    value, low, high = (number(found.get(name)) for name in columns)
    return None if value is None else Interval(value, low, high, n, method)


def _findings(cell: Any) -> tuple[Finding, ...]:
    """The findings of one cell, which may be mappings as JSON returns them."""
    known = {item.name for item in fields(Finding)}
    made: list[Finding] = []
    for item in cell if isinstance(cell, list | tuple) else ():
        if isinstance(item, Finding):
            made.append(item)
        elif isinstance(item, Mapping):
            made.append(Finding(**{name: str(value) for name, value in item.items() if name in known}))
    return tuple(made)


def _work(found: Record) -> Work:
    values = {name: present(found.get(name)) for name in WORK}
    texts = {name: _text(found.get(name)) for name in ("unit", "compute_dtype")}
    return Work(**{**values, **texts})


def _by_series(found: Mapping[str, str] | None) -> dict[Series, str] | None:
    return None if found is None else {Series.from_text(text): why for text, why in found.items()}


def _floor(found: Record, launches: int) -> Floor:
    proven = present(found.get("floor_proven"))
    return Floor(
        seconds=_interval(found, ("floor_s", "floor_low_s", "floor_high_s"), launches),
        by=_text(found.get("floor_by")),
        reason=_text(found.get("floor_reason")),
        proven=True if proven is None else bool(proven),
    )


def _break_even(found: Record) -> BreakEven | None:
    cache = _text(found.get("break_even_of"))
    if not cache:
        return None
    # Not by `number`, which takes infinity for missing: here it means that compiling never pays.
    ends = (present(found.get(name)) for name in BREAK_EVEN[:3])
    value, low, high = (math.nan if end is None else float(end) for end in ends)
    return BreakEven(value, low, high, cache)


def _speedup(found: Record) -> Speedup | None:
    method = _text(found.get("speedup_method"))
    reference = _text(found.get("reference"))
    ratio = _interval(found, ("speedup", "speedup_low", "speedup_high"), method=method)
    if not reference or ratio is None:
        return None
    return Speedup(reference, ratio, bool(present(found.get("speedup_paired"))), _text(found.get("speedup_clock")))


def _twins(found: Mapping[str, Record]) -> dict[str, Speedup]:
    read = {axis: _speedup(each) for axis, each in found.items()}
    return {axis: each for axis, each in read.items() if each is not None}


def _phases(found: Mapping[str, Sequence[Any]]) -> dict[str, Interval]:
    """Phases as value, low and high each."""
    names = ("value", "low", "high")
    read = {phase: _interval(dict(zip(names, ends, strict=True)), names) for phase, ends in found.items()}
    return {phase: each for phase, each in read.items() if each is not None}


def _verdict(found: Record, method: str) -> GateVerdict | None:
    verdict, pairs = _text(found.get("verdict")), int(number(found.get("pairs")) or 0)
    if not verdict:
        return None
    return GateVerdict(
        verdict=verdict,
        ratio=_interval(found, ("ratio", "ratio_low", "ratio_high"), pairs, method),
        pairs=pairs,
        slack=float(found["slack"]),
        limit=float(found["limit"]),
        suite=_text(found.get("suite_verdict")),
    )
