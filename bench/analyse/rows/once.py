"""One-time costs of a case, before its step is steady: building, the first call, compiling cold and warm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.analyse.rows.run_readings import RunReadings
from bench.records import Case, CaseLaunch, Outcome
from bench.stats import intervals
from bench.stats.intervals import Interval

ONCE = ("build", "first_call", "compile_cold", "compile_warm")
"""Phases of the harness, timed on the host, one number for each launch."""


@dataclass(frozen=True)
class PhaseTime:
    """One phase of a case on one clock: seconds for phases in `ONCE`, seconds per step for the workload's own."""

    key: str
    clock: str
    phase: str
    time: Interval


def once(launches: Sequence[CaseLaunch]) -> dict[str, Interval]:
    """Median seconds over launches of each phase in `ONCE` that was measured.

    torch.compile compiles in the first call, AOTInductor while it builds. That phase is given separately with a cold
    and with a warm cache, and under its own name by its warm times if there are any: the cold one happens once.
    """
    ahead = bool(launches) and Case.from_key(launches[0].key)["mode"] == "aoti"
    builds = [(each.cache, _seconds(each.build_ns)) for each in launches if each.build_ns is not None]
    calls = [(each.cache, _seconds(each.first_call_ns)) for each in launches if each.first_call_ns is not None]
    compiling = builds if ahead else calls
    times = {
        "build": _not_cold(builds) if ahead else [seconds for _, seconds in builds],
        "first_call": [seconds for _, seconds in calls] if ahead else _not_cold(calls),
        "compile_cold": [seconds for cache, seconds in compiling if cache == "cold"],
        "compile_warm": [seconds for cache, seconds in compiling if cache == "warm"],
    }
    return {phase: intervals.median(seconds) for phase, seconds in times.items() if seconds}


def _seconds(ns: int) -> float:
    """A coarse clock may read 0; 1 ns stands for it, since times are compared on logs."""
    return max(ns, 1) / 1e9


def _not_cold(times: Sequence[tuple[str, float]]) -> list[float]:
    """The times with a warm cache or without need of one; the cold times if there are no others."""
    return [seconds for cache, seconds in times if cache != "cold"] or [seconds for _, seconds in times]


def phase_times(run: RunReadings) -> list[PhaseTime]:
    """Every phase of every case that ended well, in the order of the plan: those of `ONCE`, then the workload's own."""
    return [found for case in run.cases for found in _of_case(case.key, run)]


def _of_case(key: str, run: RunReadings) -> Iterator[PhaseTime]:
    launches = run.launches_of(key)
    if not launches or any(each.outcome != Outcome.OK for each in launches):
        return
    costs = once(launches)
    yield from (PhaseTime(key, "wall", phase, costs[phase]) for phase in ONCE if phase in costs)
    for series, medians in run.times.phases(key):
        yield PhaseTime(key, series.clock, series.phase, intervals.median([each.median_s for each in medians]))
