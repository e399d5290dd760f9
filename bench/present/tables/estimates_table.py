"""The tables of `bench show`: the frame of estimates as a person or a program reads it.

People get the case, its time with the interval, and every doubt as a mark beside the number with the message below.
Programs get every column, tidy, with the unit in the name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bench.present import row_groups
from bench.present.row_groups import OK, Row
from bench.present.tables import table_formats, terminal_table
from bench.present.tables.terminal_table import Column, TableLine
from bench.present.words import units
from bench.present.words.finding_notes import finding_notes, marks
from bench.present.words.units import DASH
from bench.records import UNIVERSAL_AXES, Case
from bench.stats.missing_numbers import number
from bench.workload import AFTER

if TYPE_CHECKING:
    import pandas as pd

FIRST = (
    "key", "workload", "params", "outcome", "reason", "clock", "value_s", "low_s", "high_s", "method", "launches",
    "blocks", "first_call_s", "compile_cold_s", "compile_warm_s", "build_s", "peak_bytes", "items", "unit",
    "items_per_s", "items_per_s_low", "items_per_s_high", "flops", "bytes", "kernels", "reference", "speedup",
    "speedup_low", "speedup_high", "speedup_paired", "speedup_method", "run", "machine", "findings",
)  # fmt: skip
"""Columns of csv and json in this order, present in json even where the frame lacks them; any others follow."""


def show(frame: pd.DataFrame, format: str, vs: str | None = None, *, width: int = 100, color: bool = False) -> str:
    """The estimates in `table`, `md`, `csv` or `json`, ending in a newline.

    `vs` names what speed-ups refer to (`mode=eager`), for the caption; the numbers come from the columns `speedup*`.
    `width` is in characters and `color` asks for ANSI codes; both concern `table` alone.
    Raises `UserError` on another format.
    """
    table_formats.check_format(format)
    records = row_groups.rows(frame)
    if format == "json":
        return table_formats.as_json([{**dict.fromkeys(FIRST), **row} for row in records])
    if format == "csv":
        return _csv(records)
    if format == "md":
        return _markdown(records, vs)
    return _terminal(records, vs, width, color)


def _csv(records: Sequence[Row]) -> str:
    axes = row_groups.axes(records)
    tidy = [{**row, **row["params"], "findings": [item.check for item in row["findings"]]} for row in records]
    fixed = [name for name in FIRST if name != "params"]
    rest = [name for name in dict.fromkeys(name for row in records for name in row) if name not in {*FIRST, *axes}]
    return table_formats.as_csv(tidy, [*fixed[:2], *axes, *fixed[2:], *rest])


def cells(row: Row, letters: dict[str, str]) -> dict[str, str]:
    """Every field of a row as text, for the tables people read; missing ones are dashes."""
    median, within = units.interval_parts(row.get("value_s"), row.get("low_s"), row.get("high_s"))
    unit = str(row.get("unit") or "item")
    speedup, speedup_within = units.ratio_parts(row.get("speedup"), row.get("speedup_low"), row.get("speedup_high"))
    mark = " ".join(f"({letters[check]})" for check in marks(row) if check in letters)
    reference = row.get("reference") == row["key"] and row.get("reference") is not None
    time = units.interval(row.get("value_s"), row.get("low_s"), row.get("high_s"))
    return {
        "key": str(row["key"]),
        "workload": str(row.get("workload") or str(row["key"]).partition("[")[0]),
        "outcome": row["outcome"],
        "reason": row["reason"] or DASH,
        "clock": str(row.get("clock") or DASH),
        "machine": str(row.get("machine") or DASH),
        "run": str(row.get("run") or DASH),
        "median": median,
        "interval": within,
        "time": f"{time} {mark}".rstrip()
        if within != DASH or median == DASH
        else f"{time} (no interval) {mark}".rstrip(),
        "method": str(row.get("method") or DASH),
        "launches": units.count(row.get("launches")),
        "items": units.rate(row.get("items_per_s"), unit),
        "peak": units.size(row.get("peak_bytes")),
        "quality": _quality(row),
        "first_call": units.seconds(row.get("first_call_s")),
        "cold": units.seconds(row.get("compile_cold_s")),
        "warm": units.seconds(row.get("compile_warm_s")),
        "break_even": units.steps(row.get("break_even"), row.get("break_even_low"), row.get("break_even_high")),
        "speedup": speedup,
        "speedup_interval": speedup_within,
        "faster": "reference" if reference else speedup if speedup_within == DASH else f"{speedup} {speedup_within}",
        "paired": "reference" if reference else _paired(row),
        "findings": mark or DASH,
    }


def _quality(row: Row) -> str:
    """What the workload says of its answer beside the time: `test accuracy 0.985`. What could not be had is a dash.

    Of a course over epochs (`…_after_3`) the table has no room: a chart draws it.
    """
    told = {name: value for name, value in (row.get("quality") or {}).items() if not AFTER.fullmatch(name)}
    said = ((name.replace("_", " "), number(value)) for name, value in told.items())
    return ", ".join(f"{name} {DASH if value is None else f'{value:.4g}'}" for name, value in said) or DASH


def _paired(row: Row) -> str:
    paired = row.get("speedup_paired")
    if paired is None or row.get("speedup") is None:
        return DASH
    # `paired by launch: …` and `paired by round: …` are not the same pairing.
    how, colon, _ = str(row.get("speedup_method") or "").partition(":")
    if paired and colon and how.startswith("paired by "):
        return how.removeprefix("paired ")
    return "paired" if paired else "unpaired"


def optional(records: Sequence[Row]) -> set[str]:
    """Which of the columns that not every table needs are of use for these rows."""
    useful = {
        "clock": len(row_groups.distinct(records, "clock")) > 1,
        "machine": len(row_groups.distinct(records, "machine")) > 1,
        "run": len(row_groups.distinct(records, "run")) > len(row_groups.distinct(records, "machine")),
        "items": row_groups.has(records, "items_per_s"),
        "peak": row_groups.has(records, "peak_bytes"),
        "quality": any(row.get("quality") for row in records),
        "first_call": row_groups.has(records, "first_call_s"),
        "cold": row_groups.has(records, "compile_cold_s"),
        "warm": row_groups.has(records, "compile_warm_s"),
        "break_even": row_groups.has(records, "break_even"),
        "faster": row_groups.has(records, "speedup") or row_groups.has(records, "reference"),
        "reason": any(row["outcome"] != OK for row in records),
        "findings": any(row["findings"] for row in records),
    }
    useful["speedup"] = useful["speedup_interval"] = useful["paired"] = useful["faster"]
    return {name for name, used in useful.items() if used}


def _kept(columns: Sequence[Column], records: Sequence[Row], always: Sequence[str]) -> list[Column]:
    wanted = {*always, *optional(records)}
    return [column for column in columns if column.name in wanted]


def _markdown(records: Sequence[Row], vs: str | None) -> str:
    if not records:
        return "No cases.\n"
    letters = finding_letters(records)
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
        records,
        ("key", "outcome", "median", "interval", "launches"),
    )  # fmt: skip
    body = table_formats.as_markdown([cells(row, letters) for row in records], columns)
    paragraphs = [*caption(records, vs), *finding_notes(records, letters)]
    return body + "".join(f"\n{table_formats.markdown_text(text)}\n" for text in paragraphs)


def _terminal(records: Sequence[Row], vs: str | None, width: int, color: bool) -> str:
    if not records:
        return "No cases.\n"
    letters = finding_letters(records)
    lines, columns = _laid_out(records, letters, apart=True)
    if not terminal_table.fits(lines, columns, width):
        lines, columns = _laid_out(records, letters, apart=False)
    below = finding_notes(records, letters)
    return terminal_table.table(lines, columns, width=width, color=color, above=caption(records, vs), below=below)


def _laid_out(records: Sequence[Row], letters: dict[str, str], apart: bool) -> tuple[list[TableLine], list[Column]]:
    """Lines and columns; device, dtype, mode and threads in columns of their own (`apart`), or inside the case."""
    varying = row_groups.varying(records)
    universal = [axis for axis in varying if axis in UNIVERSAL_AXES and apart]
    named = [axis for axis in varying if axis not in universal]
    # The workload's own axes come first: they name the problem, the universal ones how it was run.
    named.sort(key=lambda axis: axis in UNIVERSAL_AXES)
    mixed = len({_paired(row) for row in records} - {DASH, "reference"}) > 1
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
        records,
        ("case", *universal, "outcome", "time", "launches"),
    )  # fmt: skip
    lines: list[TableLine] = []
    for workload, group in by_workload(records):
        # Inside the case, an axis that is constant for this workload is said in its heading instead of on every line.
        same = {} if apart else {axis: value for axis, value in row_groups.constants(group).items() if axis in named}
        lines.append(TableLine(section=" ".join([workload, *(f"{axis}={value}" for axis, value in same.items())])))
        lines.extend(_line(row, letters, [axis for axis in named if axis not in same], universal) for row in group)
    return lines, columns


def _line(row: Row, letters: dict[str, str], named: Sequence[str], universal: Sequence[str]) -> TableLine:
    case = " ".join(f"{axis}={row['params'][axis]}" for axis in named if axis in row["params"])
    texts = {**cells(row, letters), **{axis: table_formats.cell_text(row["params"].get(axis)) for axis in universal}}
    texts["case"] = f"  {case or 'one case'}"
    if row["outcome"] == OK:
        return TableLine(cells=texts)
    style = "skipped" if row["outcome"] == "skipped" else "bad"
    note = f"{row['outcome']}: {row['reason'] or 'no reason was recorded'}"
    return TableLine(cells=texts, note=note, note_from=("outcome", "time"), style=style)


def finding_letters(records: Sequence[Row]) -> dict[str, str]:
    """A short mark for each check that found something: a, b, …, the worst first."""
    groups = row_groups.by_check(item for row in records for item in row["findings"])
    return {check: _letters(place) for place, (check, _) in enumerate(groups)}


def _letters(place: int) -> str:
    first, last = divmod(place, 26)
    return (chr(ord("a") + first - 1) if first else "") + chr(ord("a") + last)


def by_workload(records: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """The rows of each workload, workloads in order of appearance."""
    groups: dict[str, list[Row]] = {}
    for row in records:
        groups.setdefault(str(row.get("workload") or str(row["key"]).partition("[")[0]), []).append(row)
    return list(groups.items())


def caption(records: Sequence[Row], vs: str | None) -> list[str]:
    """What holds for every row and is therefore said once: constant axes, machine, run, clock, pairing, method."""
    same = {
        axis: value
        for axis, value in row_groups.constants(records).items()
        if axis in UNIVERSAL_AXES or len(records) > 1
    }
    facts: list[str] = [f"{axis}={value}" for axis, value in same.items()]
    for column, label in (("machine", ""), ("run", "run "), ("clock", "")):
        values = row_groups.distinct(records, column)
        if len(values) == 1:
            facts.append(f"{label}{values[0]}{' clock' if column == 'clock' else ''}")
    texts = ["All cases: " + " · ".join(facts)] if facts else []
    if "faster" in optional(records):
        texts.append(_speedup_caption(records, vs))
    methods = row_groups.distinct(records, "method")
    if methods:
        texts.append(
            "Time is the median per step; interval: " + "; ".join(methods[:3]) + (" …" if len(methods) > 3 else "")
        )
    return texts


def _speedup_caption(records: Sequence[Row], vs: str | None) -> str:
    how = {_paired(row) for row in records} - {DASH}
    methods: Any = row_groups.distinct(records, "speedup_method")
    method = f", {methods[0]}" if len(methods) == 1 else ""
    pairing = f", {how.pop()}" if len(how) == 1 and not method else ""  # a method says itself how it was paired
    side = _reference_threads(records) if (vs or "").startswith("device=") else ""
    return (
        f"Speed-up against {vs or 'the reference case'}: its time ÷ this time, above 1 is faster{pairing}{method}{side}"
    )


def _reference_threads(records: Sequence[Row]) -> str:
    """The thread counts of the references across devices: of each, the fastest that was measured."""
    threads = {str(Case.from_key(str(row["reference"]))["threads"]) for row in records if row.get("reference")}
    return (
        f"; the reference is the fastest measured thread count, threads={' or '.join(sorted(threads))}"
        if threads
        else ""
    )
