"""The table of `bench show --floor`: time ÷ floor of each case, and the peaks that the floors come from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bench.analyse.rows.peaks import CALIBRATION, Peaks, Place, Rate, dtype_of
from bench.analyse.rows.row import Floor, Row
from bench.present import row_groups
from bench.present.tables import estimates_table, table_formats, terminal_table
from bench.present.tables.terminal_table import Column, TableLine
from bench.present.words import units
from bench.present.words.finding_notes import finding_notes, sentence
from bench.present.words.units import DASH
from bench.records import UNIVERSAL_AXES

HOW = (
    "÷ floor: time ÷ the least that its work takes here, which is the longest of flops ÷ peak, bytes ÷ bandwidth and "
    "kernels × launch; its interval puts time and floor at their worst"
)
DOUBT = "(!)"

_PEAKS = [Column("peak"), Column("where"), Column("of"), Column("rate", right=True), Column("interval")]
_AGES = ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"))


def show(
    rows: Sequence[Row],
    peaks: Peaks,
    format: str,
    *,
    now: datetime,
    vs: str | None = None,
    width: int = 100,
    color: bool = False,
) -> str:
    """The rows with their floors in `table`, `md`, `csv` or `json`, ending in a newline.

    now: the time from which the age of the peaks is counted back. width, color: as in `estimates_table.show`, which
    also makes csv and json. Raises `UserError` on another format.
    """
    table_formats.check_format(format)
    if format in ("csv", "json") or not rows:
        return estimates_table.show(rows, format, vs, width=width, color=color)
    # Calibration rows are the peaks, which stand below; they stay if there are no others.
    rows = [row for row in rows if not row.workload.startswith(CALIBRATION)] or rows
    letters = estimates_table.finding_letters(rows)
    above, below = [*estimates_table.caption(rows, vs), HOW], [*finding_notes(rows, letters), *_doubts(rows)]
    source, measured = _source(rows, peaks, now), _measured(rows, peaks)
    if format == "md":
        columns = [Column("key", "case"), *_columns(rows, ())[1:]]
        cells = [{**_cells(row, letters), "bound": _bound(row) or _why_none(row)} for row in rows]
        parts = [
            table_formats.as_markdown(cells, columns),
            *(f"{table_formats.markdown_text(text)}\n" for text in (*above, *below)),
        ]
        return "\n".join(
            [*parts, f"{table_formats.markdown_text(source)}\n", table_formats.as_markdown(measured, _PEAKS)]
        )
    axes = [axis for axis in row_groups.varying(rows) if axis in UNIVERSAL_AXES]
    lines, columns = _laid_out(rows, letters, axes)
    if not terminal_table.fits(lines, columns, width):
        lines, columns = _laid_out(rows, letters, ())
    cases = terminal_table.table(lines, columns, width=width, color=color, above=above, below=below)
    rates = [TableLine(cells=cell) for cell in measured]
    return f"{cases}\n{terminal_table.table(rates, _PEAKS, width=width, color=color, above=[source])}"


def _columns(rows: Sequence[Row], axes: Sequence[str]) -> list[Column]:
    of_use = estimates_table.optional(rows)
    some = [column for column in (Column("clock"), Column("faster", "speed-up", drop=1)) if column.name in of_use]
    return [
        Column("case", wrap=True), *(Column(axis) for axis in axes), *some, Column("time"), Column("floor"),
        Column("ratio", "÷ floor"), Column("bound", "bound by"),
    ]  # fmt: skip


def _laid_out(
    rows: Sequence[Row], letters: dict[str, str], apart: Sequence[str]
) -> tuple[list[TableLine], list[Column]]:
    """Lines and columns; the axes `apart` have columns of their own, all others are part of the case."""
    named = sorted((axis for axis in row_groups.varying(rows) if axis not in apart), key=UNIVERSAL_AXES.__contains__)
    lines: list[TableLine] = []
    for workload, group in row_groups.by_workload(rows):
        lines += [TableLine(section=workload), *(_line(row, letters, named, apart) for row in group)]
    return lines, _columns(rows, apart)


def _line(row: Row, letters: dict[str, str], named: Sequence[str], apart: Sequence[str]) -> TableLine:
    case = " ".join(f"{axis}={row.params[axis]}" for axis in named if axis in row.params)
    own = {axis: table_formats.cell_text(row.axis(axis)) for axis in apart}
    cells = {**_cells(row, letters), **own, "case": f"  {case or 'one case'}"}
    if not row.ok:
        style = "skipped" if row.outcome == "skipped" else "bad"
        return TableLine(cells, note=_why_none(row), note_from=("time",), style=style)
    if not _has_floor(row):
        return TableLine(cells, note=_why_none(row), note_from=("floor",))
    return TableLine(cells)


def _cells(row: Row, letters: dict[str, str]) -> dict[str, str]:
    ratio = units.ratio(*units.ends(row.times_floor))
    floor = row.floor or Floor()
    return {
        **estimates_table.cells(row, letters),
        "floor": units.interval(*units.ends(floor.seconds)),
        "ratio": f"{ratio} {DOUBT}" if floor.seconds and floor.reason else ratio,
        "bound": floor.by or DASH,
    }


def _has_floor(row: Row) -> bool:
    return row.floor is not None and row.floor.seconds is not None


def _bound(row: Row) -> str:
    return row.floor.by if row.floor else ""


def _why_none(row: Row) -> str:
    if not row.ok:
        return f"{row.outcome}: {row.reason or 'no reason was recorded'}"
    return f"no floor: {row.floor.reason if row.floor and row.floor.reason else 'none was computed'}"


def _doubts(rows: Sequence[Row]) -> list[str]:
    """The reasons why a time below its floor is no error, each once."""
    reasons = dict.fromkeys(row.floor.reason for row in rows if row.floor and row.floor.seconds and row.floor.reason)
    return [f"{DOUBT} {sentence(text)}" for text in reasons]


def _source(rows: Sequence[Row], peaks: Peaks, now: datetime) -> str:
    own = row_groups.runs(rows) == [peaks.run]
    return f"Peaks: measured {age(peaks.age_s(now))} ago by {'this run' if own else f'run {peaks.run}'}"


def age(seconds: float) -> str:
    """A duration in its largest unit: `3 hours`, `1 day`, `less than a minute`."""
    for length, unit in _AGES:
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"


def _measured(rows: Sequence[Row], peaks: Peaks) -> list[dict[str, str]]:
    """The peaks that the floors of these rows come from; all peaks if no row has a floor."""
    floored = [row for row in rows if _has_floor(row)]
    places = {Place.of(row) for row in floored}
    products = {(Place.of(row), dtype_of(row.case)) for row in floored}
    measured = [
        _peak("arithmetic", place, dtype, rate, "flop")
        for (place, dtype), rate in peaks.flops.items()
        if not floored or (place, dtype) in products
    ]
    for place, sets in peaks.bandwidths.items():
        steps = [item for before, item in zip((None, *sets), sets, strict=False) if not before or before[1] != item[1]]
        if not floored or place in places:
            measured += [_peak("bandwidth", place, f"sets from {units.size(size)}", r, "byte") for size, r in steps]
    for place, rate in peaks.launches.items():
        if not floored or place in places:
            cost = rate.seconds(1)
            value, interval = units.interval_parts(*cost)
            measured.append({**_peak("launch", place, "one kernel", rate, ""), "rate": value, "interval": interval})
    return measured


def _peak(name: str, place: Place, of: str, rate: Rate, unit: str) -> dict[str, str]:
    value, interval = units.rate_parts(rate.value, rate.low, rate.high, unit)
    threads = f" threads={place.threads}" if place.threads else ""
    clock = "" if place.device == "cpu" else f" {place.clock} clock"
    return {"peak": name, "where": f"{place.device}{threads}{clock}", "of": of, "rate": value, "interval": interval}
