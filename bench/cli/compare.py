"""`bench compare`: two stored runs side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.cli.options import Format, TableFormat, colour, note, say, width


def compare(
    base: Annotated[str, typer.Argument(metavar="BASE", help="Run to compare with, by folder or id.")],
    head: Annotated[str, typer.Argument(metavar="HEAD", help="Run that is compared with it.")],
    format_: Format = TableFormat.TABLE,
) -> None:
    """Compare two stored runs, case by case: head ÷ base, above 1 is slower.

    The runs were measured one after the other, so a difference may come from the hour and not from the code: no verdict
    here is a regression. `bench gate` alternates between both sides and can show one. If the machines differ, the
    comparison is of the machines.

    \b
    bench compare results/monday results/tuesday
    bench compare results/laptop results/server --format csv > t.csv
    """
    from bench.analyse import two_runs
    from bench.jobs.loading import analysed
    from bench.present.tables import two_runs_table

    (under,), (over,) = analysed([base]), analysed([head])
    found = two_runs.compare(under, over)
    for problem in (*under.data.problems, *over.data.problems):
        note(f"warning: {problem}")
    about = under.data.run, over.data.run
    say(two_runs_table.show(found, *about, format_.value, width=width(), color=colour()).rstrip())
