"""Rows as lines of a chart, and comparisons of two of their points. Nothing here draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.analyse.rows.row import Row
from bench.present import row_groups
from bench.present.row_groups import NOT_KNOWN
from bench.present.words import machine_labels, units
from bench.records import UNIVERSAL_AXES, Outcome
from bench.stats.intervals import Interval, ratio_of
from bench.stats.missing_numbers import number

UNRESOLVED = "not resolved by this data"


@dataclass(frozen=True)
class LinePoint:
    """A measured value with its interval; `low` and `high` are None if there is none."""

    x: float
    value: float
    low: float | None
    high: float | None
    x_low: float | None = None
    x_high: float | None = None
    """Ends of the interval of `x`, if that was measured."""

    @property
    def bounded(self) -> bool:
        """True if the value has an interval."""
        return self.low is not None and self.high is not None


@dataclass(frozen=True)
class Loss:
    """A case without a number, and its place on the x axis."""

    x: float
    outcome: str
    reason: str


@dataclass(frozen=True)
class ChartLine:
    """One line: its label, the points in order of x, and the cases without a number."""

    label: str
    points: tuple[LinePoint, ...]
    losses: tuple[Loss, ...]
    keys: tuple[str, ...]
    machine: str = ""
    """The only machine whose rows it shows, if there are several machines."""
    run: str = ""
    """The only run whose rows it shows, if one machine has several runs."""
    group: str = ""
    """Lines of one group have one colour and marker, and one label, at the first of them."""

    def rows(self, rows: Sequence[Row]) -> list[Row]:
        """The rows of its cases that have a number."""
        return [
            row
            for row in rows
            if row.key in self.keys and row.ok and self.machine in ("", row.machine) and self.run in ("", row.run)
        ]


Measured = Callable[[Row], Interval | None]
"""The number of a row that is drawn along y."""

Place = Callable[[Row], float | None]
"""The place of a row on the axis that is swept."""


def time_of(row: Row) -> Interval | None:
    """Seconds per step."""
    return row.time


def place_on(axis: str) -> Place:
    """A function that gives the value of an axis, or None if it is no number."""
    return lambda row: number(row.axis(axis))


def split(rows: Sequence[Row], axis: str, of: Measured, place: Place | None = None) -> list[ChartLine]:
    """A line for each combination of whatever varies besides `axis`.

    of: the number of a row along y; place: its place along x, by default the value of the axis.
    """
    where = place or place_on(axis)
    rows = [row for row in rows if where(row) is not None]
    names = [name for name in row_groups.varying(rows) if name != axis]
    by_machine = len(row_groups.machines(rows)) > 1
    by_run = not by_machine and len(row_groups.runs(rows)) > 1
    parts = machine_labels.labels(map(_part, rows)) if by_machine else {}
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        source = row.machine if by_machine else row.run if by_run else ""
        groups.setdefault((*(row.axis(name) for name in names), source), []).append(row)
    made = []
    for group in sorted(groups, key=lambda group: tuple(row_groups.order(item) for item in group)):
        own_rows, *values, source = groups[group], *group
        apart = [*zip(names, values, strict=True), *([("run", source)] if by_run else [])]
        label = _label(apart, own_rows[0], parts)
        made.append(
            line_of(label, own_rows, where, of, machine=source if by_machine else "", run=source if by_run else "")
        )
    return made


def _part(row: Row) -> tuple[str, str]:
    """The machine that computed a row, and the device in it."""
    return row.machine, str(row.axis("device", "cpu"))


def _label(values: Sequence[tuple[str, Any]], row: Row, parts: Mapping[tuple[str, str], str]) -> str:
    """The values that tell a line apart; with several machines, the processor or GPU by name replaces the device."""
    texts = [shown(name, item) for name, item in values if item is not None and not (parts and name == "device")]
    return " ".join([*([parts[_part(row)]] if parts else []), *texts])


def shown(name: str, value: Any) -> str:
    """The value of an axis in a label: names speak for themselves, numbers need their axis."""
    if name == "threads" and isinstance(value, int):
        return f"{value} thread{'' if value == 1 else 's'}"
    if isinstance(value, str) and (name in UNIVERSAL_AXES or not value.isdigit()):
        return f"{value} threads" if name == "threads" else value
    return f"{name} {value}"


def line_of(label: str, rows: Sequence[Row], place: Place, of: Measured, machine: str = "", run: str = "") -> ChartLine:
    """One line of all these rows, whatever varies in them."""
    points: dict[float, LinePoint] = {}
    losses: list[Loss] = []
    for row in rows:
        x, measured = place(row), of(row)
        if x is None:
            continue
        if row.ok and measured is not None and measured.value > 0:
            bounded = measured.low is not None and measured.high is not None and measured.low > 0
            points[x] = LinePoint(
                x, measured.value, measured.low if bounded else None, measured.high if bounded else None
            )
        else:
            losses.append(Loss(x, "no value" if row.ok else row.outcome.value, row.reason))
    ordered = tuple(points[x] for x in sorted(points))
    return ChartLine(label, ordered, tuple(losses), tuple(dict.fromkeys(row.key for row in rows)), machine, run)


def quotient(top: LinePoint, bottom: LinePoint) -> tuple[float, float | None, float | None]:
    """`top` ÷ `bottom`, with the interval of independent estimates; the ends are None if one has no interval."""
    if top.low is None or top.high is None or bottom.low is None or bottom.high is None:
        return top.value / bottom.value, None, None
    return ratio_of((top.value, top.low, top.high), (bottom.value, bottom.low, bottom.high))


def resolved(ratio: tuple[float, float | None, float | None]) -> bool:
    """True if the interval of a ratio excludes 1."""
    _, low, high = ratio
    return low is not None and high is not None and (low > 1 or high < 1)


def at(series: ChartLine, x: float) -> LinePoint | None:
    """The point of a series at `x`."""
    return next((point for point in series.points if point.x == x), None)


def place_text(axis: str, x: float) -> str:
    """The place on the axis, for a sentence: `size 1,024` or `800 rows`."""
    return f"{units.count(x)} {axis}" if axis.endswith("s") else f"{axis} {units.count(x)}"


def lost_text(rows: Sequence[Row]) -> str:
    """`6 skipped, 2 oom`: how many cases did not end ok; empty if all did."""
    counts = {name: number for name, number in row_groups.outcome_counts(rows).items() if name != Outcome.OK}
    return ", ".join(f"{number} {name}" for name, number in counts.items())


def reasons(rows: Sequence[Row]) -> list[str]:
    """`oom: 192 MiB asked`: each outcome once, with its first reason."""
    first: dict[str, str] = {}
    for row in rows:
        if not row.ok and row.reason:
            first.setdefault(row.outcome.value, row.reason)
    return [f"{outcome}: {reason}" for outcome, reason in first.items()]


def method_of_time(row: Row) -> str:
    """The method of the interval of the time."""
    return row.method


def provenance(
    rows: Sequence[Row], method: Callable[[Row], str] = method_of_time, clocks: Sequence[str] | None = None
) -> str:
    """The footer: machine, run, torch, clock, number of launches, and how the interval was made from them.

    method: how the interval that is drawn was made, if that is not the interval of a time; clocks: those of what is
    drawn, if they are not those of the times.
    """
    parts = [" and ".join(row_groups.machines(rows))]
    runs = row_groups.runs(rows)
    parts.append(f"run {runs[0]}" if len(runs) == 1 else f"{len(runs)} runs" if runs else "")
    torch = row_groups.distinct(row.torch for row in rows)
    parts.append(f"torch {' and '.join(torch)}" if torch else "")
    # Labels leave out what all lines share, so the footer has to have it.
    parts += [shown(axis, rows[0].params[axis]) for axis in row_groups.constants(rows)]
    clocks = row_groups.clocks(rows) if clocks is None else clocks
    parts.append(f"{' and '.join(clocks)} clock" if clocks else "")
    parts += [f"{name} of the blocks of a launch" for name in row_groups.statistics(rows) if name != "median"]
    measured = [row for row in rows if row.ok]
    methods = row_groups.distinct(text for text in map(method, measured) if not text.startswith(NOT_KNOWN))
    parts.append(
        methods[0] if len(methods) == 1 else f"{len(methods)} interval methods, see the table" if methods else ""
    )
    if not any("launch" in method for method in methods[:1]) or len(methods) > 1:
        numbers = sorted({row.launches for row in measured if row.launches})
        ends = dict.fromkeys((numbers[0], numbers[-1])) if numbers else ()
        parts.append(f"{'–'.join(map(str, ends))} launches" if numbers else "")
    return " · ".join(part for part in parts if part)
