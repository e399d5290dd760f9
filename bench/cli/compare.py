"""`bench compare`: two stored runs side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.cli.options import Clock, Format, StatisticName, Statistics, TableFormat, colour, note, say, width


def compare(
    base: Annotated[str, typer.Argument(metavar="BASE", help="Run to compare with, by folder or id.")],
    head: Annotated[str, typer.Argument(metavar="HEAD", help="Run that is compared with it.")],
    statistic: Statistics = StatisticName.MEDIAN,
    clock: Clock = None,
    format_: Format = TableFormat.TABLE,
) -> None:
    """Compare two stored runs, case by case: head ÷ base, above 1 is slower.

    The runs were measured one after the other, so a difference may come from the hour and not from the code: no verdict
    here is a regression. `bench gate` alternates between both sides and can show one. If the machines differ, the
    comparison is of the machines.

    A step of one thread that does not wait is compared on wall or on CPU time, whichever is narrower; the column clock
    says which. Runs of before schema 5 were measured by an older protocol, and are not compared with newer ones.

    \b
    bench compare results/monday results/tuesday
    bench compare results/laptop results/server --format csv > t.csv
    """
    from bench.analyse import two_runs
    from bench.analyse.rows.launch_times import known_statistic
    from bench.jobs.loading import analysed
    from bench.present.tables import two_runs_table

    by = known_statistic(statistic.value)
    (under,), (over,) = analysed([base], by), analysed([head], by)
    found = two_runs.compare(under, over, clock=clock)
    for problem in (*under.data.problems, *over.data.problems):
        note(f"warning: {problem}")
    about = under.data.run, over.data.run
    say(two_runs_table.show(found, *about, format_.value, width=width(), color=colour()).rstrip())
