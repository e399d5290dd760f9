"""Profile pairs: a fresh process of either side, alive together, looped and profiled in turn, pair after pair.

What one profile differs from another by is mostly chance. So each pair has both sides, coins decide which comes first,
both loop on one core where they need no more, and what is compared later is their difference, over pairs.
"""

from __future__ import annotations

import contextlib
import json
import random
import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from bench.protocol import Hello, StepsProfiled
from bench.protocol.placement import Placement
from bench.protocol.rungs import NO_STACKS, PY_SPY
from bench.records import SIDES, ComparedCase, Settings
from bench.runner.compile_caches import empty, folder_of
from bench.runner.launches.schedule import is_compiled
from bench.runner.profiling.case_profiler import CaseProfiler, CompileCache, SampledLoops, best_rung
from bench.runner.profiling.py_spy import CALM_HZ, RATE_HZ
from bench.runner.profiling.single_profile import SLOWED
from bench.runner.stop_request import Stop
from bench.runner.worker import SideCode
from bench.series import Series
from bench.store.profile_pair_tables import CallsRow, OwnedRow, ProfilePairs, SideRow
from bench.store.profile_pair_tables import StackRow as StackRow

ROUNDS_A_PAIR = 3
"""Rounds of a pair: on either side loops without the sampler, then a loop with it."""

PLAIN_LOOPS, PLAIN_S = 4, 0.05
"""Loops without the sampler of either side in a round, one right after the other, and their seconds: what a step takes
differs by the minute, and by much less from one twentieth of a second to the next."""

SAMPLED_S = 0.4
"""Seconds of a loop with the sampler: 600 samples a side and pair."""

CALM_SAMPLED_S = 1.0
"""The same where py-spy looks less often, since it slows the step down: 300 samples."""

PROFILED_S, MOST_STEPS = 0.3, 50
"""Seconds and number of the steps under torch.profiler, of a side in a pair."""


class ProfiledSide(NamedTuple):
    """What was seen of one side of a pair."""

    loops: SampledLoops
    profile: StepsProfiled
    """What torch.profiler saw."""
    facts: dict[str, Any]
    """Columns of `CaseLaunch`."""


class TakenSide(NamedTuple):
    """One side of a pair, and which one it is. `came_first`: by the coin."""

    key: str
    pair: int
    side: str
    came_first: bool
    taken: ProfiledSide


OnPair = Callable[[str, int], None]
"""Called with the key of a case and the number of the pair that begins."""


def profile_pairs(
    compared: ComparedCase,
    sides: Mapping[str, SideCode],
    settings: Settings,
    hello: Hello,
    stop: Stop,
    caches: Path,
    pairs: int,
    rung: str | None,
    coins: int,
    on_pair: OnPair,
) -> Iterator[TakenSide]:
    """Both sides of each of the pairs. The sampler is the best that both sides allow, or the rung asked for.

    caches: where compiled cases compile, cold in the first pair; coins: the seed of all order. Raises `EndedError`
    where a side ends in anything but `ok`, `SpyRefusedError`, `Stopped`, `MachineUnfitError`, and `UserError` for a
    rung that cannot be used.
    """
    key = compared.case.key
    folders = {side: folder_of(caches, key) / side for side in SIDES}
    sampling = _Sampling(rung)
    for number in range(pairs):
        on_pair(key, number)
        dice = random.Random(f"{coins}:{number}:explain:{key}")
        order = dice.sample(SIDES, 2)
        with contextlib.ExitStack() as stack:
            profilers: dict[str, CaseProfiler] = {}
            for side in order:
                planned = compared.on(side)
                if number == 0:
                    empty(folders[side])
                state = "warm" if number else "cold"
                cache = CompileCache(state, folders[side]) if is_compiled(planned) else None
                profilers[side] = CaseProfiler(planned, settings, hello, stop, cache, sides[side])
                stack.callback(profilers[side].end)
            taken = _pair(profilers, order, dice, sampling, hello)
        for side in SIDES:
            yield TakenSide(key, number, side, side == order[0], taken[side])


@dataclass
class _Sampling:
    """How the sides are sampled: the first pair finds it out, and all follow."""

    rung: str | None
    """The rung that was asked for; then the one that is used."""
    steps: dict[Series, int] = field(default_factory=dict)
    """n of each series."""
    refused: dict[str, str] | None = None
    """Better rungs and why not; None until the first pair has looked."""
    rate_hz: int = RATE_HZ

    def loops(self) -> SampledLoops:
        """Loops of which none has run yet."""
        return SampledLoops(str(self.rung), dict(self.refused or {}), rate_hz=self.rate_hz)

    @property
    def sampled_s(self) -> float:
        """Seconds of a loop with the sampler: longer where it looks less often."""
        return SAMPLED_S if self.rate_hz == RATE_HZ else CALM_SAMPLED_S


def _pair(
    profilers: Mapping[str, CaseProfiler], order: list[str], dice: random.Random, sampling: _Sampling, hello: Hello
) -> dict[str, ProfiledSide]:
    """Take one pair: what was seen by side."""
    for side in order:
        profilers[side].begin_import()
    for side in order:
        profilers[side].wait_for_import()
    facts = _opened(profilers, order, sampling.steps)
    if all(facts[side]["one_core"] for side in SIDES):
        core = dice.choice(Placement.of(hello.facts).coins())
        for side in SIDES:
            profilers[side].cpu = core
    if sampling.refused is None:
        _find_out(profilers, sampling)
    loops = {side: sampling.loops() for side in SIDES}
    for _ in range(ROUNDS_A_PAIR):
        for _ in range(PLAIN_LOOPS):
            for side in dice.sample(SIDES, 2):
                profilers[side].loop_plain(PLAIN_S, loops[side])
        if sampling.rung != NO_STACKS:
            for side in dice.sample(SIDES, 2):
                profilers[side].loop_sampled(sampling.sampled_s, loops[side])
    profiles = {}
    for side in dice.sample(SIDES, 2):
        step_s = statistics.median(loops[side].loops_ns) / 1e9
        profiles[side] = profilers[side].profile_steps(max(2, min(MOST_STEPS, int(PROFILED_S / step_s))))
    closed = {side: profilers[side].close() for side in order}
    return {side: ProfiledSide(loops[side], profiles[side], {**facts[side], **closed[side]}) for side in order}


def _find_out(profilers: Mapping[str, CaseProfiler], sampling: _Sampling) -> None:
    """Find the rung that both sides allow, and how often py-spy may look without slowing a step down."""
    chosen = best_rung(profilers.values(), sampling.rung)
    sampling.rung, sampling.refused = chosen.rung, chosen.refused
    if sampling.rung == PY_SPY:
        for side in SIDES:
            trial = sampling.loops()
            profilers[side].loop_plain(SAMPLED_S, trial)
            profilers[side].loop_sampled(SAMPLED_S, trial)
            if trial.slowdown() > SLOWED:
                sampling.rate_hz = CALM_HZ


def _opened(
    profilers: Mapping[str, CaseProfiler], order: list[str], steps: dict[Series, int]
) -> dict[str, dict[str, Any]]:
    """Open the case on both sides: facts by side. Once n is known both open at the same time: nothing is timed yet."""
    if steps:
        for side in order:
            profilers[side].begin_open(steps)
        return {side: profilers[side].wait_for_open().facts for side in order}
    facts = {}
    for side in order:
        profilers[side].begin_open(steps)
        opened = profilers[side].wait_for_open()
        steps |= {series: n for series, n in opened.steps.items() if series not in steps}
        facts[side] = opened.facts
    return facts


PROFILED = ("steps", "blocks", "before_ns", "profiled_ns", "after_ns", "device", "compiling")
KEPT = ("counters", "break_reasons", "first_call_ns", "build_ns", "cache", "threads")
"""Facts of a profile, and of its case, that are kept besides the tables."""


def keep(pairs: ProfilePairs, side: TakenSide) -> None:
    """Add one side of a pair to the tables."""
    who, loops, profile = (side.key, side.pair, side.side), side.taken.loops, side.taken.profile
    steps = profile.profile["steps"] * profile.profile["blocks"]
    known = {
        "came_first": side.came_first,
        "rate_hz": loops.rate_hz,
        "plain_ns": loops.plain_ns,
        "loops_ns": loops.loops_ns,
        "watched_ns": loops.sampled_ns,
        "warm_ns": loops.warm_ns,
        "samples": loops.stacks.samples,
        "elsewhere": loops.stacks.elsewhere,
        "errors": loops.errors,
        "refused": loops.refused,
        **{name: profile.profile[name] for name in PROFILED},
        **{name: side.taken.facts.get(name) for name in KEPT},
    }
    pairs.sides.append(SideRow(*who, loops.rung, loops.steps, json.dumps(known)))
    pairs.stacks += [StackRow(*who, row.thread, ";".join(row.frames), row.samples, row.ns) for row in loops.stacks.rows]
    pairs.owned += [OwnedRow(*who, row.part, row.name, row.dtypes, row.ns, steps) for row in profile.owned]
    pairs.calls += [CallsRow(*who, row.name, row.dtypes, row.calls, steps) for row in profile.calls]
