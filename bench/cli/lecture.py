"""`bench lecture`: run, page and deck, in one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli import codes
from bench.cli.options import note, say


def lecture(
    budget: Annotated[
        str, typer.Option(help="Stop adding launches after this time (10m, 1h); six a case are the aim.")
    ] = "10m",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for page and deck; reports/<run id> without it.")
    ] = None,
    formats: Annotated[
        str, typer.Option("--to", help="html, pptx, pdf, beamer, explore; several with commas.")
    ] = "html,pptx,pdf",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Measure what the charts of the lecture are drawn from, and write a page and a deck. Prints the paths.

    It is `bench run --preset lecture`, then `bench report --to html,pptx,pdf`. Stop it with Ctrl-C: what is done is
    kept and written.
    """
    from bench.cli.choosing import Choice, look, overrides
    from bench.cli.run import afresh, close, leave
    from bench.cli.written import formats_of, written
    from bench.run.stop import Stop, Stopped

    wanted, stop = formats_of(formats), Stop()
    chosen = Choice([], "lecture", [], [], [])
    settings = chosen.settings(overrides(None, None, budget, None, None))
    stop.listen()
    try:
        hello, plan = look(chosen, stop)
        for text in plan.notes:
            note(text)
        folder, ended = afresh(None, plan, settings, hello, chosen.preset.name, stop, quiet)
    except Stopped:  # before anything was measured, so there is nothing to write
        raise typer.Exit(codes.stopped(stop.signal)) from None
    _, _, outcomes = close(folder, ended)
    say(str(folder))
    for path in written(str(folder), None, out, wanted):
        say(str(path))
    leave(outcomes, stop)
