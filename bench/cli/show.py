"""`bench show`: a run as a table."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.cli.options import Format, RunName, TableFormat, Versus, colour, note, say, width


def show(
    run: RunName = None,
    vs: Versus = None,
    phases: Annotated[
        bool, typer.Option("--phases", help="The phases of workloads that have them, one row each.")
    ] = False,
    format_: Format = TableFormat.TABLE,
) -> None:
    """Show a run: one row a case and clock, each time with its interval, outcome and doubts.

    \b
    bench show --vs mode=eager               speed-ups against eager
    bench show results/… --format csv > t.csv
    """
    from bench.cli.loading import frame_of
    from bench.present import layout, tables

    data, frame = frame_of(run, vs)
    for problem in data.problems:
        note(f"warning: {problem}")
    if phases:
        from bench.analyse.estimates import phases as phases_of

        found = phases_of(data)
        rows = [dict(zip(found.columns, row, strict=True)) for row in found.itertuples(index=False)]
        say(layout.render(rows, list(found.columns), format_.value, width=width(), color=colour()))
        return
    say(tables.show(frame, format_.value, vs=vs, width=width(), color=colour()))
