"""The workloads of `bench list`: by lesson for people, one row each for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bench.present.tables.table_formats import render
from bench.present.tables.terminal_table import Column, TableLine, table

if TYPE_CHECKING:
    from bench.plan.workload_source import Workload

WITH_AXES = 110
"""Width in characters from which a table has room for the names of the axes next to the summaries."""


def by_lesson(chosen: Sequence[Workload], *, width: int, color: bool = False) -> str:
    """A table for people: name, axes and summary of each, below its lesson; width: characters of the terminal."""
    lessons: dict[str, list[Workload]] = {}
    for item in chosen:
        lessons.setdefault(item.lesson, []).append(item)
    lines = []
    for lesson, members in lessons.items():
        lines.append(TableLine(section=lesson))
        cells = [{"name": f"  {item.name}", "axes": " ".join(item.axes), "summary": item.summary} for item in members]
        lines += [TableLine(cells=cell) for cell in cells]
    count = f"{len(chosen)} workload{'s' * (len(chosen) != 1)} in {len(lessons)} lesson{'s' * (len(lessons) != 1)}."
    axes = [Column("axes", wrap=True)] if width >= WITH_AXES else []
    return table(
        lines,
        [Column("name"), *axes, Column("summary", wrap=True)],
        width=width,
        color=color,
        below=[f"{count} bench list NAME explains one: what is timed, its axes and their values, what to expect."],
    )


def as_rows(chosen: Sequence[Workload], format: str) -> str:
    """A row for each workload in md, csv or json, for other programs and for pages."""
    rows = [row_of(item) for item in chosen]
    if format == "md":
        rows = [{**row, "axes": axes_text(item)} for row, item in zip(rows, chosen, strict=True)]
        return render(rows, ["name", "lesson", "axes", "summary"], format)
    return render(rows, ["name", "lesson", "summary", "axes", "modes", "module"], format)


def row_of(item: Workload) -> dict[str, Any]:
    """The stable row for other programs: name, lesson, summary, axes, modes, module."""
    return {
        "name": item.name,
        "lesson": item.lesson,
        "summary": item.summary,
        "axes": {axis: list(values) for axis, values in item.axes.items()},
        "modes": list(item.modes),
        "module": item.source.dotted or item.source.path,
    }


def axes_text(item: Workload) -> str:
    """The axes with their values: `size=64,256 loader=dataloader,sliced`."""
    return " ".join(f"{axis}={','.join(map(str, values))}" for axis, values in item.axes.items())
