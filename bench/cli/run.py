"""`bench run`: measure cases, and show what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bench.cli import exit_codes
from bench.cli.options import Format, TableFormat, WorkloadFiles, colour, command_line, note, placeholder, say, width
from bench.records import UserError

if TYPE_CHECKING:
    from bench.jobs.result import Format as Written
    from bench.jobs.run_result import Run
    from bench.runner.stop_request import Stop


def run(
    select: Annotated[
        list[str] | None,
        typer.Argument(
            metavar=placeholder("SELECT", many=True),
            help="Case keys, or globs on workload names ('matmul/*'); all without any.",
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option("--preset", "-p", help="Preset: quick, ci, lecture, full, a TOML file, or pyproject.toml's own."),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", "-s", metavar="AXIS=V1,V2", help="Values for an axis; repeatable."),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", "-x", metavar="SELECT", help="Cases to leave out; repeatable.")
    ] = None,
    workloads: WorkloadFiles = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the run (default: results/<run id>).")
    ] = None,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="RUN", help="The rest of a run that was stopped or killed.")
    ] = None,
    launches: Annotated[
        int | None,
        typer.Option(min=1, help="Launches of each case (default: until precise enough)."),
    ] = None,
    precision: Annotated[
        float | None,
        typer.Option(min=0.0001, max=1, help="Wanted half-width of the interval, as a share (default: 0.02)."),
    ] = None,
    budget: Annotated[str | None, typer.Option(help="Time after which no launch is added (90s, 5m, 1h).")] = None,
    timeout: Annotated[
        str | None, typer.Option(help="Silence after which a worker counts as hung (default: 120s).")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed for the data and for the order of cases.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="The cases in order and their likely time; nothing is measured.")
    ] = False,
    in_process: Annotated[
        bool,
        typer.Option("--in-process", help="One case in this process, for a debugger; no number is kept."),
    ] = False,
    format_: Format = TableFormat.TABLE,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Measure cases in fresh processes and keep what was measured.

    Without a word it runs the quick preset: something of every lesson, in two minutes. Cases that are named without
    --preset have no such budget. Stop it with Ctrl-C: what is done is kept, and --resume goes on from there.

    \b
    bench run 'matmul/*' -s size=64,1024 -s dtype=float32,bfloat16
    bench run 'torchscript/inference[batch=800]' -s mode=eager,compile --launches 6
    bench run --workloads mine.py 'mine/*'
    """
    from bench.cli.progress import EveryStage, Notes, run_progress
    from bench.jobs import run_job
    from bench.jobs.arguments import new_folder
    from bench.jobs.choice import Choice, overrides
    from bench.jobs.endings import NothingMeasuredError
    from bench.runner.stop_request import Stop, Stopped

    if resume is not None:
        others = (select, sets, exclude, workloads, out, preset, launches, precision, timeout, seed)
        if dry_run or in_process or any(option is not None for option in others):
            raise UserError(
                "--resume goes on with the run as it was begun; beside it only --budget, --format and --quiet"
            )
    stop = Stop()
    try:
        if dry_run or in_process:
            chosen = Choice(select or (), preset, sets or (), exclude or (), workloads or ())
            settings = chosen.settings(overrides(launches, precision, budget, timeout, seed))
            if in_process:
                from bench.jobs.in_process import debug

                note(debug(chosen.plan(("cpu",)), settings, EveryStage()))
                return
            stop.listen()
            new_folder(out)
            found = run_job.preview(chosen, settings, Notes(), stop)
            say(found.json() if format_ is TableFormat.JSON else str(found))
            return
        stop.listen()
        done = run_job.run(
            select or (),
            preset=preset,
            sets=sets or (),
            exclude=exclude or (),
            workloads=workloads or (),
            out=out,
            resume=resume,
            launches=launches,
            precision=precision,
            budget=budget,
            timeout=timeout,
            seed=seed,
            listener=run_progress(quiet),
            stop=stop,
            command=command_line(),
        )
    except Stopped:  # before anything was measured, so there is nothing to seal
        raise typer.Exit(exit_codes.stopped(stop.signal)) from None
    except NothingMeasuredError as refused:
        note(str(refused))
        raise typer.Exit(exit_codes.NOTHING_MEASURED) from None
    show(done, format_)
    leave(done, stop)


def show(done: Run, format_: TableFormat) -> None:
    """Say what came of a run."""
    written: Written = format_.value
    if written == "json":
        import json

        say(json.dumps(done.summary()))
        return
    say(done.text(written, width=width(), color=colour()) + "\n")
    note(f"\n{done.ending}")
    if done.status != "complete":
        note(f"go on with: bench run --resume {done.folder}")
    note(f"kept in {done.folder}; next: bench report {done.folder}")


def leave(done: Run, stop: Stop) -> NoReturn:
    """Leave with the code that says what came of a run."""
    code = exit_codes.of_outcomes(done.outcomes, done.left_out)
    raise typer.Exit(code if stop.signal is None else exit_codes.stopped(stop.signal))
