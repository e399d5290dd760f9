"""`bench list`: what can be measured, read from the source without importing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli.options import Format, TableFormat, WorkloadFiles, colour, say, width

if TYPE_CHECKING:
    from bench.plan.reading import Workload


def list_workloads(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Names or globs; one name is explained in full.")
    ] = None,
    workloads: WorkloadFiles = None,
    format_: Format = TableFormat.TABLE,
) -> None:
    """List workloads; explain one: what is timed, its axes, its known answer, its work, what to expect and why."""
    from pathlib import Path

    from bench.plan import catalog, presets
    from bench.present.layout import render

    found = catalog.find([*(workloads or []), *presets.defaults(Path.cwd()).workloads])
    chosen = [item for name in names or ["*"] for item in (found.matching(name) or (found.get(name),))]
    if format_ is TableFormat.TABLE and names and len(chosen) == 1:
        say(explained(chosen[0]))
        return
    rows = [row_of(item) for item in chosen]
    if format_ in (TableFormat.TABLE, TableFormat.MD):
        rows = [
            {**row, "axes": axes_text(item), "modes": " ".join(item.modes)}
            for row, item in zip(rows, chosen, strict=True)
        ]
        columns = ["name", "lesson", "axes", "summary"]
    else:
        columns = ["name", "lesson", "summary", "axes", "modes", "module"]
    say(render(rows, columns, format_.value, width=width(), color=colour()))


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


def explained(item: Workload) -> str:
    """One workload in full, as text."""
    import inspect

    return "\n".join(
        [
            f"{item.name} · lesson: {item.lesson}",
            "",
            inspect.cleandoc(item.about),
            "",
            f"Axes: {axes_text(item) or 'none of its own'}",
            f"Modes: {', '.join(item.modes)}",
            f"Dtypes: {', '.join(item.dtypes)}",
            f"Source: {item.source.dotted or item.source.path}, line {item.line}",
        ]
    )
