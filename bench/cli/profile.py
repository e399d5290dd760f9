"""`bench profile`: where does the time of a step go, and what binds it?"""

from __future__ import annotations

import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli import codes
from bench.cli.options import Format, TableFormat, WorkloadFiles, colour, note, say, width
from bench.records import Planned, Settings, UserError

if TYPE_CHECKING:
    from bench.protocol import Hello, Stage
    from bench.runner.profiling.single_profile import ProfileSettings, TakenProfile
    from bench.runner.stop import Stop
    from bench.store.profiles import Profile


def profile(
    case: Annotated[
        str | None, typer.Argument(metavar="[CASE]", help="The case: a key, or a workload, for its default case.")
    ] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", "-s", metavar="AXIS=VALUE", help="Give an axis this value; repeatable.")
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(min=1, max=100_000, help="Profile so many steps, in whole blocks; at most 200 without."),
    ] = None,
    rung: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="How stacks are had: py-spy, pyinstrument, 'sampling thread' or 'torch.profiler alone'; the best that "
            "is allowed without.",
        ),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=0.1, max=600, help="So many seconds of steps are sampled, longer where they are few.")
    ] = 5.0,
    diff: Annotated[
        bool,
        typer.Option("--diff", help="What is a difference between two sides made of? Takes pairs of profiles."),
    ] = False,
    base: Annotated[
        str,
        typer.Option(metavar="SIDE", help="With --diff, as in bench gate; the merge-base with the default branch."),
    ] = "",
    head: Annotated[str, typer.Option(metavar="SIDE", help="With --diff; the working tree without.")] = "",
    setup: Annotated[
        str | None, typer.Option(metavar="CMD", help="With --diff, a command to run in each side's tree first.")
    ] = None,
    pairs: Annotated[
        int, typer.Option(min=12, max=100, help="With --diff, so many pairs; below 16 few functions can be told.")
    ] = 18,
    workloads: WorkloadFiles = None,
    again: Annotated[
        str | None, typer.Option("--from", metavar="RUN", help="Show an earlier profile again; measure nothing.")
    ] = None,
    peaks: Annotated[
        str | None,
        typer.Option("--peaks", metavar="RUN", help="The run whose peaks say compute or memory; the latest without."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Put the profile into this folder.")] = None,
    timeout: Annotated[
        str | None, typer.Option(help="A worker that is silent this long counts as hung (120s).")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the data.")] = 0,
    format_: Format = TableFormat.TABLE,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Take the steps of one case apart: functions, operators, device, memory, compiling, and what binds it, in a word.

    A run of its own, never the timed one: a fresh process times steps with and without py-spy, and with and without
    torch.profiler, so that what each costs is told. Writes a page with a flame graph, stacks for
    https://speedscope.app, and a trace for https://ui.perfetto.dev.

    \b
    bench profile 'matmul/square[size=1024]'
    bench profile regression/train_step -s device=cuda
    bench profile torchscript/inference -s mode=compile
    bench profile regression/train_step --diff --base main
    bench profile --from results/… --format json
    """
    from bench.cli.explaining import difference, told_difference
    from bench.cli.wanted import Wanted
    from bench.runner.profiling.single_profile import ProfileSettings
    from bench.runner.stop import Stop, Stopped
    from bench.store import profiles, runs

    stop = Stop()
    if (base or head or setup) and not diff:
        raise UserError("--base, --head and --setup name the sides of a difference: add --diff")
    if again is not None:
        if case or sets or steps or rung or diff or workloads or out:
            raise UserError("--from shows a profile as it was taken; beside it only --peaks and --format")
        folder = runs.locate(again)
    elif case is None:
        raise UserError("bench profile takes a case; bench list names the workloads")
    elif diff:
        wanted = Wanted([of_one(case)], "quick", sets or [], [], workloads or [], None)
        try:
            folder = difference(wanted, base, head, setup, timeout, seed, pairs, rung, out, stop, quiet)
        except Stopped:
            raise typer.Exit(codes.stopped(stop.signal)) from None
    else:
        try:
            wish = ProfileSettings(steps, rung, seconds)
            folder = taken(case, sets or [], workloads or [], wish, timeout, seed, out, stop, quiet)
        except Stopped:
            raise typer.Exit(codes.stopped(stop.signal)) from None
    if "difference" in runs.read(folder):
        told_difference(folder, format_)
    else:
        shown(profiles.read(folder), peaks, format_)


def taken(
    case: str,
    sets: list[str],
    workloads: list[Path],
    wish: ProfileSettings,
    timeout: str | None,
    seed: int,
    out: Path | None,
    stop: Stop,
    quiet: bool,
) -> Path:
    """Take the profile, and return its folder. Nothing is kept of one that failed."""
    from bench.cli.choosing import Choice, look
    from bench.cli.run import refuse_bad_folder
    from bench.plan.presets import parse_duration
    from bench.protocol import Refused
    from bench.runner.profiling import single_profile as run
    from bench.store import profiles, runs

    refuse_bad_folder(out)
    chosen = Choice([of_one(case)], "quick", sets, [], workloads)
    settings = Settings(seed=seed, timeout_s=parse_duration(timeout) if timeout else Settings.timeout_s)
    only(chosen.plan(("cpu",)).planned)  # before a worker is started to look at the machine
    stop.listen()
    hello, plan = look(chosen, stop)
    planned = only(plan.planned)
    with tempfile.TemporaryDirectory() as scratch:
        trace = Path(scratch, profiles.TRACE)
        latest = ""

        def heard(stage: Stage) -> None:
            nonlocal latest
            if not quiet and stage.stage != latest:
                note(f"{stage.stage} …")
            latest = stage.stage

        reply = run.take(planned, settings, hello, stop, trace, Path(scratch, "cache"), wish, heard)
        if isinstance(reply, Refused):
            note(f"{reply.outcome}: {reply.key}: {reply.reason}\n{reply.detail}".rstrip())
            raise typer.Exit(codes.NOTHING_MEASURED)
        name = runs.new_id()
        folder = out or runs.RESULTS / name
        kept = {**reply.profile, "stacks": profiles.stack_rows(reply.watched.stacks.rows)}
        profiles.write(folder, described(name, planned, settings, hello, reply), kept, trace)
    return folder


def of_one(case: str) -> str:
    """A selection of one case: a bare name is that of the workload's default, not of all that a preset measures."""
    return case if "[" in case else f"{case}[]"


def only(planned: tuple[Planned, ...]) -> Planned:
    """The one case that was chosen. Raises `UserError` for several, and names them."""
    if len(planned) != 1:
        keys = "\n  ".join(item.case.key for item in planned[:8])
        raise UserError(f"a profile is of one case; this selects {len(planned)}, narrow it with -s:\n  {keys}")
    return planned[0]


def described(name: str, planned: Planned, settings: Settings, hello: Hello, reply: TakenProfile) -> dict[str, object]:
    """The `run.json` of a profile. It has no plan: nothing of it is a measurement of a case."""
    from dataclasses import asdict

    from bench.protocol import NO_STACKS, PY_SPY
    from bench.runner import run_description, timed_code
    from bench.store import profiles

    facts = reply.facts
    command = shlex.join(["bench", *sys.argv[1:]])
    seen = reply.watched
    watched = {
        "refused": seen.refused, "steps": seen.steps, "plain_ns": seen.plain_ns, "watched_ns": seen.watched_ns,
        "rate_hz": seen.rate_hz if seen.rung == PY_SPY else None, "errors": seen.errors,
        "samples": seen.stacks.samples, "elsewhere": seen.stacks.elsewhere,
    }  # fmt: skip
    told = {
        "key": reply.key,
        "rung": seen.rung,
        "watched": None if seen.rung == NO_STACKS else watched,
        "source": asdict(planned.source),
        "case_code": timed_code.code([planned]),
        **{item: facts.get(item) for item in ("work", "threads", "counters", "break_reasons", "error_after", "cache")},
        **{item: facts.get(item) for item in ("first_call_ns", "build_ns", "steady", "condition", "foreign_load")},
    }
    run = run_description.described(name, [], settings, hello, "profile", command)
    return {**run, profiles.PROFILE: told}


def shown(found: Profile, peaks: str | None, format_: TableFormat) -> None:
    """Say what a profile found, and write its page."""
    from bench.analyse.profiles import judge
    from bench.cli.loading import peaks_for
    from bench.present.tables import profile_table as present
    from bench.store import profiles, runs

    judged = judge(found.told, peaks_for(found.run, peaks))
    say(present.show(found, judged, format_.value, width=width(), color=colour()).rstrip())
    from bench.present.pages.profile_page import files, page  # matplotlib: the answer does not wait for it

    for name, content in {profiles.PAGE: page(found, judged), **files(found, judged)}.items():
        runs.replace_whole(found.folder / name, content.encode())
    note(f"\nthe page: {found.folder / profiles.PAGE}")
    note(f"the trace, for https://ui.perfetto.dev: {found.folder / profiles.TRACE}")
