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
        Path | None, typer.Option("--out", "-o", help="Folder for the page (default: reports/<run id>).")
    ] = None,
    formats: Annotated[
        str,
        typer.Option(
            "--to",
            help="Formats: html, explore (interactive page), pptx, pdf, beamer (decks); comma-separated.",
        ),
    ] = "html",
) -> None:
    """Write one self-contained HTML page: tables, charts, environment and findings; or a deck of the charts.

    Prints the paths. Several runs are shown side by side, each under the name of its machine. A deck has one chart on
    each slide; on the page `explore` the reader chooses what is drawn.
    """
    from bench.jobs.written import formats_of, written

    for path in written(run, vs, out, formats_of(formats)):
        say(str(path))
