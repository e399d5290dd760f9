"""`bench show`: a run as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from bench.cli.options import Format, RunNames, TableFormat, Versus, colour, note, say, width
from bench.records import UserError


def show(
    run: RunNames = None,
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
    bench show results/laptop results/server  two machines, row by row
    """
    if peaks and not floor:
        raise UserError("--peaks says where --floor takes its peaks from; give both")
    if phases and floor:
        raise UserError("phases have no floor: the work of a workload is stated for its whole step")
    if floor:
        if len(run or []) > 1:
            raise UserError("--floor is of one machine: name one run")
        say(floors(run[0] if run else None, vs, peaks, format_))
        return
    from bench.jobs.loading import beside, frame_of, refuse_twins
    from bench.present.tables import estimates_table, table_formats

    wanted: Sequence[str | None] = run or [None]
    found = [frame_of(name, vs) for name in wanted]
    batch = [data for data, _ in found]
    refuse_twins(batch)
    for problem in (problem for data in batch for problem in data.problems):
        note(f"warning: {problem}")
    if phases:
        from bench.analyse.rows.estimates import phases as phases_of

        of_each = [phases_of(data) for data in batch]
        frame = of_each[0] if len(batch) == 1 else beside(batch, of_each)
        rows = [dict(zip(frame.columns, row, strict=True)) for row in frame.itertuples(index=False)]
        say(table_formats.render(rows, list(frame.columns), format_.value, width=width(), color=colour()))
        return
    frame = found[0][1] if len(batch) == 1 else beside(batch, [frame for _, frame in found])
    say(estimates_table.show(frame, format_.value, vs=vs, width=width(), color=colour()))


def floors(run: str | None, vs: str | None, named: str | None, format_: TableFormat) -> str:
    """The table of time ÷ floor."""
    from datetime import UTC, datetime

    from bench.jobs.loading import floored
    from bench.present.tables import floor_table as floor

    data, frame, peaks = floored(run, vs, named)
    for problem in data.problems:
        note(f"warning: {problem}")
    return floor.show(frame, peaks, format_.value, now=datetime.now(UTC), vs=vs, width=width(), color=colour())
