"""The rows of a run: one for each case and clock, each number with its interval, or the reason why it is missing."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.analyse.findings import WrongDevice, findings_of
from bench.analyse.rows.case_evidence import evidence_of, most
from bench.analyse.rows.launch_times import LaunchTime
from bench.analyse.rows.once import once
from bench.analyse.rows.row import NO_WORK, Row
from bench.analyse.rows.run_readings import RunReadings
from bench.records import Case, CaseLaunch, Finding, Outcome
from bench.series import STEP, Series
from bench.stats import intervals, mean_cost
from bench.stats.intervals import Interval
from bench.stats.mean_cost import LaunchBlocks
from bench.store import runs
from bench.workload import Work

WITHOUT_HIGH_WATER = ("mps",)
"""Devices that keep no high-water mark: the peak of their host is not that of their tensors."""


def estimates(run: RunReadings) -> list[Row]:
    """The rows of a run, in the order of its plan: one for each case and clock.

    A case without a measurement has one row with its outcome and reason, and no time. Raises `UserError` for a run
    of lockstep pairs.
    """
    runs.refuse_pairs(run.about)
    return [row for case in run.cases for row in _of_case(case, run)]


def _of_case(case: Case, run: RunReadings) -> list[Row]:
    launches = run.launches_of(case.key)
    bare = replace(_without_time(case, launches, run.about), statistic=run.statistic)
    clocks = run.times.clocks(case.key) if bare.ok else []
    times = {clock: _time(case.key, clock, run) for clock in clocks}
    rows = []
    for clock in clocks:
        data = run.times.of(case.key, Series(STEP, clock))
        row = _timed(bare, clock, times[clock], data, run)
        checked = evidence_of(row, times, data, launches, run)
        rows.append(_with_findings(row, findings_of(checked)))
    return rows or [bare]


def _time(key: str, clock: str, run: RunReadings) -> Interval:
    """The time of a step by the run's statistic, with its interval over launches."""
    if run.statistic == "mean":
        return _mean(key, clock, run)
    return intervals.median(run.seconds(key, clock), prior=run.prior_of(key, clock))


def _mean(key: str, clock: str, run: RunReadings) -> Interval:
    return mean_cost.mean(run.blocks_of(key, clock), prior=run.prior_of_mean(key, clock))


def _without_time(case: Case, launches: Sequence[CaseLaunch], run: Mapping[str, Any]) -> Row:
    """The row of a case without its times."""
    row = Row(
        case, str(run["run"]), str(run["machine"]), str(run["environment"]["torch"]["version"]), Outcome.SKIPPED,
        f"not measured: the run is {run['status']}",
    )  # fmt: skip
    if not launches:
        return row
    ended = next((each for each in launches if each.outcome != Outcome.OK), launches[0])
    good = launches if ended.outcome == Outcome.OK else []  # a case that did not end well has no numbers at all
    peak = most(good, lambda each: each.device_peak_bytes)
    if peak is None and str(case["device"]) not in WITHOUT_HIGH_WATER:
        peak = most(good, lambda each: each.host_peak_bytes)
    costs = once(good)
    return replace(
        row,
        outcome=Outcome(ended.outcome),
        reason=ended.reason,
        detail=ended.detail,
        threads_used=_float(ended.threads),
        peak_bytes=_float(peak),
        quality=ended.quality,
        counters=ended.counters,
        no_clock=ended.no_clock,
        first_call=costs.get("first_call"),
        build_s=costs["build"].value if "build" in costs else None,
        compile_cold_s=costs["compile_cold"].value if "compile_cold" in costs else None,
        compile_warm_s=costs["compile_warm"].value if "compile_warm" in costs else None,
        work=Work(**ended.work) if ended.work else NO_WORK,
    )


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)


def _timed(row: Row, clock: str, time: Interval, data: Sequence[LaunchTime], run: RunReadings) -> Row:
    """The row with its time on one clock, and the spread of that time."""
    logs = [math.log(each.by(run.statistic)) for each in data]
    spread, use = run.spread_of(row.key, clock), run.use_of(row.key)
    mean, blocks = _mean(row.key, clock, run), run.blocks_of(row.key, clock)
    return replace(
        row,
        clock=clock,
        time=time,
        blocks=sum(each.blocks for each in data),
        fastest_s=min(each.fastest_s for each in data),
        sd_launches=statistics.stdev(logs) if len(logs) > 1 else None,
        sd_between=spread.parts.between if spread.parts else None,
        sd_within=spread.parts.within if spread.parts else None,
        autocorrelation=spread.autocorrelation,
        drift=math.expm1(spread.drift.mean) if spread.drift else None,
        drift_p=spread.drift.p if spread.drift else None,
        mean=mean,
        p95=_percentile(blocks, 0.95),
        p99=_percentile(blocks, 0.99),
        waiting=use.waiting,
        background=use.background,
        preempted_share=use.preempted,
        rate=_rate(mean, row.work.items),
    )


def _percentile(launches: Sequence[LaunchBlocks], share: float) -> Interval | None:
    """The percentile of single steps; None where a block is more than one step, or where blocks are too few."""
    if any(steps != 1 for launch in launches for steps in launch.steps):
        return None
    return intervals.quantile([seconds for launch in launches for seconds in launch.seconds], share)


def _rate(mean: Interval, items: float | None) -> Interval | None:
    """Items per second on the whole: from the mean, since the median leaves out what is dear now and then.

    The least time is the highest rate, so the ends of the interval change places.
    """
    if not items or not mean.value:
        return None
    low, high = (items / end if end else None for end in (mean.high, mean.low))
    return Interval(items / mean.value, low, high, mean.n, mean.method)


def _with_findings(row: Row, findings: Sequence[Finding]) -> Row:
    """The row with its findings. A case whose work was done on another device is wrong: that work was not timed."""
    elsewhere = next((finding for finding in findings if finding.check == WrongDevice.name), None)
    if elsewhere is None:
        return replace(row, findings=tuple(findings))
    return row.without_time(Outcome.WRONG, f"{elsewhere.check}: {elsewhere.message}", (elsewhere,))
