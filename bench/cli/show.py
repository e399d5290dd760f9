"""`bench show`: a run as a table."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.cli.options import Format, RunName, TableFormat, Versus, colour, note, say, width
from bench.records import UserError


def show(
    run: RunName = None,
    vs: Versus = None,
    phases: Annotated[
        bool, typer.Option("--phases", help="What is timed apart: phases of workloads, and what each case costs once.")
    ] = False,
    floor: Annotated[
        bool, typer.Option("--floor", help="Each time ÷ the least that its work takes on this machine.")
    ] = False,
    peaks: Annotated[
        str | None,
        typer.Option(
            "--peaks",
            metavar="RUN",
            help="The run whose calibration rows --floor takes; its own without it, else the latest of this machine.",
        ),
    ] = None,
    format_: Format = TableFormat.TABLE,
) -> None:
    """Show a run: one row a case and clock, each time with its interval, outcome and doubts.

    \b
    bench show --vs mode=eager               speed-ups against eager
    bench show --floor                       how far above the machine's limits each case stays
    bench show results/… --format csv > t.csv
    """
    if peaks and not floor:
        raise UserError("--peaks says where --floor takes its peaks from; give both")
    if phases and floor:
        raise UserError("phases have no floor: the work of a workload is stated for its whole step")
    if floor:
        say(floors(run, vs, peaks, format_))
        return
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


def floors(run: str | None, vs: str | None, named: str | None, format_: TableFormat) -> str:
    """The table of time ÷ floor."""
    from datetime import UTC, datetime

    from bench.cli.loading import floored
    from bench.present import floor

    data, frame, peaks = floored(run, vs, named)
    for problem in data.problems:
        note(f"warning: {problem}")
    return floor.show(frame, peaks, format_.value, now=datetime.now(UTC), vs=vs, width=width(), color=colour())
