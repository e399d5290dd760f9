"""`bench lecture`: run, page and deck, in one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli import codes
from bench.cli.options import note, say
from bench.records import UserError


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
    beside: Annotated[
        list[str] | None,
        typer.Option(
            "--beside",
            metavar="RUN",
            help="Draw this run of another machine beside; repeatable. Without a GPU here: the shipped ones with one.",
        ),
    ] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Draw no other machine beside this one.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Measure what the charts of the lecture are drawn from, and write a page and a deck. Prints the paths.

    It is `bench run --preset lecture`, then `bench report --to html,pptx,pdf`. Stop it with Ctrl-C: what is done is
    kept and written. What a machine without a GPU cannot measure, a shipped table of one that has it shows, named as
    another machine.
    """
    from bench.cli.choosing import Choice, look, overrides
    from bench.cli.run import afresh, close, leave
    from bench.cli.written import formats_of, written
    from bench.runner.stop import Stop, Stopped
    from bench.store import runs

    if beside and alone:
        raise UserError("--alone draws no machine beside this one, and --beside names some: give one of them")
    for name in beside or []:
        runs.refuse_pairs(runs.read(runs.locate(name)))  # before ten minutes are spent on what cannot be drawn
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
    others = beside or ([] if alone or not hello.capabilities["cuda"] else _shipped())
    _, _, outcomes = close(folder, ended)
    say(str(folder))
    for path in written([str(folder), *others], None, out, wanted, fill=True):
        say(str(path))
    leave(outcomes, stop)


def _shipped() -> list[str]:
    """Names of the shipped runs of machines with a GPU."""
    from bench.store import runs

    shelf = runs.references()
    return [f"{runs.REFERENCE}:{name}" for name, folder in shelf.items() if runs.read(folder)["environment"]["cuda"]]
