"""`bench show`: a run as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.options import Format, RunNames, TableFormat, Versus, colour, note, say, width
from bench.records import UserError

if TYPE_CHECKING:
    from bench.analyse.rows.analysis import Analysis


def show(
    run: RunNames = None,
    vs: Versus = None,
    phases: Annotated[
        bool, typer.Option("--phases", help="Phases of workloads, and what each case costs once.")
    ] = False,
    floor: Annotated[bool, typer.Option("--floor", help="Each time ÷ the shortest possible on this machine.")] = False,
    peaks: Annotated[
        str | None,
        typer.Option(
            "--peaks",
            metavar="RUN",
            help="Run with the peaks for --floor (default: same run, else the latest).",
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
            raise UserError("--floor takes the peaks of one machine: name one run")
        say(floors(run[0] if run else None, vs, peaks, format_))
        return
    from bench.analyse.rows import record
    from bench.jobs.loading import analysed, together
    from bench.present.tables import estimates_table

    batch = analysed(run)
    # Before the warnings: if the runs lack what is asked for, only that error is shown.
    rows = [] if phases else together(batch, [each.rows(vs) for each in batch])
    for problem in (problem for each in batch for problem in each.data.problems):
        note(f"warning: {problem}")
    if phases:
        say(phase_table(batch, format_))
    else:
        also = (record.BREAK_EVEN,)
        say(estimates_table.show(rows, format_.value, vs=vs, also=also, width=width(), color=colour()))


def phase_table(batch: Sequence[Analysis], format_: TableFormat) -> str:
    """The table of phases; with several runs each phase has the name of its machine."""
    from bench.analyse.rows.frames import PHASE_COLUMNS, phase_record
    from bench.present.tables import table_formats
    from bench.store import run_names

    machines = run_names.names([each.data.run for each in batch])
    several = ["machine"] if len(batch) > 1 else []
    records = [
        {**phase_record(phase), **dict.fromkeys(several, machine)}
        for each, machine in zip(batch, machines, strict=True)
        for phase in each.phases
    ]
    columns = [*PHASE_COLUMNS, *several]
    return table_formats.render(records, columns, format_.value, width=width(), color=colour())


def floors(run: str | None, vs: str | None, named: str | None, format_: TableFormat) -> str:
    """The table of time ÷ floor."""
    from datetime import UTC, datetime

    from bench.jobs.loading import floored
    from bench.present.tables import floor_table

    found, rows, peaks = floored(run, vs, named)
    for problem in found.data.problems:
        note(f"warning: {problem}")
    return floor_table.show(rows, peaks, format_.value, now=datetime.now(UTC), vs=vs, width=width(), color=colour())
