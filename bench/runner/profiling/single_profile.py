"""A profile: one fresh worker takes one case apart. Whatever ends it in the middle becomes the outcome it means."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from bench.protocol import NO_STACKS, PY_SPY, Hello, Refused, Stage
from bench.records import Planned, Settings, UserError
from bench.runner.launches.schedule import is_compiled
from bench.runner.profiling.case_profiler import CaseProfiler, EndedError, SampledLoops, ladder
from bench.runner.profiling.py_spy import CALM_HZ, SpyRefusedError
from bench.runner.stop import Stop

SAMPLED_S = 5.0
"""Seconds of steps that a sampler looks at: 2,500 samples, so that a share of a tenth is known to a hundredth."""

ROUNDS = 5
"""With and without the sampler by turns: a slow minute then falls on both."""

FELT = 1.1
"""A step that takes so many times as long feels that it is looked at."""

FEWEST_SAMPLES, MOST_TURNS = 1000, 20
"""Turns go on until there are so many samples in the region, but not for ever: a step may spend its time on a reset."""


class ProfileSettings(NamedTuple):
    """How a profile is to be had."""

    steps: int | None = None
    """Steps under torch.profiler; as many as keep the trace small without."""
    rung: str | None = None
    """How stacks are to be had; the best that is allowed without."""
    watched_s: float = SAMPLED_S


class TakenProfile(NamedTuple):
    """The case is taken apart. `facts`: columns of `CaseLaunch`; `profile`: what torch.profiler saw, summed up."""

    key: str
    facts: dict[str, Any]
    profile: dict[str, Any]
    watched: SampledLoops


def take(
    planned: Planned,
    settings: Settings,
    hello: Hello,
    stop: Stop,
    trace: Path,
    cache: Path,
    wish: ProfileSettings,
    heard: Callable[[Stage], None],
) -> TakenProfile | Refused:
    """Take the case apart in a process of its own, which is gone afterwards, as is all that it started.

    trace: the file to write; cache: the folder that a compiled case compiles into, not there yet, so that it is cold
    and compiling is told as well. Raises `Stopped`, `MachineUnfitError`, and `UserError` where the rung that is wished
    for is not to be had.
    """
    apart = CaseProfiler(planned, settings, hello, stop, ("cold", cache) if is_compiled(planned) else None, heard=heard)
    try:
        facts = apart.open().facts
        watched = looked_at(apart, wish)
        profile = apart.take_apart(wish.steps, str(trace)).profile
        return TakenProfile(apart.key, {**facts, **apart.close()}, profile, watched)
    except EndedError as ended:
        return ended.refused
    finally:
        apart.end()


def looked_at(apart: CaseProfiler, wish: ProfileSettings) -> SampledLoops:
    """The steps under the best sampler there is. One that is let in and then fails hands on to the next."""
    watched = SampledLoops(*ladder([apart], wish.rung))
    while watched.rung != NO_STACKS:
        try:
            return _by_turns(apart, watched, wish.watched_s)
        except SpyRefusedError as refusal:
            if wish.rung:
                raise UserError(f"no profile by {wish.rung} here: {refusal}") from None
            watched = SampledLoops(*ladder([apart], None, {**watched.refused, watched.rung: str(refusal)}))
    return watched


def _by_turns(apart: CaseProfiler, watched: SampledLoops, seconds: float) -> SampledLoops:
    """Loops with and without the sampler. One that a step feels looks less often from then on, and begins anew."""
    turns = 0
    while turns < ROUNDS or (watched.stacks.samples < FEWEST_SAMPLES and turns < MOST_TURNS):
        apart.plain(seconds / ROUNDS / 2, watched)
        apart.watch(seconds / ROUNDS, watched)
        turns += 1
        felt = statistics.median(watched.watched_ns) > FELT * statistics.median(watched.plain_ns)
        if turns == 1 and felt and watched.rate_hz != CALM_HZ and watched.rung == PY_SPY:
            watched, turns, seconds = SampledLoops(PY_SPY, watched.refused, rate_hz=CALM_HZ), 0, 2 * seconds
    return watched
