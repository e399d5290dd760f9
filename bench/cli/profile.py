"""`bench profile`: where does the time of a step go, and what binds it?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import exit_codes
from bench.cli.options import Format, TableFormat, WorkloadFiles, colour, command_line, note, placeholder, say, width
from bench.records import UserError

if TYPE_CHECKING:
    from bench.jobs.profile_result import CaseDifference, CaseProfile


def profile(
    case: Annotated[
        str | None,
        typer.Argument(metavar=placeholder("CASE"), help="The case: a key, or a workload, for its default case."),
    ] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", "-s", metavar="AXIS=VALUE", help="Value for an axis; repeatable.")
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(min=1, max=100_000, help="Steps under torch.profiler, in whole blocks (default: up to 200)."),
    ] = None,
    rung: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Sampler: py-spy, pyinstrument, 'sampling thread', 'torch.profiler alone' (default: best allowed).",
        ),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=0.1, max=600, help="Seconds to sample (longer if few samples land in the steps).")
    ] = 5.0,
    diff: Annotated[
        bool,
        typer.Option("--diff", help="What a difference between two sides consists of, from profile pairs."),
    ] = False,
    base: Annotated[
        str,
        typer.Option(metavar="SIDE", help="Old side with --diff, as in bench gate (default: the merge-base)."),
    ] = "",
    head: Annotated[str, typer.Option(metavar="SIDE", help="New side with --diff (default: the working tree).")] = "",
    setup: Annotated[
        str | None, typer.Option(metavar="CMD", help="Command to run in each side's tree first, with --diff.")
    ] = None,
    pairs: Annotated[
        int, typer.Option(min=12, max=100, help="Profile pairs with --diff; 16 or more name functions.")
    ] = 18,
    workloads: WorkloadFiles = None,
    from_run: Annotated[
        str | None, typer.Option("--from", metavar="RUN", help="An earlier profile again; nothing is measured.")
    ] = None,
    peaks: Annotated[
        str | None,
        typer.Option("--peaks", metavar="RUN", help="Run whose peaks tell compute from memory (default: the latest)."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the profile (default: results/<run id>).")
    ] = None,
    timeout: Annotated[
        str | None, typer.Option(help="Silence after which a worker counts as hung (default: 120s).")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed for the data.")] = 0,
    format_: Format = TableFormat.TABLE,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Take the steps of one case apart: functions, operators, device, memory, compiling, and what binds it, in a word.

    A run of its own, never the timed one: a fresh process times steps with and without py-spy, and with and without
    torch.profiler, so that the cost of each is known. Writes a page with a flame graph, stacks for
    https://speedscope.app, and a trace for https://ui.perfetto.dev.

    \b
    bench profile 'matmul/square[size=1024]'
    bench profile regression/train_step -s device=cuda
    bench profile torchscript/inference -s mode=compile
    bench profile regression/train_step --diff --base main
    bench profile --from results/… --format json
    """
    from bench.cli.progress import Notes, StageLines
    from bench.jobs import difference_job, profile_job
    from bench.jobs.endings import NothingMeasuredError
    from bench.jobs.profile_result import difference_in, is_difference, profile_in
    from bench.runner.stop_request import Stop, Stopped
    from bench.store import runs

    if (base or head or setup) and not diff:
        raise UserError("--base, --head and --setup name the sides of a difference: add --diff")
    if from_run is not None:
        if case or sets or steps or rung or diff or workloads or out:
            raise UserError("--from shows a profile as it was taken; beside it only --peaks and --format")
        folder = runs.locate(from_run)
        if is_difference(folder):
            show_difference(difference_in(folder), format_)
        else:
            show(profile_in(folder, peaks), format_)
        return
    stop, listener, command = Stop(), Notes() if quiet else StageLines(), command_line()
    stop.listen()
    try:
        if diff:
            show_difference(
                difference_job.difference(
                    case, base=base, head=head, setup=setup, pairs=pairs, sets=sets or (), rung=rung,
                    workloads=workloads or (), out=out, timeout=timeout, seed=seed,
                    listener=listener, stop=stop, command=command,
                ),
                format_,
            )  # fmt: skip
        else:
            show(
                profile_job.profile(
                    case, sets=sets or (), steps=steps, rung=rung, seconds=seconds, workloads=workloads or (),
                    peaks=peaks, out=out, timeout=timeout, seed=seed, pages=False,
                    listener=listener, stop=stop, command=command,
                ),
                format_,
            )  # fmt: skip
    except Stopped:
        raise typer.Exit(exit_codes.stopped(stop.signal)) from None
    except NothingMeasuredError as ended:
        note(str(ended))
        raise typer.Exit(exit_codes.NOTHING_MEASURED) from None


def show(found: CaseProfile, format_: TableFormat) -> None:
    """Say what a profile found, and write its page: matplotlib comes with it, and the answer does not wait for that."""
    say(found.text(format_.value, width=width(), color=colour()))
    note(f"\nthe page: {found.write_pages()}")
    note(f"the trace, for https://ui.perfetto.dev: {found.trace}")


def show_difference(found: CaseDifference, format_: TableFormat) -> None:
    """Say what a difference is made of, and write its page."""
    say(found.text(format_.value, width=width(), color=colour()))
    note(f"\nthe page: {found.page}\nshow it again with: bench profile --from {found.folder}")
