"""Gathers the input of the checks from the launches of a case."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from bench.analyse.findings import CaseEvidence
from bench.analyse.rows.launch_times import LaunchTime
from bench.analyse.rows.row import Row
from bench.analyse.rows.run_readings import RunReadings
from bench.protocol.placement import cpus_of
from bench.protocol.step_facts import StepFacts
from bench.records import CaseLaunch
from bench.stats import intervals
from bench.stats.intervals import Interval

Number = TypeVar("Number", int, float)


def evidence_of(
    row: Row,
    times: Mapping[str, Interval],
    data: Sequence[LaunchTime],
    launches: Sequence[CaseLaunch],
    run: RunReadings,
) -> CaseEvidence:
    """The input of the checks for one case on one clock.

    row: that case with its time; times: all times of the case by clock; data: those of the launches on this clock;
    launches: those of the case.
    """
    case, time, clock = row.case, row.step, str(row.clock)
    moderated = run.prior_of(case.key, clock) is not None
    median = time if run.statistic == "median" else intervals.median([each.median_s for each in data])
    kernels = [each.counters["device_kernels"] for each in launches if "device_kernels" in each.counters]
    blocks = row.blocks
    return CaseEvidence(
        key=case.key,
        clock=clock,
        step_s=time.value,
        block_s=statistics.median(each.block_s for each in data),
        half_width=intervals.half_width(time),
        precision=run.about["settings"]["precision"],
        launches=time.n,
        unsteady=sum(each.steady is False for each in launches),
        outlier_share=sum(each.outliers for each in data) / blocks,
        spread=run.spread_of(case.key, clock),
        foreign_load=most(launches, lambda each: each.foreign_load),
        threads=most(launches, lambda each: each.threads),
        cores=run.cores,
        frequency=_frequency(each.condition for each in launches),
        throttled_blocks=sum(each.throttled_blocks for each in launches),
        kept_blocks=blocks,
        resolution_s=_seconds(most(launches, lambda each: each.clock_resolution_ns)),
        empty_call_s=_empty_step_s(launches, clock),
        recompiles=sum(each.counters.get("recompiles", 0) for each in launches),
        graph_breaks=max(each.counters.get("graph_breaks", 0) for each in launches),
        break_reasons=tuple(dict.fromkeys(reason for each in launches for reason in each.break_reasons)),
        device_s=times["device"].value if "device" in times else None,
        device=str(case["device"]),
        mode=str(case["mode"]),
        output_devices=tuple(
            dict.fromkeys(name for each in launches for name in each.output_devices.split(",") if name)
        ),
        device_kernels=max(kernels, default=None),
        answers=_answers(launches),
        moderated=moderated,
        median=median,
        mean=row.mean,
        use=run.use_of(case.key),
        background_after=most(launches, lambda each: each.background_after),
        changed_settings={name: (was, now) for each in launches for name, (was, now) in each.changed_settings.items()},
        slowed_by=tuple(sorted({reason for each in launches for reason in each.condition.get("slowed", ())})),
        place=run.place,
        cpus=_cpus(each.condition for each in launches),
        step=StepFacts.worst(StepFacts.of(each.step_facts) for each in launches),
        unsupported=next((each.unsupported for each in launches if each.unsupported), ""),
    )


def _frequency(conditions: Iterable[Mapping[str, Any]]) -> tuple[float, float] | None:
    """The lowest and the highest clock rate of all launches, MHz; None if no launch knows it."""
    known = [each for each in conditions if "mhz_low" in each]
    return (min(each["mhz_low"] for each in known), max(each["mhz_high"] for each in known)) if known else None


def _cpus(conditions: Iterable[Mapping[str, Any]]) -> tuple[int, ...]:
    """The CPUs that the processes of all launches might use; none if no launch recorded them."""
    return tuple(sorted({cpu for each in conditions for cpu in cpus_of(each.get("cpus", ""))}))


def _answers(launches: Sequence[CaseLaunch]) -> dict[str, tuple[float, float]]:
    """Lowest and highest error of the answer and value of each metric, over the launches that have them."""
    found: dict[str, list[float]] = {}
    for each in launches:
        for name, value in {"relative_error": each.error_before, **each.quality}.items():
            if value is not None and not name.endswith("_s"):  # a time that the workload measured itself
                found.setdefault(name, []).append(value)
    return {name: (min(values), max(values)) for name, values in found.items()}


def _empty_step_s(launches: Sequence[CaseLaunch], clock: str) -> float | None:
    """Time of an empty step on this clock: `latency` drains after each step, `device` does not see the host."""
    call_ns = most(launches, lambda each: each.empty_call_ns)
    if clock == "device" or call_ns is None:
        return None
    drain_ns = most(launches, lambda each: each.drain_ns) or 0.0
    return _seconds(call_ns + (drain_ns if clock == "latency" else 0.0))


def most(launches: Iterable[CaseLaunch], of: Callable[[CaseLaunch], Number | None]) -> Number | None:
    """The largest value of a number over launches; None if no launch has it."""
    return max((value for each in launches if (value := of(each)) is not None), default=None)


def _seconds(nanoseconds: float | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1e9
