"""The columns of a table of rows, and its lines: which axes have columns, which are part of the case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench.analyse.rows.row import Row
from bench.present.row_summary import RowSummary
from bench.present.tables.row_cells import has_floor, why_none
from bench.present.tables.table_formats import Layout, cell_text
from bench.present.tables.terminal_table import Column, TableLine
from bench.records import UNIVERSAL_AXES, Outcome


@dataclass(frozen=True)
class RowColumns:
    """The columns of a table of rows: those for Markdown, and those for a terminal beside the case and its axes."""

    markdown: Sequence[Column]
    terminal: Sequence[Column]
    always: frozenset[str]
    """Names of columns that stay even if no row has a value for them."""
    floors: bool = False
    """Whether a row is about its floor: one that has none then says why."""


ESTIMATES = RowColumns(
    markdown=(
        Column("key", "case"), Column("machine"), Column("run"), Column("clock"), Column("outcome"),
        Column("median", right=True), Column("interval"), Column("mean"), Column("launches", right=True),
        Column("speedup", "speed-up", right=True), Column("speedup_interval", "speed-up interval"),
        Column("paired", "pairing"), Column("items", "throughput", right=True),
        Column("quality"), Column("peak", "peak memory", right=True), Column("first_call", right=True),
        Column("cold", "compile cold", right=True), Column("warm", "compile warm", right=True),
        Column("break_even", "break-even"), Column("reason"), Column("findings"),
    ),
    terminal=(
        Column("machine"), Column("run", drop=1),
        Column("clock"), Column("outcome", drop=1), Column("time"), Column("mean", drop=2),
        Column("faster", "speed-up"),
        Column("paired", "pairing", drop=3), Column("launches", right=True, drop=2),
        Column("items", "throughput", right=True, drop=4), Column("quality", drop=4),
        Column("peak", "peak memory", right=True, drop=5),
        Column("first_call", right=True, drop=6), Column("cold", "compile cold", right=True, drop=7),
        Column("warm", "compile warm", right=True, drop=8), Column("break_even", "break-even", drop=3),
    ),
    always=frozenset({"key", "outcome", "median", "interval", "time", "launches"}),
)  # fmt: skip

_OF_FLOORS = (
    Column("clock"), Column("faster", "speed-up", drop=1), Column("time"), Column("floor"), Column("ratio", "÷ floor"),
)  # fmt: skip

FLOORS = RowColumns(
    markdown=(Column("key", "case"), *_OF_FLOORS, Column("bound_or_why", "bound by")),
    terminal=(*_OF_FLOORS, Column("bound", "bound by")),
    always=frozenset({"key", "time", "floor", "ratio", "bound", "bound_or_why"}),
    floors=True,
)


def filled(found: RowSummary) -> set[str]:
    """The optional columns that these rows have values for."""
    rows = found.rows
    useful = {
        "clock": len(found.clocks) > 1,
        "machine": len(found.machines) > 1,
        "run": len(found.runs) > len(found.machines),
        "mean": found.statistics != ["mean"] and any(row.mean_is_apart for row in rows),
        "items": any(row.rate for row in rows),
        "peak": any(row.peak_bytes is not None for row in rows),
        "quality": any(row.quality for row in rows),
        "first_call": any(row.first_call for row in rows),
        "cold": any(row.compile_cold_s is not None for row in rows),
        "warm": any(row.compile_warm_s is not None for row in rows),
        "break_even": any(row.break_even for row in rows),
        **dict.fromkeys(("faster", "speedup", "speedup_interval", "paired"), bool(found.pairings)),
        "reason": any(not row.ok for row in rows),
        "findings": any(row.findings for row in rows),
    }
    return {name for name, used in useful.items() if used}


def markdown_columns(found: RowSummary, chosen: RowColumns) -> list[Column]:
    """The columns of the rows in Markdown."""
    named = found.statistics in ([], ["median"])
    columns = _kept(chosen.markdown, found, chosen)
    return [replace(each, title="time") if each.name == "median" and not named else each for each in columns]


def layouts(found: RowSummary, cells: Sequence[Mapping[str, str]], chosen: RowColumns) -> list[Layout]:
    """The rows as they may stand in a terminal: with columns for device, dtype, mode and threads, or without.

    cells: of each row, as `row_cells.cells` makes them.
    """
    universal = [axis for axis in found.varying if axis in UNIVERSAL_AXES]
    # The workload's own axes come first: they name the problem, and the universal ones say how it was run.
    own = [axis for axis in found.varying if axis not in universal]
    columns = _kept(chosen.terminal, found, chosen)
    if len(found.pairings) == 1:  # then the caption says it
        columns = [column for column in columns if column.name != "paired"]
    case = Column("case", wrap=True)
    # Where all axes are part of the case, those that are constant for a workload stand in its heading instead.
    above = {} if chosen.floors else found.workloads
    return [
        Layout([case, *map(Column, universal), *columns], _lines(found, cells, chosen, (own, universal), {})),
        Layout([case, *columns], _lines(found, cells, chosen, ([*own, *universal], []), above)),
    ]


def _kept(columns: Sequence[Column], found: RowSummary, chosen: RowColumns) -> list[Column]:
    wanted = chosen.always | filled(found)
    return [column for column in columns if column.name in wanted]


def _lines(
    found: RowSummary,
    cells: Sequence[Mapping[str, str]],
    chosen: RowColumns,
    axes: tuple[Sequence[str], Sequence[str]],
    above: Mapping[str, Mapping[str, str]],
) -> list[TableLine]:
    """The lines by workload. axes: those that name the case, those with columns of their own; above: by workload."""
    named, apart = axes
    lines: list[TableLine] = []
    for workload in found.workloads:
        same = {axis: text for axis, text in above.get(workload, {}).items() if axis in named}
        lines.append(TableLine(section=" ".join([workload, *(f"{axis}={text}" for axis, text in same.items())])))
        rest = [axis for axis in named if axis not in same]
        lines += [
            _line(row, {**texts, **_place(row, rest, apart)}, chosen)
            for row, texts in zip(found.rows, cells, strict=True)
            if row.workload == workload
        ]
    return lines


def _place(row: Row, named: Sequence[str], apart: Sequence[str]) -> dict[str, str]:
    """The cells that say which case it is."""
    case = " ".join(f"{axis}={row.params[axis]}" for axis in named if axis in row.params)
    return {**{axis: cell_text(row.axis(axis)) for axis in apart}, "case": f"  {case or 'one case'}"}


def _line(row: Row, texts: Mapping[str, str], chosen: RowColumns) -> TableLine:
    if not row.ok:
        style = "skipped" if row.outcome == Outcome.SKIPPED else "bad"
        return TableLine(texts, note=why_none(row), note_from=("outcome", "time"), style=style)
    if chosen.floors and not has_floor(row):
        return TableLine(texts, note=why_none(row), note_from=("floor",))
    return TableLine(texts)
