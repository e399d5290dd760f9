"""`bench list`: what can be measured, read from the source without importing it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import Format, TableFormat, WorkloadFiles, colour, placeholder, say, width
from bench.records import UserError

_READABLE = 100
"""Characters of a line of prose; a pipe is said to be wider, so that no cell of a table is cut."""


def list_workloads(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar=placeholder("NAME", many=True), help="Names or globs; one name is explained in full."),
    ] = None,
    workloads: WorkloadFiles = None,
    format_: Format = TableFormat.TABLE,
    pages: Annotated[
        Path | None,
        typer.Option("--pages", metavar="DIR", help="Folder for Markdown: a page a family, and an index."),
    ] = None,
    course: Annotated[
        Path | None,
        typer.Option("--course", metavar="TOML", help="Code blocks that the index of --pages maps to workloads."),
    ] = None,
) -> None:
    """List workloads; explain one: what is timed, its axes, its known answer, its work, what to expect and why."""
    from bench.jobs.workload_list import named_workloads, write_pages
    from bench.plan.since_claims import installed_release
    from bench.present.tables.workload_table import as_rows, by_lesson
    from bench.present.words.workload_help import explained

    if course is not None and pages is None:
        raise UserError("--course goes with --pages DIR, which names the folder for the pages")
    chosen = named_workloads(names or (), workloads or ())
    if pages is not None:
        for path in write_pages(chosen, pages, course):
            say(str(path))
    elif format_ is TableFormat.TABLE and names and len(chosen) == 1:
        shown = explained(chosen[0], installed_release(), width=min(width(), _READABLE), color=colour())
        say(shown.rstrip("\n"))
    elif format_ is TableFormat.TABLE:
        say(by_lesson(chosen, width=width(), color=colour()).rstrip("\n"))
    else:
        say(as_rows(chosen, format_.value))
