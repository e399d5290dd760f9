"""The rows of a run: one for each case and clock, each number with its interval, or the reason why it is missing."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.analyse.findings import WrongDevice, findings_of
from bench.analyse.rows.case_evidence import evidence_of, most
from bench.analyse.rows.launch_medians import LaunchMedian
from bench.analyse.rows.once import once
from bench.analyse.rows.row import NO_WORK, Row
from bench.analyse.rows.run_readings import RunReadings
from bench.analyse.rows.spread import Spread
from bench.records import Case, CaseLaunch, Finding, Outcome
from bench.series import STEP, Series
from bench.stats import intervals
from bench.stats.intervals import Interval
from bench.store import runs
from bench.workload import Work


def estimates(run: RunReadings) -> list[Row]:
    """The rows of a run, in the order of its plan: one for each case and clock.

    A case without a measurement has one row with its outcome and reason, and no time. Raises `UserError` for a run
    of lockstep pairs.
    """
    runs.refuse_pairs(run.about)
    rows: list[Row] = []
    for case in run.cases:
        launches = run.launches_of(case.key)
        bare = _without_time(case, launches, run.about)
        clocks = run.medians.clocks(case.key) if bare.ok else []
        medians = {clock: run.medians.of(case.key, Series(STEP, clock)) for clock in clocks}
        times = {clock: intervals.median([each.median_s for each in medians[clock]]) for clock in clocks}
        if not clocks:
            rows.append(bare)
        for clock in clocks:
            spread = run.spread_of(case.key, clock)
            row = _timed(bare, clock, times[clock], medians[clock], spread)
            checked = evidence_of(
                case, clock, times, medians[clock], launches, spread, run.cores, run.about["settings"]
            )
            rows.append(_with_findings(row, findings_of(checked)))
    return rows


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
    on_device = most(good, lambda each: each.device_peak_bytes)
    peak = on_device if on_device is not None else most(good, lambda each: each.host_peak_bytes)
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


def _timed(row: Row, clock: str, time: Interval, medians: Sequence[LaunchMedian], spread: Spread) -> Row:
    """The row with its time on one clock, and the spread of that time."""
    logs = [math.log(each.median_s) for each in medians]
    return replace(
        row,
        clock=clock,
        time=time,
        blocks=sum(each.blocks for each in medians),
        fastest_s=min(each.fastest_s for each in medians),
        sd_launches=statistics.stdev(logs) if len(logs) > 1 else None,
        sd_between=spread.parts.between if spread.parts else None,
        sd_within=spread.parts.within if spread.parts else None,
        autocorrelation=spread.autocorrelation,
        drift=math.expm1(spread.drift.mean) if spread.drift else None,
        drift_p=spread.drift.p if spread.drift else None,
        rate=_rate(time, row.work.items),
    )


def _rate(time: Interval, items: float | None) -> Interval | None:
    """Items per second. The fastest time is the highest rate, so the ends of the interval change places."""
    if not items or not time.value:
        return None
    low, high = (items / end if end else None for end in (time.high, time.low))
    return Interval(items / time.value, low, high, time.n, time.method)


def _with_findings(row: Row, findings: Sequence[Finding]) -> Row:
    """The row with its findings. A case whose work was done on another device is wrong: that work was not timed."""
    elsewhere = next((finding for finding in findings if finding.check == WrongDevice.name), None)
    if elsewhere is None:
        return replace(row, findings=tuple(findings))
    return row.without_time(Outcome.WRONG, f"{elsewhere.check}: {elsewhere.message}", (elsewhere,))
