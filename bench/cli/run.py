"""`bench run`: choose, look, measure, seal, show."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bench.cli import codes
from bench.cli.choosing import Choice, look, overrides, preview
from bench.cli.options import Format, TableFormat, WorkloadFiles, colour, note, say, width
from bench.records import Settings, UserError

if TYPE_CHECKING:
    from bench.analyse.rows.row import Row
    from bench.plan.selection import Plan
    from bench.protocol import Hello
    from bench.runner.stop import Stop
    from bench.runner.whole_run import Ended
    from bench.store.tables import RunData


def run(
    select: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SELECT]...", help="Case keys, or globs on workload names ('matmul/*'); all without any."
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option("--preset", "-p", help="quick, ci, lecture, full, a TOML file, or one of pyproject.toml."),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", "-s", metavar="AXIS=V1,V2", help="Give an axis these values; repeatable."),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", "-x", metavar="SELECT", help="Leave cases out; repeatable.")
    ] = None,
    workloads: WorkloadFiles = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Put the run into this folder.")] = None,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="RUN", help="Go on with a run that was stopped or killed.")
    ] = None,
    launches: Annotated[
        int | None,
        typer.Option(min=1, help="Exactly so many launches a case; without it they are added until precise enough."),
    ] = None,
    precision: Annotated[
        float | None, typer.Option(min=0.0001, max=1, help="Wanted half-width of the interval, as a share (0.02).")
    ] = None,
    budget: Annotated[str | None, typer.Option(help="Stop adding launches after this time (90s, 5m, 1h).")] = None,
    timeout: Annotated[
        str | None, typer.Option(help="A case whose worker is silent this long counts as hung (120s).")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the data and of the order.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the cases in order and the time they may take.")
    ] = False,
    in_process: Annotated[
        bool,
        typer.Option("--in-process", help="Measure one case in this process, to let a debugger in; keeps no numbers."),
    ] = False,
    format_: Format = TableFormat.TABLE,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Measure cases in fresh processes and keep what was measured.

    Without a word it runs the quick preset: something of every lesson, in two minutes. Stop it with Ctrl-C: what is
    done is kept, and --resume goes on from there.

    \b
    bench run 'matmul/*' -s size=64,1024 -s dtype=float32,bfloat16
    bench run 'torchscript/inference[batch=800]' -s mode=eager,compile --launches 6
    bench run --workloads mine.py 'mine/*'
    """
    from bench.runner.stop import Stop, Stopped

    stop = Stop()
    try:
        if resume is not None:
            refuse_with_resume(
                select, sets, exclude, workloads, out, preset, launches, precision, timeout, seed, dry_run, in_process
            )
            stop.listen()
            folder, ended = go_on(resume, budget, stop, quiet)
        else:
            chosen = Choice(select or [], preset, sets or [], exclude or [], workloads or [])
            settings = chosen.settings(overrides(launches, precision, budget, timeout, seed))
            if in_process:
                from bench.cli.in_process import debug

                debug(chosen.plan(("cpu",)), settings)
                return
            stop.listen()
            refuse_bad_folder(out)
            hello, plan = look(chosen, stop)
            for text in plan.notes:
                note(text)
            if dry_run:
                say(preview(plan, settings, hello, format_))
                return
            folder, ended = afresh(out, plan, settings, hello, chosen.preset.name, stop, quiet)
    except Stopped:  # before anything was measured, so there is nothing to seal
        raise typer.Exit(codes.stopped(stop.signal)) from None
    finish(folder, ended, stop, format_)


def refuse_bad_folder(out: Path | None) -> None:
    """Raise `UserError` before anything is started, where the run could not be kept."""
    from bench.store import runs

    if out is not None:
        runs.refuse_unwritable(out)
    elif runs.RESULTS.exists() and not runs.RESULTS.is_dir():
        raise UserError(f"{runs.RESULTS} is a file; runs are kept in a folder of that name. Use --out")


def refuse_with_resume(*options: object) -> None:
    """A resumed run keeps the plan, the settings and the folder it was begun with."""
    if any(option not in (None, False) for option in options):
        raise UserError("--resume goes on with the run as it was begun; beside it only --budget, --format and --quiet")


def afresh(
    out: Path | None, plan: Plan, settings: Settings, hello: Hello, preset: str, stop: Stop, quiet: bool
) -> tuple[Path, Ended]:
    """Begin a run and measure it."""
    from bench.cli.progress import progress
    from bench.runner import whole_run
    from bench.store import runs

    name = runs.new_id()
    folder = out or runs.RESULTS / name
    command = shlex.join(["bench", *sys.argv[1:]])
    whole_run.begin(folder, whole_run.described(name, plan.planned, settings, hello, preset, command))
    with progress(len(plan.planned), quiet) as watch:
        return folder, whole_run.measure(folder, plan.planned, settings, hello, stop, watch)


def go_on(resume: str, budget: str | None, stop: Stop, quiet: bool) -> tuple[Path, Ended]:
    """Measure what is left of a run. A budget is counted anew."""
    from dataclasses import replace

    from bench.cli.progress import progress
    from bench.plan.presets import parse_duration
    from bench.runner import whole_run
    from bench.runner.machine_probe import look as look_at_machine
    from bench.store import runs

    folder = runs.locate(resume)
    begun = runs.read(folder)
    planned, settings = whole_run.plan_of(begun)
    if budget:
        settings = replace(settings, budget_s=parse_duration(budget))
    hello = look_at_machine(planned, stop)
    whole_run.refuse_changes(begun, planned, hello)
    with progress(len(planned), quiet) as watch:
        return folder, whole_run.measure(folder, planned, settings, hello, stop, watch)


def close(folder: Path, ended: Ended) -> tuple[RunData, list[Row], dict[str, int]]:
    """The run, its judged rows, and how many cases ended in each outcome; keeps which answers were wrong."""
    from collections import Counter

    from bench.analyse.rows.analysis import Analysis
    from bench.records import Outcome
    from bench.store import runs, tables

    data = tables.read(folder)
    rows = Analysis(data).judged
    ended_as = {row.key: row.outcome for row in rows}
    # Some are known only now (work done elsewhere, a time below its floor). A history does not judge each night anew.
    wrong = [key for key, outcome in ended_as.items() if outcome is Outcome.WRONG]
    runs.write(folder, {**data.run, "wrong": wrong})
    outcomes = {outcome.value: number for outcome, number in Counter(ended_as.values()).most_common()}
    for problem in ended.problems:
        note(f"warning: {problem}")
    return data, rows, outcomes


def finish(folder: Path, ended: Ended, stop: Stop, format_: TableFormat) -> None:
    """Say what came of it, and leave with the code that says it too."""
    import json

    from bench.store import schema

    data, rows, outcomes = close(folder, ended)
    if format_ is TableFormat.JSON:
        say(
            json.dumps(
                {
                    "schema": schema.VERSION,
                    "run": data.run["run"],
                    "path": str(folder),
                    "status": ended.status,
                    "outcomes": outcomes,
                    "wall_s": round(ended.wall_s, 3),
                }
            )
        )
    else:
        from bench.present.tables.estimates_table import show

        say(show(rows, format_.value, width=width(), color=colour()))
        note(f"\n{ended.status}: {', '.join(f'{n} {name}' for name, n in outcomes.items())}, in {ended.wall_s:.0f} s")
        if ended.status != "complete":
            note(f"go on with: bench run --resume {folder}")
        note(f"kept in {folder}; next: bench report {folder}")
    leave(outcomes, stop)


def leave(outcomes: dict[str, int], stop: Stop) -> NoReturn:
    """Leave with the code that says what came of a run."""
    raise typer.Exit(codes.of_outcomes(outcomes) if stop.signal is None else codes.stopped(stop.signal))
