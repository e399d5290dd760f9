"""`bench history`: when did it get slower?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli import exit_codes
from bench.cli.files import Columns, plain
from bench.cli.options import Format, TableFormat, colour, note, placeholder, say, width
from bench.cli.plot import Theme, suffixes
from bench.records import UserError


def history(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar=placeholder("PATH", many=True),
            help="Runs, their folders, branch:NAME, or files of other tools (default: results/).",
        ),
    ] = None,
    select: Annotated[
        list[str] | None, typer.Option("--select", metavar="GLOB", help="Only cases that fit; repeatable.")
    ] = None,
    from_: Annotated[str | None, typer.Option("--from", help="Kind of the files, where it is not recognised.")] = None,
    unit: Annotated[str, typer.Option(help="Unit of a plain CSV's columns: s, ms, us, ns, or another.")] = "",
    higher_is_better: Annotated[
        bool, typer.Option("--higher-is-better", help="Larger values of a plain CSV are better, as in throughput.")
    ] = False,
    column: Columns = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for a chart of each series.")] = None,
    changed: Annotated[bool, typer.Option("--changed", help="Charts only of series that changed.")] = False,
    formats: Annotated[str, typer.Option("--to", help="File formats of charts: svg, png, pdf.")] = "svg,png",
    theme: Annotated[Theme, typer.Option(help="Colours of charts.")] = Theme.LIGHT,
    known: Annotated[
        Path | None,
        typer.Option("--known", metavar="FILE", help="Known alerts: what --format json wrote earlier."),
    ] = None,
    keep_on: Annotated[
        str | None,
        typer.Option("--keep-on", metavar="BRANCH", help="Commit the runs' points to a branch, and show all of it."),
    ] = None,
    push: Annotated[
        str,
        typer.Option("--push", metavar="REMOTE", help="With --keep-on: fetch the branch there first, then push it."),
    ] = "",
    also: Annotated[
        list[Path] | None,
        typer.Option(
            "--also", metavar="FILE", help="With --keep-on: a file beside the points, as a badge; repeatable."
        ),
    ] = None,
    fail_on_new: Annotated[
        bool, typer.Option("--fail-on-new", help="Exit code 1 where something unknown got slower.")
    ] = False,
    format_: Format = TableFormat.TABLE,
) -> None:
    """Look for lasting changes over commits: one value a commit, the median of its launches.

    A single spike is no change, nor is a drift, nor a swing between two states. Runs of another machine, torch or
    driver are a segment of their own.

    \b
    bench history                                  all runs in results/
    bench history nightly/ -o charts/ --changed
    bench history data.js --format json > known.json
    bench history data.js --known known.json --fail-on-new
    bench history results/nightly --keep-on bench-data --push origin
    bench history branch:bench-data
    """
    from bench.analyse.history.level_changes import history as analysed
    from bench.analyse.history.level_changes import unknown
    from bench.cli.progress import Notes
    from bench.jobs import history_job, kept_history
    from bench.present.tables import history_table as present

    if fail_on_new and known is None:
        note("hint: without --known every alert is new")
    named = paths or ["results"]
    if keep_on is not None:
        kept = kept_history.keep(named, keep_on, push, also or (), Notes())
        new_files = ", ".join(kept.added) or "nothing new"
        note(f"kept on {keep_on}, {kept.commit[:12]}{', pushed' if kept.pushed else ''}: {new_files}")
        named = [f"{kept_history.BRANCH}{keep_on}"]
    elif push or also:
        raise UserError("--push and --also belong to --keep-on BRANCH")
    points = history_job.points(named, from_, plain(unit, column, higher_is_better), Notes())
    found = analysed(history_job.selected(points, select or []))
    new = None
    if known or fail_on_new:
        new = unknown(found, history_job.known_changes(known) if known else [])
    say(present.show(found, new, format_.value, width=width(), color=colour()).rstrip())
    if out is not None:
        for path in history_job.draw(found, out, suffixes(formats), theme.value, changed):
            note(str(path))
    if fail_on_new and new:
        raise typer.Exit(exit_codes.REGRESSED)
