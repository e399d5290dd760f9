"""`bench lecture`: run, page and deck, in one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli import exit_codes
from bench.cli.options import command_line, say


def lecture(
    budget: Annotated[str, typer.Option(help="Time after which no launch is added (10m, 1h).")] = "10m",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for page and deck (default: reports/<run id>).")
    ] = None,
    formats: Annotated[
        str, typer.Option("--to", help="Formats: html, pptx, pdf, beamer, explore; several with commas.")
    ] = "html,pptx,pdf",
    beside: Annotated[
        list[str] | None,
        typer.Option(
            "--beside",
            metavar="RUN",
            help="Another machine's run to draw too; repeatable (without a GPU: shipped ones).",
        ),
    ] = None,
    alone: Annotated[bool, typer.Option("--alone", help="No other machine beside this one.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Measure what the charts of the lecture are drawn from, and write a page and a deck. Prints the paths.

    It is `bench run --preset lecture`, then `bench report --to html,pptx,pdf`. Stop it with Ctrl-C: what is done is
    kept and written. What a machine without a GPU cannot measure, a shipped table of one that has it shows, named as
    another machine.
    """
    from bench.cli.progress import run_progress
    from bench.cli.run import leave
    from bench.jobs import lecture_job
    from bench.runner.stop_request import Stop, Stopped

    stop, listener = Stop(), run_progress(quiet)
    stop.listen()
    try:
        found = lecture_job.lecture(
            budget,
            formats=formats,
            beside=beside or (),
            alone=alone,
            listener=listener,
            stop=stop,
            command=command_line(),
        )
    except Stopped:  # before anything was measured, so there is nothing to write
        raise typer.Exit(exit_codes.stopped(stop.signal)) from None
    say(str(found.run.folder))
    for path in found.write(out, listener):
        say(str(path))
    leave(found.run, stop)
