"""`bench compare`: two stored runs beside each other."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.cli.options import Format, TableFormat, colour, note, say, width


def compare(
    base: Annotated[str, typer.Argument(metavar="BASE", help="A run's folder or id: what is compared with.")],
    head: Annotated[str, typer.Argument(metavar="HEAD", help="The run that is compared with it.")],
    format_: Format = TableFormat.TABLE,
) -> None:
    """Compare two stored runs, case by case: head ÷ base, above 1 is slower.

    They were measured one after the other, so that no verdict here is a regression: `bench gate` takes turns, and can
    tell. Runs of unlike machines are compared as machines.

    \b
    bench compare results/monday results/tuesday
    bench compare results/laptop results/server --format csv > t.csv
    """
    from bench.analyse import two_runs as analysis
    from bench.jobs.loading import frame_of
    from bench.present.tables import two_runs_table as present

    (base_data, base_frame), (head_data, head_frame) = (frame_of(name, None) for name in (base, head))
    for problem in (*base_data.problems, *head_data.problems):
        note(f"warning: {problem}")
    found = analysis.compare(base_data, head_data, {"base": base_frame, "head": head_frame})
    say(present.show(found, base_data.run, head_data.run, format_.value, width=width(), color=colour()).rstrip())
