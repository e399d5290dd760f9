"""Gathers what the checks look at, from the rows of a case's launches."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from bench.analyse.findings import CheckInput
from bench.analyse.rows.spread import Spread
from bench.records import Case
from bench.stats import intervals

Row = Mapping[str, Any]


def check_input(
    case: Case,
    clock: str,
    times: Mapping[str, intervals.Interval],
    medians: Sequence[Row],
    launches: Sequence[Row],
    spread: Spread,
    cores: int,
    settings: Mapping[str, Any],
) -> CheckInput:
    """The evidence on one clock. times: of all clocks; medians: a row a launch on this one; launches: of the case.

    cores: logical CPUs the process might use.
    """
    found = times[clock]
    counters = [json.loads(row["counters"]) for row in launches]
    conditions = [json.loads(row["condition"]) for row in launches]
    kernels = [item["device_kernels"] for item in counters if "device_kernels" in item]
    return CheckInput(
        key=case.key,
        clock=clock,
        step_s=found.value,
        block_s=statistics.median(row["block_s"] for row in medians),
        half_width=intervals.half_width(found),
        precision=settings["precision"],
        launches=found.n,
        unsteady=sum(row["steady"] is False for row in launches),
        outlier_share=sum(row["outliers"] for row in medians) / sum(row["blocks"] for row in medians),
        spread=spread,
        foreign_load=most(launches, "foreign_load"),
        threads=most(launches, "threads"),
        cores=cores,
        frequency=_frequency(conditions),
        throttled_blocks=sum(row["throttled_blocks"] for row in launches),
        kept_blocks=sum(row["blocks"] for row in medians),
        resolution_s=_seconds(most(launches, "clock_resolution_ns")),
        empty_call_s=_empty_step_s(launches, clock),
        recompiles=sum(item.get("recompiles", 0) for item in counters),
        graph_breaks=max(item.get("graph_breaks", 0) for item in counters),
        break_reasons=tuple(dict.fromkeys(reason for row in launches for reason in json.loads(row["break_reasons"]))),
        device_s=times["device"].value if "device" in times else None,
        device=str(case["device"]),
        mode=str(case["mode"]),
        output_devices=tuple(
            dict.fromkeys(name for row in launches for name in row["output_devices"].split(",") if name)
        ),
        device_kernels=max(kernels, default=None),
        answers=_answers(launches),
    )


def _frequency(conditions: Sequence[Row]) -> tuple[float, float] | None:
    """The lowest and the highest clock rate of all launches, MHz; None where none was told."""
    low = [item["mhz_low"] for item in conditions if "mhz_low" in item]
    high = [item["mhz_high"] for item in conditions if "mhz_high" in item]
    return (min(low), max(high)) if low and high else None


def _answers(launches: Sequence[Row]) -> dict[str, tuple[float, float]]:
    """Lowest and highest of the answer's error and of each metric of its quality, over launches that tell them."""
    told: dict[str, list[float]] = {}
    for row in launches:
        for name, value in {"relative_error": row["error_before"], **json.loads(row["quality"])}.items():
            if value is not None and not name.endswith("_s"):  # a time that the workload took itself
                told.setdefault(name, []).append(value)
    return {name: (min(values), max(values)) for name, values in told.items()}


def _empty_step_s(launches: Sequence[Row], clock: str) -> float | None:
    """What timing an empty step costs on this clock: `latency` drains after each, `device` does not see the host."""
    call_ns, drain_ns = most(launches, "empty_call_ns"), most(launches, "drain_ns")
    if clock == "device" or call_ns is None:
        return None
    return _seconds(call_ns + (drain_ns or 0.0 if clock == "latency" else 0.0))


def most(rows: Sequence[Row], name: str) -> Any:
    """The largest of a column; None where no row has it."""
    return max((row[name] for row in rows if row[name] is not None), default=None)


def _seconds(nanoseconds: float | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1e9
