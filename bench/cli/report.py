"""`bench report`: a run as one page, as a page to explore, and as a deck."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import RunNames, Versus, say


def report(
    run: RunNames = None,
    vs: Versus = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the page; reports/<run id> without it.")
    ] = None,
    formats: Annotated[
        str,
        typer.Option(
            "--to",
            help="html, pptx, pdf, beamer, explore; several with commas. A deck has a chart a slide; explore is a page "
            "on which the reader chooses what is drawn.",
        ),
    ] = "html",
) -> None:
    """Write one self-contained HTML page: tables, charts, environment and doubts; or a deck of the charts.

    Prints the paths. Several runs stand in it beside each other, each by its machine.
    """
    from bench.jobs.written import formats_of, written

    for path in written(run, vs, out, formats_of(formats)):
        say(str(path))
