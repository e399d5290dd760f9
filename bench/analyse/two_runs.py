"""Two stored runs compared. They were not interleaved: a difference may come from the code or from the hour."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace

from bench.analyse.common_shift import beyond
from bench.analyse.comparison import (
    FASTER,
    NOT_COMPARED,
    NOT_KNOWN,
    NOT_RESOLVED,
    ON_CPU,
    ONE_PROCESS,
    OTHER_ENVIRONMENT,
    OTHER_MACHINE,
    SLOWER,
    Compared,
)
from bench.analyse.protocols import why_apart
from bench.analyse.rows.analysis import Analysis
from bench.analyse.rows.clock_choice import on_clock
from bench.analyse.rows.ratio_clock import may_tell, narrower
from bench.analyse.rows.row import Row
from bench.records import Outcome
from bench.series import CPU, WALL
from bench.stats import intervals
from bench.stats.intervals import Interval
from bench.store import environments


def compare(
    base: Analysis,
    head: Analysis,
    base_rows: Sequence[Row] | None = None,
    head_rows: Sequence[Row] | None = None,
    clock: str | None = None,
) -> list[Compared]:
    """Each case of either run, in the head's order and then the base's. What all cases share is no verdict on one.

    base_rows, head_rows: some rows of each run (default: all). A row that is wrong has no time here. clock: the one to
    compare on; without it a case on the CPU is compared on wall or on CPU time, whichever is narrower, where both say
    the same. Raises `UserError` for a clock that timed nothing in one of the runs.
    """
    under = _Side("base", base, on_clock(base.judged if base_rows is None else base_rows, clock))
    over = _Side("head", head, on_clock(head.judged if head_rows is None else head_rows, clock))
    places = dict.fromkeys([*over.places, *under.places])
    apart = why_apart(base.data.run, head.data.run)
    unlike = _unlike(base, head)
    made = []
    for key, own in places:
        if not under.seconds(key, own) or not over.seconds(key, own):
            made.append(_without_ratio(key, own, under, over))
        elif apart:
            made.append(_apart(key, own, under, over, apart))
        else:
            made.append(_compared(key, own, under, over, unlike, fixed=clock is not None))
    return beyond(made)


def _unlike(base: Analysis, head: Analysis) -> str:
    """The verdict on all cases of runs that were not measured alike; empty for runs that were."""
    runs = base.data.run, head.data.run
    if not environments.same_machine(*runs):
        return OTHER_MACHINE
    return OTHER_ENVIRONMENT if environments.differences(*runs) else ""


class _Side:
    """What one run has of each case."""

    def __init__(self, name: str, run: Analysis, rows: Sequence[Row]) -> None:
        self._name = name
        self.run = run.readings
        self._outcomes = {row.key: (row.outcome, row.reason) for row in rows}
        self.places = [(row.key, row.clock) for row in rows]

    def seconds(self, key: str, clock: str | None) -> list[float]:
        """Seconds per step of the launches that count, by the run's statistic; none if the case has no time."""
        outcome, _ = self._outcomes.get(key, (None, ""))
        return [] if outcome != Outcome.OK or clock is None else self.run.seconds(key, clock)

    def value(self, key: str, clock: str | None) -> float | None:
        """The time of the step; None without one."""
        seconds = self.seconds(key, clock)
        return statistics.median(seconds) if seconds else None

    def why_none(self, key: str) -> str:
        """Why the side has no time."""
        if key not in self._outcomes:
            return f"not in the {self._name}"
        outcome, reason = self._outcomes[key]
        if outcome == Outcome.OK:
            return f"{self._name}: no clock"
        return f"{self._name}: {outcome}{f' ({reason})' if reason else ''}"


def _without_ratio(key: str, clock: str | None, base: _Side, head: _Side) -> Compared:
    why = "; ".join(side.why_none(key) for side in (base, head) if not side.seconds(key, clock))
    return replace(_apart(key, clock, base, head, why), base_s=None, head_s=None)


def _apart(key: str, clock: str | None, base: _Side, head: _Side, why: str) -> Compared:
    """Both times, and no ratio: they were not measured alike."""
    return Compared(
        key=key,
        clock=clock,
        verdict=NOT_COMPARED,
        base_s=base.value(key, clock),
        head_s=head.value(key, clock),
        ratio=None,
        low=None,
        high=None,
        method="",
        base_launches=len(base.seconds(key, clock)),
        head_launches=len(head.seconds(key, clock)),
        note=why,
    )


def _compared(key: str, clock: str | None, base: _Side, head: _Side, unlike: str, fixed: bool) -> Compared:
    """unlike: the verdict where the runs were not measured alike; fixed: on this clock, whatever another would tell."""
    found = _ratio(key, clock, base, head)
    note = "" if found.low is not None else ONE_PROCESS if found.n < 2 else NOT_KNOWN
    if clock == WALL and not fixed and may_tell(base.run, key) and may_tell(head.run, key):
        on_cpu = _ratio(key, CPU, base, head)
        if narrower(found, on_cpu) == CPU:
            clock, found, note = CPU, on_cpu, ON_CPU
    return Compared(
        key=key,
        clock=clock,
        verdict=unlike or _verdict(found),
        base_s=base.value(key, clock),
        head_s=head.value(key, clock),
        ratio=found.value,
        low=found.low,
        high=found.high,
        method=found.method,
        base_launches=len(base.seconds(key, clock)),
        head_launches=len(head.seconds(key, clock)),
        note=note,
    )


def _ratio(key: str, clock: str | None, base: _Side, head: _Side) -> Interval:
    """head ÷ base on one clock; the other cases of either run tell how much its launches spread."""
    priors = tuple(side.run.prior_of(key, str(clock)) for side in (head, base))
    return intervals.unpaired_ratio(head.seconds(key, clock), base.seconds(key, clock), priors=(priors[0], priors[1]))


def _verdict(found: Interval) -> str:
    if found.low is None or found.high is None or found.low <= 1 <= found.high:
        return NOT_RESOLVED
    return SLOWER if found.low > 1 else FASTER
