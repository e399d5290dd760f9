"""`bench profile` as a function: where the time of one case goes, in a process of its own."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bench.jobs.arguments import Paths, RunName, Sets, Span, call_text, name_of, new_folder, refuse_outside, seconds_of
from bench.jobs.choice import Choice, look
from bench.jobs.endings import NothingMeasuredError
from bench.jobs.listener import SILENT, Listener
from bench.jobs.profile_result import CaseProfile, profile_in
from bench.jobs.stopping import stop_or_own
from bench.records import Planned, Settings, UserError

if TYPE_CHECKING:
    from bench.protocol import Hello, Stage
    from bench.runner.profiling.single_profile import ProfileSettings, TakenProfile
    from bench.runner.stop_request import Stop


def profile(
    case: str | None = None,
    *,
    sets: Sets = (),
    steps: int | None = None,
    rung: str | None = None,
    seconds: float = 5.0,
    workloads: Paths = (),
    from_run: RunName | None = None,
    peaks: RunName | None = None,
    out: str | Path | None = None,
    timeout: Span = None,
    seed: int = 0,
    pages: bool = True,
    listener: Listener = SILENT,
    stop: Stop | None = None,
    command: str | None = None,
) -> CaseProfile:
    """Profile the steps of one case, and return what limits them; prints nothing.

        found = bench.profile("matmul/square", sets={"size": 256})
        found.page                    # the page with the flame graph

    case: a key, or a workload for its default case.
    steps: steps under torch.profiler (default: as many as keep the trace small).
    rung: how stacks are sampled (default: the best way that is allowed).
    seconds: seconds to sample.
    from_run: an earlier profile; nothing is measured.
    peaks: the run whose peaks distinguish compute from memory (default: the latest of this machine).
    pages: write the page and the files of stacks now, not on first use.
    sets, workloads, out, timeout, seed, listener, stop, command: as in `bench.run`. Ctrl-C raises KeyboardInterrupt,
    and nothing is kept.

    Raises `bench.records.UserError` for invalid arguments, `bench.jobs.endings.NothingMeasuredError` for a case that
    ends badly, `MachineUnfitError` and `Stopped` as `bench.run` does.
    """
    from bench.runner.profiling.single_profile import ProfileSettings
    from bench.store import runs

    said = command or call_text(profile, locals())
    of = None if peaks is None else name_of(peaks)
    if (case is None) == (from_run is None):
        raise UserError("bench profile takes a case; bench list names the workloads")
    if from_run is not None:
        return profile_in(runs.locate(name_of(from_run)), of)
    refuse_outside(1, 100_000, steps=steps)
    refuse_outside(0.1, 600, seconds=seconds)
    new = new_folder(out)
    chosen = Choice([of_one(str(case))], "quick", sets, (), workloads)
    only(chosen.plan(("cpu",)).planned)  # before a worker is started to look at the machine
    settings = Settings(seed=seed, timeout_s=seconds_of(timeout) or Settings.timeout_s)
    with stop_or_own(stop) as own:
        folder = taken(chosen, settings, ProfileSettings(steps, rung, seconds), new, said, listener, own)
    found = profile_in(folder, of)
    if pages:
        found.write_pages()
    return found


def taken(
    chosen: Choice,
    settings: Settings,
    wish: ProfileSettings,
    out: Path | None,
    command: str,
    listener: Listener,
    stop: Stop,
) -> Path:
    """Take the profile, and return its folder. Nothing is kept if it fails."""
    from bench.protocol import Refused
    from bench.runner.profiling import single_profile
    from bench.store import profiles, runs

    hello, plan = look(chosen, stop)
    planned = only(plan.planned)

    def report(stage: Stage) -> None:
        listener.entered(planned.case.key, stage.stage, 0)

    with tempfile.TemporaryDirectory() as scratch:
        trace = Path(scratch, profiles.TRACE)
        reply = single_profile.take(planned, settings, hello, stop, trace, Path(scratch, "cache"), wish, report)
        if isinstance(reply, Refused):
            raise NothingMeasuredError(f"{reply.outcome}: {reply.key}: {reply.reason}\n{reply.detail}".rstrip())
        name = runs.new_id()
        folder = out or runs.RESULTS / name
        kept = {**reply.profile, "stacks": profiles.stack_rows(reply.loops.stacks.rows)}
        profiles.write(folder, described(name, planned, settings, hello, reply, command), kept, trace)
    return folder


def of_one(case: str) -> str:
    """A selection of one case: a bare name means the workload's default case, not all that a preset measures."""
    return case if "[" in case else f"{case}[]"


def only(planned: tuple[Planned, ...]) -> Planned:
    """The one chosen case. Raises `UserError` for several, and names them."""
    if len(planned) != 1:
        keys = "\n  ".join(item.case.key for item in planned[:8])
        raise UserError(f"a profile is of one case; this selects {len(planned)}, narrow it with -s:\n  {keys}")
    return planned[0]


def described(
    name: str, planned: Planned, settings: Settings, hello: Hello, reply: TakenProfile, command: str
) -> dict[str, object]:
    """The `run.json` of a profile. It has no plan, since a profile is not a measurement of a case."""
    from bench.protocol.rungs import NO_STACKS, PY_SPY
    from bench.runner import run_description, timed_code
    from bench.store import profiles

    facts = reply.facts
    seen = reply.loops
    watched = {
        "refused": seen.refused, "steps": seen.steps, "plain_ns": seen.plain_ns, "watched_ns": seen.sampled_ns,
        "rate_hz": seen.rate_hz if seen.rung == PY_SPY else None, "errors": seen.errors,
        "samples": seen.stacks.samples, "elsewhere": seen.stacks.elsewhere,
    }  # fmt: skip
    entry = {
        "key": reply.key,
        "rung": seen.rung,
        "watched": None if seen.rung == NO_STACKS else watched,
        "source": asdict(planned.source),
        "case_code": timed_code.code([planned]),
        **{item: facts.get(item) for item in ("work", "threads", "counters", "break_reasons", "error_after", "cache")},
        **{item: facts.get(item) for item in ("first_call_ns", "build_ns", "steady", "condition", "foreign_load")},
    }
    run = run_description.described(name, [], settings, hello, "profile", command)
    return {**run, profiles.PROFILE: entry}
