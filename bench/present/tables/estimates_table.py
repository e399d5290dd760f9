"""The tables of `bench show`: the rows of a run for people and programs.

People get the case, its time with the interval, and every finding as a mark next to the number, with the message
below. Programs get every column, tidy, with the unit in the name.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.analyse.rows import record
from bench.analyse.rows.row import Row
from bench.present import row_groups
from bench.present.tables import table_formats, terminal_table
from bench.present.tables.terminal_table import Column, TableLine
from bench.present.words import units
from bench.present.words.finding_notes import finding_notes, marks
from bench.present.words.units import DASH
from bench.records import UNIVERSAL_AXES, Case
from bench.stats.missing_numbers import number
from bench.workload import AFTER

FIRST = (
    "key", "workload", "params", "outcome", "reason", "clock", "value_s", "low_s", "high_s", "method", "launches",
    "blocks", "first_call_s", "compile_cold_s", "compile_warm_s", "build_s", "peak_bytes", "items", "unit",
    "items_per_s", "items_per_s_low", "items_per_s_high", "flops", "bytes", "kernels", "reference", "speedup",
    "speedup_low", "speedup_high", "speedup_paired", "speedup_method", "run", "machine", "findings",
)  # fmt: skip
"""First columns of csv and json, in this order, which json has even if the rows lack them; all others follow."""


def show(
    rows: Sequence[Row],
    format: str,
    vs: str | None = None,
    *,
    also: Sequence[Sequence[str]] = (),
    width: int = 100,
    color: bool = False,
) -> str:
    """The rows in `table`, `md`, `csv` or `json`, ending in a newline.

    `vs` names the reference of the speed-ups (`mode=eager`), for the caption. `also` are groups of columns that csv and
    json always have (see `record.records`). `width` is in characters and `color` asks for ANSI codes; only `table`
    uses them. Raises `UserError` on another format.
    """
    table_formats.check_format(format)
    if format == "json":
        return table_formats.as_json({**dict.fromkeys(FIRST), **each} for each in record.records(rows, *also))
    if format == "csv":
        return _csv(rows, also)
    if format == "md":
        return _markdown(rows, vs)
    return _terminal(rows, vs, width, color)


def _csv(rows: Sequence[Row], also: Sequence[Sequence[str]]) -> str:
    axes = row_groups.axes(rows)
    records = record.records(rows, *also)
    tidy = [
        {**each, **row.params, "findings": [item.check for item in row.findings]}
        for row, each in zip(rows, records, strict=True)
    ]
    fixed = [name for name in FIRST if name != "params"]
    rest = [name for name in (records[0] if records else ()) if name not in {*FIRST, *axes}]
    return table_formats.as_csv(tidy, [*fixed[:2], *axes, *fixed[2:], *rest])


def cells(row: Row, letters: dict[str, str]) -> dict[str, str]:
    """All fields of a row as text, for tables that people read; missing ones are dashes."""
    median, within = units.interval_parts(*units.ends(row.time))
    ratio = row.speedup.ratio if row.speedup else None
    speedup, speedup_within = units.ratio_parts(*units.ends(ratio))
    mark = " ".join(f"({letters[check]})" for check in marks(row) if check in letters)
    reference = row.speedup is not None and row.speedup.reference == row.key
    time = units.interval(*units.ends(row.time))
    bounded = within != DASH or median == DASH
    pays = row.break_even
    return {
        "key": row.key,
        "workload": row.workload,
        "outcome": row.outcome.value,
        "reason": row.reason or DASH,
        "clock": row.clock or DASH,
        "machine": row.machine or DASH,
        "run": row.run or DASH,
        "median": median,
        "interval": within,
        "time": f"{time} {mark}".rstrip() if bounded else f"{time} (no interval) {mark}".rstrip(),
        "method": row.method or DASH,
        "launches": units.count(row.launches),
        "items": units.rate(row.rate.value if row.rate else None, row.work.unit or "item"),
        "peak": units.size(row.peak_bytes),
        "quality": _quality(row),
        "first_call": units.seconds(row.first_call.value if row.first_call else None),
        "cold": units.seconds(row.compile_cold_s),
        "warm": units.seconds(row.compile_warm_s),
        "break_even": units.steps(pays.value, pays.low, pays.high) if pays else DASH,
        "speedup": speedup,
        "speedup_interval": speedup_within,
        "faster": "reference" if reference else speedup if speedup_within == DASH else f"{speedup} {speedup_within}",
        "paired": "reference" if reference else _paired(row),
        "findings": mark or DASH,
    }


def _quality(row: Row) -> str:
    """The quality of the answer, as the workload reports it: `test accuracy 0.985`. An unknown value is a dash.

    Values by epoch (`…_after_3`) are left out, because the table has no room for them; a chart draws them.
    """
    metrics = {name: value for name, value in (row.quality or {}).items() if not AFTER.fullmatch(name)}
    named = ((name.replace("_", " "), number(value)) for name, value in metrics.items())
    return ", ".join(f"{name} {DASH if value is None else f'{value:.4g}'}" for name, value in named) or DASH


def _paired(row: Row) -> str:
    if row.speedup is None:
        return DASH
    # `paired by launch: …` and `paired by round: …` are not the same pairing.
    how, colon, _ = row.speedup.ratio.method.partition(":")
    if row.speedup.paired and colon and how.startswith("paired by "):
        return how.removeprefix("paired ")
    return "paired" if row.speedup.paired else "unpaired"


def optional(rows: Sequence[Row]) -> set[str]:
    """The optional columns that these rows have values for."""
    machines = row_groups.machines(rows)
    useful = {
        "clock": len(row_groups.clocks(rows)) > 1,
        "machine": len(machines) > 1,
        "run": len(row_groups.runs(rows)) > len(machines),
        "items": any(row.rate for row in rows),
        "peak": any(row.peak_bytes is not None for row in rows),
        "quality": any(row.quality for row in rows),
        "first_call": any(row.first_call for row in rows),
        "cold": any(row.compile_cold_s is not None for row in rows),
        "warm": any(row.compile_warm_s is not None for row in rows),
        "break_even": any(row.break_even for row in rows),
        "faster": any(row.speedup for row in rows),
        "reason": any(not row.ok for row in rows),
        "findings": any(row.findings for row in rows),
    }
    useful["speedup"] = useful["speedup_interval"] = useful["paired"] = useful["faster"]
    return {name for name, used in useful.items() if used}


def _kept(columns: Sequence[Column], rows: Sequence[Row], always: Sequence[str]) -> list[Column]:
    wanted = {*always, *optional(rows)}
    return [column for column in columns if column.name in wanted]


def _markdown(rows: Sequence[Row], vs: str | None) -> str:
    if not rows:
        return "No cases.\n"
    letters = finding_letters(rows)
    columns = _kept(
        [
            Column("key", "case"), Column("machine"), Column("run"), Column("clock"), Column("outcome"),
            Column("median", right=True), Column("interval"), Column("launches", right=True),
            Column("speedup", "speed-up", right=True), Column("speedup_interval", "speed-up interval"),
            Column("paired", "pairing"), Column("items", "throughput", right=True),
            Column("quality"), Column("peak", "peak memory", right=True), Column("first_call", right=True),
            Column("cold", "compile cold", right=True), Column("warm", "compile warm", right=True),
            Column("break_even", "break-even"), Column("reason"), Column("findings"),
        ],
        rows,
        ("key", "outcome", "median", "interval", "launches"),
    )  # fmt: skip
    body = table_formats.as_markdown([cells(row, letters) for row in rows], columns)
    paragraphs = [*caption(rows, vs), *finding_notes(rows, letters)]
    return body + "".join(f"\n{table_formats.markdown_text(text)}\n" for text in paragraphs)


def _terminal(rows: Sequence[Row], vs: str | None, width: int, color: bool) -> str:
    if not rows:
        return "No cases.\n"
    letters = finding_letters(rows)
    lines, columns = _laid_out(rows, letters, apart=True)
    if not terminal_table.fits(lines, columns, width):
        lines, columns = _laid_out(rows, letters, apart=False)
    below = finding_notes(rows, letters)
    return terminal_table.table(lines, columns, width=width, color=color, above=caption(rows, vs), below=below)


def _laid_out(rows: Sequence[Row], letters: dict[str, str], apart: bool) -> tuple[list[TableLine], list[Column]]:
    """Lines and columns; device, dtype, mode and threads have their own columns (`apart`), or are part of the case."""
    varying = row_groups.varying(rows)
    universal = [axis for axis in varying if axis in UNIVERSAL_AXES and apart]
    named = [axis for axis in varying if axis not in universal]
    # The workload's own axes come first: they name the problem, and the universal ones say how it was run.
    named.sort(key=lambda axis: axis in UNIVERSAL_AXES)
    mixed = len({_paired(row) for row in rows} - {DASH, "reference"}) > 1
    columns = _kept(
        [
            Column("case", wrap=True), *(Column(axis) for axis in universal), Column("machine"), Column("run", drop=1),
            Column("clock"), Column("outcome", drop=1), Column("time"), Column("faster", "speed-up"),
            *([Column("paired", "pairing", drop=3)] if mixed else []), Column("launches", right=True, drop=2),
            Column("items", "throughput", right=True, drop=4), Column("quality", drop=4),
            Column("peak", "peak memory", right=True, drop=5),
            Column("first_call", right=True, drop=6), Column("cold", "compile cold", right=True, drop=7),
            Column("warm", "compile warm", right=True, drop=8), Column("break_even", "break-even", drop=3),
        ],
        rows,
        ("case", *universal, "outcome", "time", "launches"),
    )  # fmt: skip
    lines: list[TableLine] = []
    for workload, group in row_groups.by_workload(rows):
        # If axes are part of the case, those that are constant for this workload stand in its heading instead.
        same = {} if apart else {axis: value for axis, value in row_groups.constants(group).items() if axis in named}
        lines.append(TableLine(section=" ".join([workload, *(f"{axis}={value}" for axis, value in same.items())])))
        lines.extend(_line(row, letters, [axis for axis in named if axis not in same], universal) for row in group)
    return lines, columns


def _line(row: Row, letters: dict[str, str], named: Sequence[str], universal: Sequence[str]) -> TableLine:
    case = " ".join(f"{axis}={row.params[axis]}" for axis in named if axis in row.params)
    texts = {**cells(row, letters), **{axis: table_formats.cell_text(row.axis(axis)) for axis in universal}}
    texts["case"] = f"  {case or 'one case'}"
    if row.ok:
        return TableLine(cells=texts)
    style = "skipped" if row.outcome == "skipped" else "bad"
    note = f"{row.outcome}: {row.reason or 'no reason was recorded'}"
    return TableLine(cells=texts, note=note, note_from=("outcome", "time"), style=style)


def finding_letters(rows: Sequence[Row]) -> dict[str, str]:
    """A short mark for each check that found something: a, b, …, the worst first."""
    groups = row_groups.by_check(item for row in rows for item in row.findings)
    return {check: _letters(place) for place, (check, _) in enumerate(groups)}


def _letters(place: int) -> str:
    first, last = divmod(place, 26)
    return (chr(ord("a") + first - 1) if first else "") + chr(ord("a") + last)


def caption(rows: Sequence[Row], vs: str | None) -> list[str]:
    """The facts that hold for every row: constant axes, machine, run, clock, pairing, method."""
    same = {
        axis: value for axis, value in row_groups.constants(rows).items() if axis in UNIVERSAL_AXES or len(rows) > 1
    }
    facts: list[str] = [f"{axis}={value}" for axis, value in same.items()]
    for values, text in (
        (row_groups.machines(rows), "{}"), (row_groups.runs(rows), "run {}"), (row_groups.clocks(rows), "{} clock")
    ):  # fmt: skip
        if len(values) == 1:
            facts.append(text.format(values[0]))
    texts = ["All cases: " + " · ".join(facts)] if facts else []
    if "faster" in optional(rows):
        texts.append(_speedup_caption(rows, vs))
    methods = row_groups.distinct(row.method for row in rows)
    if methods:
        texts.append(
            "Time is the median per step; interval: " + "; ".join(methods[:3]) + (" …" if len(methods) > 3 else "")
        )
    return texts


def _speedup_caption(rows: Sequence[Row], vs: str | None) -> str:
    how = {_paired(row) for row in rows} - {DASH}
    methods = row_groups.distinct(row.speedup.ratio.method for row in rows if row.speedup)
    method = f", {methods[0]}" if len(methods) == 1 else ""
    pairing = f", {how.pop()}" if len(how) == 1 and not method else ""  # a method already says how it was paired
    side = _reference_threads(rows) if (vs or "").startswith("device=") else ""
    return (
        f"Speed-up against {vs or 'the reference case'}: its time ÷ this time, above 1 is faster{pairing}{method}{side}"
    )


def _reference_threads(rows: Sequence[Row]) -> str:
    """The thread counts of the references across devices: for each, the fastest that was measured."""
    threads = {str(Case.from_key(row.speedup.reference)["threads"]) for row in rows if row.speedup}
    return (
        f"; the reference is the fastest measured thread count, threads={' or '.join(sorted(threads))}"
        if threads
        else ""
    )
