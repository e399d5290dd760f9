"""Speed-ups against a reference case: time of the reference ÷ time of the case, so above 1 is faster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from bench.analyse.rows.launch_medians import LaunchMedian, Medians
from bench.analyse.rows.row import Row, Speedup
from bench.records import Case, UserError, Value, value_from_text
from bench.series import STEP, Series
from bench.stats import intervals
from bench.stats.intervals import Interval

Reference = Callable[[Row], str | None]
"""Maps a row to the key of its reference; None for the reference itself, and if there is none."""


def with_speedups(rows: Sequence[Row], medians: Medians, vs: str) -> list[Row]:
    """The rows, each with its speed-up if it has a reference.

    vs: `axis=value` (each case against its twin with that value) or a case key (all against one); medians: those of the
    run. Raises `UserError` if nothing that was measured has that value.
    """
    return [replace(row, speedup=found) for row, found in zip(rows, speedups(rows, medians, vs), strict=True)]


def speedups(rows: Sequence[Row], medians: Medians, vs: str) -> list[Speedup | None]:
    """The speed-up of each of these rows; None without a reference. Raises `UserError` as `with_speedups` does."""
    reference_of = _one_reference(vs, rows) if "[" in vs or "/" in vs else _twin(vs, rows)
    return [_speedup(row, reference_of(row), medians) for row in rows]


def _speedup(row: Row, reference: str | None, medians: Medians) -> Speedup | None:
    """Across devices, wall is compared with wall or latency with latency, never device time."""
    if reference is None or row.clock is None or reference == row.key:
        return None
    own, other = (medians.of(key, Series(STEP, row.clock)) for key in (row.key, reference))
    if not other and row.clock == "latency" and Case.from_key(reference)["device"] == "cpu":
        other = medians.of(reference, Series(STEP, "wall"))  # on the CPU the clocks are one
    if not own or not other:
        return None
    return Speedup(reference, *compare(other, own))


def compare(reference: Sequence[LaunchMedian], case: Sequence[LaunchMedian]) -> tuple[Interval, bool]:
    """Reference ÷ case over launches, and whether it was paired.

    Paired by process if both cases shared a process in all common launches; else by round, since the processes of a
    round follow each other; unpaired if they have fewer than two rounds in common.
    """
    over, under = ({each.launch: each for each in side} for side in (reference, case))
    common = sorted(over.keys() & under.keys())
    paired = [over[launch].median_s for launch in common], [under[launch].median_s for launch in common]
    whole = len(common) >= 2 or len(common) == len(over) == len(under)
    if whole and all(over[launch].process == under[launch].process for launch in common):
        return intervals.paired_ratio(*paired, by="launch"), True
    if len(common) >= 2:
        return intervals.paired_ratio(*paired, by="round"), True
    return intervals.unpaired_ratio([each.median_s for each in reference], [each.median_s for each in case]), False


class _Twin:
    """Finds the case that differs from a row in one axis alone."""

    def __init__(self, axis: str, value: Value, rows: Sequence[Row]) -> None:
        self._axis, self._value = axis, value
        # Across devices the CPU uses its fastest measured thread count: `threads` need not agree.
        self._ignored = {axis, "threads"} if axis == "device" else {axis}
        self._fastest: dict[tuple[Any, ...], tuple[float, str]] = {}
        for row in rows:
            if row.axis(axis) == value and row.ok and row.clock == "wall" and row.time is not None:
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
