"""The report: one HTML page that says what was run and what is doubtful, and then shows charts and tables.

The page is self-contained: styles and pictures are inlined. Each chart stands in it as two pictures, of which the
reader's colour scheme chooses one. They are images with an alt text, so their ids cannot clash, and no script in them
runs.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import jinja2

from bench.analyse.rows.row import Row
from bench.present import charts as gallery
from bench.present import picture_style, row_groups
from bench.present.row_summary import summary_of
from bench.present.tables import row_cells, row_layout, table_formats
from bench.present.tables.terminal_table import Column
from bench.present.words import units
from bench.present.words.finding_notes import doubts
from bench.present.words.row_caption import caption
from bench.records import Outcome
from bench.stats.missing_numbers import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bench.present.charts import ChartSpec

_BEFORE = (Column("case"), Column("machine"), Column("run"), Column("clock"))
_AFTER = (
    Column("outcome"), Column("median", right=True), Column("interval"), Column("mean"), Column("faster", "speed-up"),
    Column("paired", "pairing"), Column("launches", right=True), Column("findings", "doubts"),
    Column("items", "throughput", right=True), Column("quality"), Column("peak", "peak memory", right=True),
    Column("first_call", right=True), Column("cold", "compile cold", right=True),
    Column("warm", "compile warm", right=True), Column("break_even", "break-even"),
)  # fmt: skip
"""Columns that outcome and reason replace if a case has no number."""


NO_PROFILES: Mapping[tuple[str, str], str] = MappingProxyType({})


@dataclass(frozen=True)
class Picture:
    """A chart in both themes, as data in the page."""

    slug: str
    workload: str
    title: str
    question: str
    alt: str
    light: str
    dark: str


@dataclass(frozen=True)
class Table:
    """The table of a workload."""

    workload: str
    same: str
    before: tuple[Column, ...]
    after: tuple[Column, ...]
    rows: tuple[Mapping[str, Any], ...]
    """Texts by column; `sort` has the numbers to sort by, `tooltip` the details of a time."""


def page(
    rows: Sequence[Row],
    charts: Sequence[ChartSpec],
    batch: Sequence[Mapping[str, Any]],
    *,
    lessons: Mapping[str, str] | None = None,
    vs: str | None = None,
    beside: str | None = None,
    profiles: Mapping[tuple[str, str], str] = NO_PROFILES,
) -> str:
    """The whole page.

    `charts` are those of `charts.available(rows)` to show, drawn here in both themes. `batch` is `run.json` of each run
    of the rows: `run` (id), `status`, `command` and `time` (its `wall_s` in seconds) go to the top if they are present,
    `environment`, `settings`, `git` and `schema` go below, nested mappings flattened; `machine` is the name that the
    rows have for the machine of the run.
    `lessons` gives the lesson of a workload; without it, tables are grouped by family. `vs` names the reference of the
    speed-ups (`mode=eager`). `beside` is the address of the page to explore, if one is written too. `profiles` has
    the addresses of profiles, by id of a run and key of a case.
    """
    found = summary_of(rows)
    letters = {group.check: f"{place}" for place, group in enumerate(found.findings, start=1)}
    environ = jinja2.Environment(
        loader=jinja2.PackageLoader("bench.present"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    return environ.get_template("report.html.j2").render(
        runs=[_run_fields(run) for run in batch],
        machines=found.machines,
        summary=summary(rows, batch),
        counts=row_groups.outcome_counts(rows),
        beside=beside,
        meanings=MEANINGS,
        doubts=doubts(found.findings, letters),
        pictures=[_picture(spec, rows) for spec in charts],
        chapters=_chapters(rows, letters, lessons or {}, profiles),
        caption=caption(found, vs),
        launches=_launches(rows),
        methods=found.methods,
        clocks=[clock for clock in row_groups.CLOCKS if clock in found.clocks],
        speedup_methods=row_groups.distinct(row.speedup.ratio.method for row in rows if row.speedup),
    )


def _run_fields(run: Mapping[str, Any]) -> dict[str, Any]:
    """The facts about a run that the page shows in addition to its rows."""
    return {
        "id": str(run.get("run") or ""),
        "machine": str(run.get("machine") or ""),
        "command": str(run.get("command") or ""),
        "environment": _flat(run.get("environment") or {}),
        "settings": _flat({name: value for name, value in run.items() if name in ("settings", "git", "schema")}),
    }


MEANINGS: Mapping[str, str] = {
    Outcome.OK.value: "measured, and the answer was right",
    Outcome.SKIPPED.value: "this machine lacks what it needs",
    Outcome.WRONG.value: "the answer was wrong, so there is no time",
    Outcome.OOM.value: "ran out of memory",
    Outcome.TIMEOUT.value: "was silent for too long",
    Outcome.CRASHED.value: "its process died",
    Outcome.FAILED.value: "raised an error",
}
"""The meaning of each outcome, in a few words."""


def summary(rows: Sequence[Row], batch: Sequence[Mapping[str, Any]]) -> str:
    """The number of cases and workloads, the machines, and the time of the runs. batch: `run.json` of each run."""
    cases, workloads = {row.key for row in rows}, {row.workload for row in rows}
    parts = [f"{_numbered(len(cases), 'case')} of {_numbered(len(workloads), 'workload')}"]
    if row_groups.machines(rows):
        parts.append(f"on {' and '.join(row_groups.machines(rows))}")
    times = [time for run in batch if (time := number((run.get("time") or {}).get("wall_s"))) is not None]
    if times:
        parts.append(f"in {' and '.join(units.seconds(time) for time in times)}")
    statuses = [str(run["status"]) for run in batch if run.get("status")]
    if statuses:
        parts.append(f"({' and '.join(statuses)})")
    return " ".join(parts)


def _numbered(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _launches(rows: Sequence[Row]) -> str:
    """The number of launches: `one launch`, `6 launches`, `3 to 6 launches`; empty if nothing was measured."""
    numbers = sorted({row.launches for row in rows if row.ok and row.launches})
    if not numbers:
        return ""
    if numbers[-1] == 1:
        return "one launch, so there are no intervals"
    return f"{' to '.join(str(number) for number in dict.fromkeys((numbers[0], numbers[-1])))} launches"


def _picture(spec: ChartSpec, rows: Sequence[Row]) -> Picture:
    light, dark = (_data_uri(gallery.picture(spec, rows, theme)) for theme in ("light", "dark"))
    return Picture(spec.slug, spec.workload, spec.title, spec.question, gallery.describe(spec, rows), light, dark)


def _data_uri(figure: Figure) -> str:
    """An SVG as the address of an image: the ids of several pictures cannot clash, and no script in it would run."""
    return "data:image/svg+xml;base64," + base64.b64encode(picture_style.encode(figure, "svg")).decode("ascii")


def _chapters(
    rows: Sequence[Row], letters: dict[str, str], lessons: Mapping[str, str], profiles: Mapping[tuple[str, str], str]
) -> list[tuple[str, list[Table]]]:
    chapters: dict[str, list[Table]] = {}
    for workload, own in row_groups.by_workload(rows):
        lesson = lessons.get(workload) or workload.partition("/")[0]
        chapters.setdefault(lesson, []).append(_table(workload, own, letters, profiles))
    return list(chapters.items())


def _table(
    workload: str, rows: Sequence[Row], letters: dict[str, str], profiles: Mapping[tuple[str, str], str]
) -> Table:
    found = summary_of(rows)
    wanted = {"case", "median", "interval", "launches", "outcome", *row_layout.filled(found)}
    body = []
    for row in rows:
        case = ", ".join(f"{axis}={row.params[axis]}" for axis in found.varying if axis in row.params)
        more = {"case": case or "the only case", "sort": _sort(row), "tooltip": _tooltip(row)}
        more["profile"] = profiles.get((row.run, row.key), "")
        body.append({**row_cells.cells(row, row_groups.marks(row, letters)), **more})
    same = ", ".join(f"{axis}={value}" for axis, value in found.constants.items())
    before, after = ([column for column in columns if column.name in wanted] for columns in (_BEFORE, _AFTER))
    return Table(workload, same, tuple(before), tuple(after), tuple(body))


def _sort(row: Row) -> dict[str, str]:
    """The numbers that a row is sorted by, by column of a table; empty if there is none."""
    numbers = {
        "median": row.time.value if row.time else None,
        "interval": row.time.low if row.time else None,
        "mean": row.mean.value if row.mean else None,
        "faster": row.speedup.ratio.value if row.speedup else None,
        "launches": float(row.launches),
        "items": row.rate.value if row.rate else None,
        "peak": row.peak_bytes,
        "first_call": row.first_call.value if row.first_call else None,
        "cold": row.compile_cold_s,
        "warm": row.compile_warm_s,
        "break_even": number(row.break_even.value) if row.break_even else None,
    }
    return {name: "" if value is None else repr(value) for name, value in numbers.items()}


def _tooltip(row: Row) -> str:
    """The details of a time: its interval, how that was made, and all findings."""
    doubts = "; ".join(f"{item.severity}: {item.message}" for item in row.findings)
    time = units.interval(*units.ends(row.time))
    return ". ".join(text for text in (time, row.method, doubts) if text)


def _flat(mapping: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Pairs of name and text, in the order given: `{"cpu": {"model": "x"}}` becomes `[("cpu model", "x")]`."""
    items: list[tuple[str, str]] = []
    for name, value in mapping.items():
        label = f"{prefix} {name}".strip().replace("_", " ")
        if isinstance(value, Mapping):
            items += _flat(value, label)
        else:
            items.append((label, table_formats.cell_text(value)))
    return items
