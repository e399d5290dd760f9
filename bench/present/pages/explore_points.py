"""The rows as points for a reader to choose from: a number, or why there is none, for each case, clock and measure.

    workloads(rows)   # plain lists and mappings, fit for JSON

A workload has its axes, clocks and measures, the first choice of what is drawn, and its rows: one for each case and
clock, even if that clock did not time the case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.analyse.rows.row import Row
from bench.present import row_groups
from bench.present.pages import explore_measures
from bench.present.words import units
from bench.records import UNIVERSAL_AXES

MOST_COLORS = 8
"""Most values of an axis that colours can tell apart: a theme of `bench.present.picture_style` has no more."""

BEYOND = ("machine", "run")
"""Columns that tell rows apart as an axis does, if the rows are of several runs."""


def workloads(rows: Sequence[Row], vs: str | None = None) -> list[dict[str, Any]]:
    """All workloads of the rows. vs: the reference of the speed-ups (`mode=eager`), for their title."""
    beyond = _beyond(rows)
    return [_workload(name, own, beyond, vs) for name, own in row_groups.by_workload(rows)]


def _beyond(rows: Sequence[Row]) -> list[str]:
    """The column of machines if there are several, and that of runs if one machine measured a case in more than one."""
    ran = {_name(row) for row in rows}
    again = len({(key, machine) for key, machine, _ in ran}) < len(ran)
    several = {"machine": len(row_groups.machines(rows)) > 1, "run": again}
    return [column for column in BEYOND if several[column]]


def _name(row: Row) -> tuple[str, str, str]:
    """The key, machine and run, which the rows of one case on its clocks share."""
    return row.key, row.machine, row.run


def _value(row: Row, axis: str) -> Any:
    """The value of an axis, or of a column that serves as one if there are several machines or runs."""
    return {"machine": row.machine, "run": row.run}[axis] if axis in BEYOND else row.axis(axis)


def _workload(name: str, rows: Sequence[Row], beyond: Sequence[str], vs: str | None) -> dict[str, Any]:
    every = [*(axis for axis in row_groups.axes(rows) if axis in UNIVERSAL_AXES)]
    every += sorted([*(axis for axis in row_groups.axes(rows) if axis not in UNIVERSAL_AXES), *beyond])
    texts = {axis: {_text(row, axis) for row in rows} for axis in every}
    axes = [_axis(axis, rows) for axis in _own_first([axis for axis in every if len(texts[axis]) > 1])]
    x = _x(axes)
    drawn, clocks = explore_measures.offered(rows), _clocks(rows)
    references = {row.speedup.reference for row in rows if row.speedup}
    made = []
    for case in _cases(rows):
        for clock, row, first in _by_clock(case, clocks):
            numbers = {each.name: explore_measures.number_of(each, row, clock, references) for each in drawn}
            drawn_fields = {"clock": clock, "first": first, "numbers": numbers if row.ok else {}}
            made.append({**_fields(row, [axis["name"] for axis in axes], beyond), **drawn_fields})
    return {
        "name": name,
        "same": ", ".join(f"{axis}={texts[axis].pop()}" for axis in every if len(texts[axis]) == 1),
        "axes": axes,
        "clocks": clocks,
        "measures": [explore_measures.described(measure, rows, vs) for measure in drawn],
        "x": x,
        "color": _color([axis for axis in axes if axis["name"] != x]),
        "rows": made,
    }


def _own_first(axes: Sequence[str]) -> list[str]:
    """The axes, the workload's own ones first: they name the problem; the others say how and where it was run."""
    own = [axis for axis in axes if axis not in UNIVERSAL_AXES and axis not in BEYOND]
    return own + [axis for axis in axes if axis not in own]


def _axis(name: str, rows: Sequence[Row]) -> dict[str, Any]:
    """An axis with its values in order, as in case keys; `numeric` is true if all of them are numbers."""
    values = {_text(row, name): _value(row, name) for row in rows}
    there = [value for value in values.values() if value is not None]
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in there)
    return {"name": name, "numeric": numeric, "values": sorted(values, key=lambda text: row_groups.order(values[text]))}


def _text(row: Row, axis: str) -> str:
    value = _value(row, axis)
    return units.DASH if value is None else str(value)


def _x(axes: Sequence[Mapping[str, Any]]) -> str:
    """The first choice for x: the longest sweep of numbers, else the axis with the most values; empty without axes."""
    best = max(axes, key=lambda axis: (axis["numeric"], len(axis["values"])), default=None)
    return str(best["name"]) if best else ""


def _color(axes: Sequence[Mapping[str, Any]]) -> str:
    """The first choice for colours: of the other axes, the one with the most values that there are colours for."""
    few = [axis for axis in axes if len(axis["values"]) <= MOST_COLORS]
    best = max(few, key=lambda axis: len(axis["values"]), default=None)
    return str(best["name"]) if best else ""


def _clocks(rows: Sequence[Row]) -> list[str]:
    """The clocks of these rows, the preferred one first; the default clock if nothing was timed."""
    present = row_groups.clocks(rows)
    known = [clock for clock in row_groups.CLOCKS if clock in present]
    return [*known, *(clock for clock in present if clock not in known)] or [row_groups.CLOCKS[0]]


def _cases(rows: Sequence[Row]) -> list[list[Row]]:
    cases: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        cases.setdefault(_name(row), []).append(row)
    return list(cases.values())


def _by_clock(case: Sequence[Row], clocks: Sequence[str]) -> Iterator[tuple[str, Row, bool]]:
    """For each clock: its name, the row of the case, and whether to take that row if the clock does not matter.

    If the case has no row on a clock, another row of it stands in."""
    own = {row.clock: row for row in reversed(case) if row.clock}
    lost = next((row for row in case if not row.ok), case[0])
    preferred = next((clock for clock in clocks if clock in own), clocks[0])
    for clock in clocks:
        yield clock, own.get(clock, lost), clock == preferred


def _fields(row: Row, axes: Sequence[str], beyond: Sequence[str]) -> dict[str, Any]:
    """The fields of a row that do not depend on what is drawn."""
    texts = {axis: _text(row, axis) for axis in axes}
    return {
        "key": " ".join([row.key, *(f"{column}={texts[column]}" for column in beyond if column in texts)]),
        "case": ", ".join(f"{axis}={text}" for axis, text in texts.items()) or "the only case",
        "axes": texts,
        "outcome": row.outcome.value,
        "reason": row.reason or ("" if row.ok else "no reason was recorded"),
        "launches": units.count(row.launches),
        "doubts": [f"{item.severity}: {item.message}" for item in row.findings],
    }
