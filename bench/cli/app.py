"""The commands, gathered. Modules of commands import what they need inside: `bench --help` is to answer at once."""

from __future__ import annotations

from importlib import metadata
from typing import Annotated

import typer

from bench.cli import (
    certify,
    check,
    compare,
    doctor,
    export,
    gate,
    history,
    import_,
    lecture,
    list_,
    plot,
    profile,
    report,
    run,
    show,
)

app = typer.Typer(
    name="bench",
    no_args_is_help=True,
    rich_markup_mode=None,  # rich would double the time that --help takes
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Time every example of an introductory PyTorch course, with numbers you can defend.

    \b
    bench doctor                 what this machine can do, and how noisy it is
    bench list                   what can be measured
    bench run                    measure (the quick preset: two minutes)
    bench show --vs mode=eager   the latest run as a table, with speed-ups
    bench plot                   its charts
    bench report                 one page with all of it
    bench lecture                run, page and deck of the lecture's charts: one command
    bench profile CASE           where the time of a step goes
    bench compare RUN RUN        two stored runs beside each other
    bench gate --base main       did this change make it slower?
    bench history                when did it get slower?
    bench import FILE            files of other tools as runs
    bench export --to csv        a run for other tools
    bench certify --quick        is this harness right, on this machine?
    """,
)

app.command("doctor")(doctor.doctor)
app.command("list")(list_.list_workloads)
app.command("check")(check.check)
app.command("run")(run.run)
app.command("show")(show.show)
app.command("plot")(plot.plot)
app.command("report")(report.report)
app.command("lecture")(lecture.lecture)
app.command("profile")(profile.profile)
app.command("compare")(compare.compare)
app.command("gate")(gate.gate)
app.command("history")(history.history)
app.command("import")(import_.import_files)
app.command("export")(export.export)
app.command("certify")(certify.certify)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(metadata.version("coursebench"))
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Options before any command."""
