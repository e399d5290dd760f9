"""Speed-ups against a reference case: time of the reference ÷ time of the case, so above 1 is faster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench.analyse.rows.launch_times import LaunchTime, Statistic
from bench.analyse.rows.ratio_clock import may_tell, narrower
from bench.analyse.rows.row import Row, Speedup
from bench.analyse.rows.run_readings import RunReadings
from bench.records import Case, UserError, Value, value_from_text
from bench.series import CPU, STEP, WALL, Series
from bench.stats import intervals
from bench.stats.intervals import Interval
from bench.stats.moderation import Prior, priors

Reference = Callable[[Row], str | None]
"""Maps a row to the key of its reference; None for the reference itself, and if there is none."""


def with_speedups(rows: Sequence[Row], run: RunReadings, vs: str) -> list[Row]:
    """The rows, each with its speed-up if it has a reference.

    vs: `axis=value` (each case against its twin with that value) or a case key (all against one); run: that of the
    rows. Raises `UserError` if nothing that was measured has that value.
    """
    return [replace(row, speedup=found) for row, found in zip(rows, speedups(rows, run, vs), strict=True)]


def speedups(rows: Sequence[Row], run: RunReadings, vs: str) -> list[Speedup | None]:
    """The speed-up of each of these rows; None without a reference. Raises `UserError` as `with_speedups` does.

    A row on the wall clock is told on the clock `cpu` where that interval is narrower, and CPU time says the same as
    wall on both sides; both times of a ratio are of one clock.
    """
    reference_of = _one_reference(vs, rows) if "[" in vs or "/" in vs else _twin(vs, rows)
    references = [reference_of(row) for row in rows]
    own = [row.clock or "" for row in rows]
    ratios = _ratios(rows, references, own, run)
    wanted = [CPU if clock == WALL else "" for clock in own]
    others = _ratios(rows, references, wanted, run, only_alike=True)
    return [
        _speedup(reference, ratio, other, clock)
        for reference, ratio, other, clock in zip(references, ratios, others, own, strict=True)
    ]


def _speedup(reference: str | None, ratio: Ratio | None, on_cpu: Ratio | None, clock: str) -> Speedup | None:
    if reference is None or ratio is None:
        return None
    if on_cpu is not None and narrower(ratio[0], on_cpu[0]) == CPU:
        return Speedup(reference, *on_cpu, CPU)
    return Speedup(reference, *ratio, clock)


Ratio = tuple[Interval, bool]
"""Reference ÷ case over launches, and whether it was paired."""


def _ratios(
    rows: Sequence[Row], references: Sequence[str | None], clocks: Sequence[str], run: RunReadings,
    only_alike: bool = False,
) -> list[Ratio | None]:  # fmt: skip
    """The ratio of each row against its reference on a clock; None without one, or if either has no time on it.

    only_alike: only where CPU time stands for wall in both, and both have as many threads. How much launches differ in
    a ratio is learned from the other rows on the same clock too.
    """
    sides: dict[int, Sides] = {}
    for place, (row, reference, clock) in enumerate(zip(rows, references, clocks, strict=True)):
        if reference is None or not clock or reference == row.key:
            continue
        alike = Case.from_key(reference)["threads"] == row.axis("threads")
        if not only_alike or (alike and may_tell(run, row.key) and may_tell(run, reference)):
            sides[place] = _sides(row.key, reference, clock, run)
    known = {place: found for place, found in sides.items() if found.over and found.under}
    paired = {place: [a / b for a, b in zip(*found.common, strict=True)] for place, found in known.items() if found.by}
    prior: dict[int, Prior | None] = {}
    for clock in dict.fromkeys(clocks):
        prior |= priors({place: own for place, own in paired.items() if clocks[place] == clock})
    return [compare(known[place], prior.get(place)) if place in known else None for place in range(len(rows))]


@dataclass(frozen=True)
class Sides:
    """The times of a reference and of a case, seconds per step by launch, and how they go together."""

    over: Sequence[float]
    under: Sequence[float]
    common: tuple[Sequence[float], Sequence[float]] = ((), ())
    """Those of the launches that both have, in pairs."""
    by: str = ""
    """`launch` or `round`: what the pairs share; empty if they are too few to be pairs."""
    priors: tuple[Prior | None, Prior | None] = (None, None)
    """What the run's other cases tell of either side."""


def _sides(key: str, reference: str, clock: str, run: RunReadings) -> Sides:
    """Across devices, wall is compared with wall or latency with latency, never device time."""
    own, other = (run.times.of(name, Series(STEP, clock)) for name in (key, reference))
    if not other and clock == "latency" and Case.from_key(reference)["device"] == "cpu":
        other = run.times.of(reference, Series(STEP, WALL))  # on the CPU the clocks are one
    known = run.prior_of(reference, clock), run.prior_of(key, clock)
    return replace(sides_of(other, own, run.statistic), priors=known)


def sides_of(reference: Sequence[LaunchTime], case: Sequence[LaunchTime], statistic: Statistic = "median") -> Sides:
    """The two sides of a ratio.

    Paired by process if both cases shared a process in all common launches; else by round, since the processes of a
    round follow each other; unpaired if they have fewer than two rounds in common.
    """
    over, under = ({each.launch: each for each in side} for side in (reference, case))
    launches = sorted(over.keys() & under.keys())
    common = [over[each].by(statistic) for each in launches], [under[each].by(statistic) for each in launches]
    whole = len(launches) >= 2 or len(launches) == len(over) == len(under)
    by = ""
    if whole and all(over[launch].process == under[launch].process for launch in launches):
        by = "launch"
    elif len(launches) >= 2:
        by = "round"
    every = [each.by(statistic) for each in reference], [each.by(statistic) for each in case]
    return Sides(*every, common, by)


def compare(sides: Sides, prior: Prior | None = None) -> Ratio:
    """Reference ÷ case over launches, and whether it was paired. prior: of the ratios of other cases."""
    if sides.by:
        return intervals.paired_ratio(*sides.common, by=sides.by, prior=prior), True
    return intervals.unpaired_ratio(sides.over, sides.under, priors=sides.priors), False


class _Twin:
    """Finds the case that differs from a row in one axis alone."""

    def __init__(self, axis: str, value: Value, rows: Sequence[Row]) -> None:
        self._axis, self._value = axis, value
        # Across devices the CPU uses its fastest measured thread count: `threads` need not agree.
        self._ignored = {axis, "threads"} if axis == "device" else {axis}
        self._fastest: dict[tuple[Any, ...], tuple[float, str]] = {}
        for row in rows:
            if row.axis(axis) == value and row.ok and row.clock == WALL and row.time is not None:
                name, candidate = self._name(row), (row.time.value, row.key)
                self._fastest[name] = min(candidate, self._fastest.get(name, candidate))

    def _name(self, row: Row) -> tuple[Any, ...]:
        rest = {axis: value for axis, value in row.params.items() if axis not in self._ignored}
        return (row.workload, *sorted(rest.items()))

    def __call__(self, row: Row) -> str | None:
        """The key of the reference of `row`; None for the reference itself and if there is none."""
        if row.axis(self._axis) == self._value:
            return None
        found = self._fastest.get(self._name(row))
        return found[1] if found else None


def _twin(vs: str, rows: Sequence[Row]) -> Reference:
    axis, equals, text = vs.partition("=")
    value = value_from_text(text)
    if not equals or not text:
        raise UserError(f"--vs takes axis=value or a case key, not '{vs}'")
    seen = {row.params[axis] for row in rows if row.ok and axis in row.params}
    if value not in seen:
        known = ", ".join(sorted(map(str, seen))) or f"nothing that was measured has an axis '{axis}'"
        raise UserError(f"--vs {vs}: nothing was measured with that value ({known})")
    return _Twin(axis, value, rows)


def _one_reference(vs: str, rows: Sequence[Row]) -> Reference:
    key = Case.from_key(vs).key
    found = next((row for row in rows if row.key == key), None)
    if found is None:
        raise UserError(f"--vs {vs}: no such case in this run")
    if not found.ok:
        raise UserError(f"--vs {vs}: that case is {found.outcome}, so it has no time to compare with")
    return lambda row: key
