"""Profile pairs: a fresh process of either side, alive together, looped and taken apart by turns, pair after pair.

What one profile differs from another by is mostly chance. So each pair has both sides, coins decide which comes first,
both loop on one core where they need no more, and what is compared later is their difference, over pairs.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import random
import statistics
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench.protocol import NO_STACKS, PY_SPY, Hello, TakenApart
from bench.records import BASE, SIDES, ComparedCase, Planned, Settings
from bench.runner.compile_caches import empty, folder_of
from bench.runner.launches.schedule import is_compiled
from bench.runner.profiling.case_profiler import CaseProfiler, SampledLoops, ladder
from bench.runner.profiling.py_spy import CALM_HZ, RATE_HZ
from bench.runner.profiling.single_profile import FELT
from bench.runner.stop import Stop
from bench.runner.worker import SideCode as Code
from bench.series import Series
from bench.store.profile_pair_tables import CallsRow, OwnedRow, ProfilePairs, SideRow
from bench.store.profile_pair_tables import StackRow as StackRow

ROUNDS_A_PAIR = 3
"""Of either side in a pair: couples of loops without the sampler, then a loop with it."""

COUPLES, PLAIN_S = 4, 0.05
"""Loops without the sampler of either side in a turn, one right after the other, and their seconds: what a step takes
differs by the minute, and by much less from one twentieth of a second to the next."""

PAIR_SAMPLED_S = 0.4
"""Seconds of a loop with the sampler: 600 samples a side and pair."""

PAIR_CALM_SAMPLED_S = 1.0
"""Where py-spy looks less often, since a step feels it: 300 samples."""

APART_S, MOST_STEPS = 0.3, 50
"""Seconds and number of the steps under torch.profiler, of a side in a pair."""


class ProfiledSide(NamedTuple):
    """One side of a pair, looped, taken apart and closed."""

    watched: SampledLoops
    profile: TakenApart
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
"""Told the key of a case and the number of the pair that begins."""


def profile_pairs(
    coupled: ComparedCase,
    sides: Mapping[str, Code],
    settings: Settings,
    hello: Hello,
    stop: Stop,
    caches: Path,
    pairs: int,
    rung: str | None,
    coins: int,
    heard: OnPair,
) -> Iterator[TakenSide]:
    """Both sides of each of so many pairs. The sampler is the best that both sides allow, or the rung asked for.

    caches: where compiled cases compile, cold in the first pair; coins: the seed of all order. Raises `EndedError`
    where a side ends in anything but `ok`, `SpyRefusedError`, `Stopped`, `MachineUnfitError`, and `UserError` for a
    rung that is not to be had.
    """
    key = coupled.case.key
    folders = {side: folder_of(caches, key) / side for side in SIDES}
    course = _Course(rung)
    for number in range(pairs):
        heard(key, number)
        dice = random.Random(f"{coins}:{number}:explain:{key}")
        order = dice.sample(SIDES, 2)
        with contextlib.ExitStack() as stack:
            apart: dict[str, CaseProfiler] = {}
            for side in order:
                planned = _planned(coupled, side)
                if number == 0:
                    empty(folders[side])
                cache = ("warm" if number else "cold", folders[side]) if is_compiled(planned) else None
                apart[side] = CaseProfiler(planned, settings, hello, stop, cache, sides[side])
                stack.callback(apart[side].end)
            taken = _pair(apart, order, dice, course, hello)
        for side in SIDES:
            yield TakenSide(key, number, side, side == order[0], taken[side])


@dataclasses.dataclass
class _Course:
    """What the first pair finds out and all follow."""

    asked: str | None
    """The rung that was asked for; then the one that is used."""
    steps: dict[Series, int] = dataclasses.field(default_factory=dict)
    """n by series."""
    refused: dict[str, str] | None = None
    """Better rungs and why not; None until the first pair has looked."""
    rate_hz: int = RATE_HZ

    def watched(self) -> SampledLoops:
        """Nothing seen yet."""
        return SampledLoops(str(self.asked), dict(self.refused or {}), rate_hz=self.rate_hz)

    @property
    def watched_s(self) -> float:
        """Seconds of a loop with the sampler: longer where it looks less often."""
        return PAIR_SAMPLED_S if self.rate_hz == RATE_HZ else PAIR_CALM_SAMPLED_S


def _pair(
    apart: Mapping[str, CaseProfiler], order: list[str], dice: random.Random, course: _Course, hello: Hello
) -> dict[str, ProfiledSide]:
    """One pair, by side."""
    for side in order:
        apart[side].begin_import()
    for side in order:
        apart[side].imported()
    facts = _opened(apart, order, course.steps)
    if all(facts[side]["one_core"] for side in SIDES):
        core = dice.choice(hello.facts["cpu"]["affinity"])
        for side in SIDES:
            apart[side].cpu = core
    if course.refused is None:
        _find_out(apart, course)
    watched = {side: course.watched() for side in SIDES}
    for _ in range(ROUNDS_A_PAIR):
        for _ in range(COUPLES):
            for side in dice.sample(SIDES, 2):
                apart[side].plain(PLAIN_S, watched[side])
        if course.asked != NO_STACKS:
            for side in dice.sample(SIDES, 2):
                apart[side].watch(course.watched_s, watched[side])
    profiles = {}
    for side in dice.sample(SIDES, 2):
        step_s = statistics.median(watched[side].loops_ns) / 1e9
        profiles[side] = apart[side].take_apart(max(2, min(MOST_STEPS, int(APART_S / step_s))))
    return {side: ProfiledSide(watched[side], profiles[side], {**facts[side], **apart[side].close()}) for side in order}


def _find_out(apart: Mapping[str, CaseProfiler], course: _Course) -> None:
    """Which rung both sides allow, and how often py-spy may look without a step that feels it."""
    course.asked, course.refused = ladder(apart.values(), course.asked)
    if course.asked == PY_SPY:
        for side in SIDES:
            trial = course.watched()
            apart[side].plain(PAIR_SAMPLED_S, trial)
            apart[side].watch(PAIR_SAMPLED_S, trial)
            if statistics.median(trial.watched_ns) > FELT * statistics.median(trial.plain_ns):
                course.rate_hz = CALM_HZ


def _opened(apart: Mapping[str, CaseProfiler], order: list[str], steps: dict[Series, int]) -> dict[str, dict[str, Any]]:
    """The facts of either side. Once n is known both open at the same time: nothing is timed yet."""
    if steps:
        for side in order:
            apart[side].begin_open(steps)
        return {side: apart[side].opened().facts for side in order}
    facts = {}
    for side in order:
        apart[side].begin_open(steps)
        opened = apart[side].opened()
        steps |= {series: n for series, n in opened.steps.items() if series not in steps}
        facts[side] = opened.facts
    return facts


def _planned(coupled: ComparedCase, side: str) -> Planned:
    return coupled.base if side == BASE else coupled.head


PROFILED = ("steps", "blocks", "before_ns", "profiled_ns", "after_ns", "device", "compiling")
KEPT = ("counters", "break_reasons", "first_call_ns", "build_ns", "cache", "threads")
"""What the worker tells of a profile, and of its case, that is kept beside the tables."""


def keep(pairs: ProfilePairs, side: TakenSide) -> None:
    """Add one side of a pair to those that were taken."""
    who, watched, profile, facts = side[:3], side.taken.watched, side.taken.profile, side.taken.facts
    steps = profile.profile["steps"] * profile.profile["blocks"]
    known = {
        "came_first": side.came_first,
        "rate_hz": watched.rate_hz,
        "plain_ns": watched.plain_ns,
        "loops_ns": watched.loops_ns,
        "watched_ns": watched.watched_ns,
        "warm_ns": watched.warm_ns,
        "samples": watched.stacks.samples,
        "elsewhere": watched.stacks.elsewhere,
        "errors": watched.errors,
        "refused": watched.refused,
        **{name: profile.profile[name] for name in PROFILED},
        **{name: facts.get(name) for name in KEPT},
    }
    pairs.sides.append(SideRow(*who, watched.rung, watched.steps, json.dumps(known)))
    pairs.stacks += [
        StackRow(*who, row.thread, ";".join(row.frames), row.samples, row.ns) for row in watched.stacks.rows
    ]
    pairs.owned += [OwnedRow(*who, row.part, row.name, row.dtypes, row.ns, steps) for row in profile.owned]
    pairs.calls += [CallsRow(*who, row.name, row.dtypes, row.calls, steps) for row in profile.calls]
