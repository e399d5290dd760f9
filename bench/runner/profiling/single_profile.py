"""A profile: one fresh worker in which one case is profiled. Whatever ends it in between becomes its outcome."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from bench.protocol import Hello, Refused, Stage
from bench.protocol.rungs import NO_STACKS, PY_SPY
from bench.records import Planned, Settings, UserError
from bench.runner.launches.schedule import is_compiled
from bench.runner.profiling.case_profiler import CaseProfiler, CompileCache, EndedError, SampledLoops, best_rung
from bench.runner.profiling.py_spy import CALM_HZ, SpyRefusedError
from bench.runner.stop_request import Stop

SAMPLED_S = 5.0
"""Seconds of steps that a sampler looks at: 2,500 samples, so that a share of a tenth is known to a hundredth."""

ROUNDS = 5
"""Loops with and without the sampler, alternating: a slow minute then falls on both."""

SLOWED = 1.1
"""A step that takes this many times as long under py-spy is slowed by it: py-spy then looks less often."""

FEWEST_SAMPLES, MOST_ROUNDS = 1000, 20
"""Rounds go on until there are 1000 samples in the region, but at most 20: a step may spend its time on a reset."""


class ProfileSettings(NamedTuple):
    """How a profile is taken."""

    steps: int | None = None
    """Steps under torch.profiler; None takes as many as keep the trace small."""
    rung: str | None = None
    """How stacks are taken; None is the best that is allowed."""
    sampled_s: float = SAMPLED_S


class TakenProfile(NamedTuple):
    """A profile of one case."""

    key: str
    facts: dict[str, Any]
    """Columns of `CaseLaunch`."""
    profile: dict[str, Any]
    """What torch.profiler saw, summed up."""
    loops: SampledLoops


def take(
    planned: Planned,
    settings: Settings,
    hello: Hello,
    stop: Stop,
    trace: Path,
    cache: Path,
    wish: ProfileSettings,
    on_stage: Callable[[Stage], None],
) -> TakenProfile | Refused:
    """Profile the case in a process of its own, which is gone afterwards, as is all that it started.

    trace: the file to write; cache: the folder that a compiled case compiles into, which must not exist yet, so that
    it is cold and compiling is in the profile too. Raises `Stopped`, `MachineUnfitError`, and `UserError` where the
    rung that is wished for cannot be used.
    """
    compile_cache = CompileCache("cold", cache) if is_compiled(planned) else None
    profiler = CaseProfiler(planned, settings, hello, stop, compile_cache, on_stage=on_stage)
    try:
        facts = profiler.open().facts
        loops = sampled_loops(profiler, wish)
        profile = profiler.profile_steps(wish.steps, str(trace)).profile
        return TakenProfile(profiler.key, {**facts, **profiler.close()}, profile, loops)
    except EndedError as ended:
        return ended.refused
    finally:
        profiler.end()


def sampled_loops(profiler: CaseProfiler, wish: ProfileSettings) -> SampledLoops:
    """Sample the steps by the best sampler there is. One that is let in and then fails hands on to the next."""
    loops = best_rung([profiler], wish.rung).loops()
    while loops.rung != NO_STACKS:
        try:
            return _alternating(profiler, loops, wish.sampled_s)
        except SpyRefusedError as refusal:
            if wish.rung:
                raise UserError(f"no profile by {wish.rung} here: {refusal}") from None
            loops = best_rung([profiler], None, {**loops.refused, loops.rung: str(refusal)}).loops()
    return loops


def _alternating(profiler: CaseProfiler, loops: SampledLoops, seconds: float) -> SampledLoops:
    """Loops with and without the sampler. A py-spy that slows the step down begins anew, and looks less often."""
    rounds = 0
    while rounds < ROUNDS or (loops.stacks.samples < FEWEST_SAMPLES and rounds < MOST_ROUNDS):
        profiler.loop_plain(seconds / ROUNDS / 2, loops)
        profiler.loop_sampled(seconds / ROUNDS, loops)
        rounds += 1
        if rounds == 1 and loops.rung == PY_SPY and loops.rate_hz != CALM_HZ and loops.slowdown() > SLOWED:
            loops, rounds, seconds = SampledLoops(PY_SPY, loops.refused, rate_hz=CALM_HZ), 0, 2 * seconds
    return loops
