"""`bench show`: a run as a table."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.cli.options import (
    Clock,
    Format,
    RunNames,
    StatisticName,
    Statistics,
    TableFormat,
    Versus,
    colour,
    note,
    say,
    width,
)


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
    statistic: Statistics = StatisticName.MEDIAN,
    clock: Clock = None,
    format_: Format = TableFormat.TABLE,
) -> None:
    """Show a run: one row a case and clock, each time with its interval, outcome and doubts.

    \b
    bench show --vs mode=eager               speed-ups against eager
    bench show --statistic mean              what a step costs on the whole, not the typical one
    bench show --clock cpu                   CPU time of the process, all its threads
    bench show --floor                       how far above the machine's limits each case stays
    bench show results/… --format csv > t.csv
    bench show results/laptop results/server  two machines, row by row
    """
    from bench.jobs.shown import shown
    from bench.present.tables.table_formats import text_of

    found = shown(
        run, format_.value, vs=vs, phases=phases, floor=floor, peaks=peaks, statistic=statistic.value, clock=clock
    )
    text = text_of(found.table, format_.value, width=width(), color=colour())
    for problem in found.problems:
        note(f"warning: {problem}")
    say(text)
