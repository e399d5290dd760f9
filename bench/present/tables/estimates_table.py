"""The tables of `bench show`: the rows of a run for people and programs.

People get the case, its time with the interval, and every finding as a mark next to the number, with the message
below; or, where floors are asked for, each time ÷ the shortest possible. Programs get every column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bench.analyse.rows.clock_choice import on_clock
from bench.analyse.rows.peaks import CALIBRATION, Peaks
from bench.analyse.rows.row import Row
from bench.present.row_summary import summary_of
from bench.present.tables import peaks_table, record_table, row_cells, row_layout
from bench.present.tables.row_layout import ESTIMATES, FLOORS
from bench.present.tables.table_formats import PROGRAMS, Table, check_format, text_of
from bench.present.words.finding_notes import finding_notes
from bench.present.words.row_caption import caption


@dataclass(frozen=True)
class KnownPeaks:
    """The peaks that floors come from, and the time from which their age is counted back."""

    peaks: Peaks
    now: datetime


def show(
    rows: Sequence[Row],
    format: str,
    vs: str | None = None,
    *,
    floors: KnownPeaks | None = None,
    width: int = 100,
    color: bool = False,
) -> str:
    """The rows in `table`, `md`, `csv` or `json`, ending in a newline; see `table_of_rows` and `text_of`."""
    return text_of(table_of_rows(rows, format, vs, floors=floors), format, width=width, color=color)


def table_of_rows(
    rows: Sequence[Row],
    format: str,
    vs: str | None = None,
    *,
    also: Sequence[Sequence[str]] = (),
    floors: KnownPeaks | None = None,
) -> Table:
    """The rows as a table for people (`table`, `md`) or for programs (`csv`, `json`).

    vs: the reference of the speed-ups (`mode=eager`), for the caption. also: groups of columns that csv and json always
    have (see `record.records`). floors: if given, people get times ÷ floors instead of all else that is known of a
    case. People get rows on the clock `cpu` only where there are no others. Raises `UserError` on another format.
    """
    check_format(format)
    if format in PROGRAMS:
        return record_table.table_of_records(rows, format, also)
    if not rows:
        return Table([], [], empty="No cases.")
    rows = on_clock(rows)
    chosen = FLOORS if floors else ESTIMATES
    if floors:  # rows of calibration are the peaks, which stand below; they stay if there are no others
        rows = [row for row in rows if not row.workload.startswith(CALIBRATION)] or rows
    found = summary_of(rows)
    above = caption(found, vs)
    notes = finding_notes(found.findings, found.letters)
    cells = [row_cells.cells(row, marks) for row, marks in zip(found.rows, found.marks, strict=True)]
    columns, layouts = row_layout.markdown_columns(found, chosen), row_layout.layouts(found, cells, chosen)
    if floors is None:
        return Table(columns, cells, layouts, caption=above, notes=notes)
    return Table(
        columns,
        cells,
        layouts,
        caption=[*above, peaks_table.HOW],
        notes=[*notes, *peaks_table.floor_notes(found.rows)],
        then=peaks_table.table_of_peaks(found.rows, found.runs, floors.peaks, floors.now),
    )
