"""`bench list`: what can be measured, read from the source without importing it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli.options import Format, TableFormat, WorkloadFiles, colour, say, width
from bench.records import UserError

if TYPE_CHECKING:
    from bench.plan.workload_source import Workload

_READABLE = 100
"""Characters of a line of prose; a pipe is said to be wider, so that no cell of a table is cut."""
_WITH_AXES = 110
"""Characters from which a table has room for the names of the axes beside the summaries."""


def list_workloads(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Names or globs; one name is explained in full.")
    ] = None,
    workloads: WorkloadFiles = None,
    format_: Format = TableFormat.TABLE,
    pages: Annotated[
        Path | None,
        typer.Option(
            "--pages",
            metavar="DIR",
            help="Write the same as Markdown: a page a family, and an index. Prints the paths.",
        ),
    ] = None,
    course: Annotated[
        Path | None,
        typer.Option(
            "--course",
            metavar="TOML",
            help="With --pages: code blocks that the index is to map, every one, to workloads.",
        ),
    ] = None,
) -> None:
    """List workloads; explain one: what is timed, its axes, its known answer, its work, what to expect and why."""
    from bench.plan import catalog, presets
    from bench.present.words.workload_help import explained

    if course is not None and pages is None:
        raise UserError("--course goes with --pages DIR, which names the folder for the pages")
    found = catalog.find([*(workloads or []), *presets.defaults(Path.cwd()).workloads])
    chosen = [item for name in names or ["*"] for item in (found.matching(name) or (found.get(name),))]
    chosen = list({item.name: item for item in chosen}.values())  # two globs may match one name
    if pages is not None:
        write_pages(chosen, pages, course)
    elif format_ is TableFormat.TABLE and names and len(chosen) == 1:
        say(explained(chosen[0], width=min(width(), _READABLE), color=colour()).rstrip("\n"))
    elif format_ is TableFormat.TABLE:
        say(by_lesson(chosen).rstrip("\n"))
    else:
        say(as_rows(chosen, format_))


def by_lesson(chosen: Sequence[Workload]) -> str:
    """A table for people: name, axes and summary of each, below its lesson."""
    from bench.present.tables.terminal_table import Column, TableLine, table

    lessons: dict[str, list[Workload]] = {}
    for item in chosen:
        lessons.setdefault(item.lesson, []).append(item)
    lines = []
    for lesson, members in lessons.items():
        lines.append(TableLine(section=lesson))
        cells = [{"name": f"  {item.name}", "axes": " ".join(item.axes), "summary": item.summary} for item in members]
        lines += [TableLine(cells=cell) for cell in cells]
    count = f"{len(chosen)} workload{'s' * (len(chosen) != 1)} in {len(lessons)} lesson{'s' * (len(lessons) != 1)}."
    axes = [Column("axes", wrap=True)] if width() >= _WITH_AXES else []
    return table(
        lines,
        [Column("name"), *axes, Column("summary", wrap=True)],
        width=width(),
        color=colour(),
        below=[f"{count} bench list NAME explains one: what is timed, its axes and their values, what to expect."],
    )


def as_rows(chosen: Sequence[Workload], format_: TableFormat) -> str:
    """A row each, for other programs and for pages."""
    from bench.present.tables.table_formats import render

    rows = [row_of(item) for item in chosen]
    if format_ is TableFormat.MD:
        rows = [{**row, "axes": axes_text(item)} for row, item in zip(rows, chosen, strict=True)]
        return render(rows, ["name", "lesson", "axes", "summary"], format_.value)
    return render(rows, ["name", "lesson", "summary", "axes", "modes", "module"], format_.value)


def row_of(item: Workload) -> dict[str, Any]:
    """What other programs may rely on: name, lesson, summary, axes, modes, module."""
    return {
        "name": item.name,
        "lesson": item.lesson,
        "summary": item.summary,
        "axes": {axis: list(values) for axis, values in item.axes.items()},
        "modes": list(item.modes),
        "module": item.source.dotted or item.source.path,
    }


def axes_text(item: Workload) -> str:
    """`size=64,256 loader=dataloader,sliced`."""
    return " ".join(f"{axis}={','.join(map(str, values))}" for axis, values in item.axes.items())


def write_pages(chosen: Sequence[Workload], folder: Path, course: Path | None) -> None:
    """A page for each family of `chosen` and an index, and their paths on stdout.

    Raises `UserError`, before anything is written, where the course and the workloads do not fit.
    """
    from bench.plan.course_blocks import read_course, shown
    from bench.present.pages.lesson_pages import pages
    from bench.store import runs

    texts = pages(chosen, shown(read_course(course), chosen) if course else ())
    runs.make_folder(folder)
    for name, text in texts.items():
        runs.replace_whole(folder / name, text.encode())
        say(str(folder / name))
