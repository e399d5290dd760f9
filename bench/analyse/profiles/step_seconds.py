"""Seconds per step for each pair and side: of the step, of functions by samples, of operators as profiled."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bench.analyse.profiles.frame_owner import WAIT, is_own, named, waits
from bench.analyse.profiles.recorded import Sides, Who, sides_of
from bench.analyse.profiles.sampled_functions import LOADER, MAIN
from bench.records import BASE, HEAD
from bench.stats.pairs import log_ratio
from bench.store.profile_pair_tables import OwnedRow, ProfilePairs, StackRow

Name = tuple[str, ...]
"""A candidate: (function, own function that called it), or (part, operator, dtypes)."""

By = Mapping[Who, float]
"""Seconds per step, by pair and side."""


def of_steps(sides: Sides) -> dict[Who, float]:
    """Seconds per step without any profiler, for each side of a pair.

    Their ratio is the median over loops that ran side by side, as in a gate, so that a slow minute cancels. Their
    geometric mean is that of both sides' medians, so that neither side is the standard for the other.
    """
    found: dict[Who, float] = {}
    for pair in sorted({pair for pair, _ in sides}):
        base, head = (sides[pair, side].loops_ns for side in (BASE, HEAD))
        middle, half = math.sqrt(statistics.median(base) * statistics.median(head)), log_ratio(base, head) / 2
        found[pair, BASE], found[pair, HEAD] = middle * math.exp(-half) / 1e9, middle * math.exp(half) / 1e9
    return found


def of_functions(stacks: Sequence[StackRow], step_s: By, sides: Sides) -> dict[str, dict[Name, dict[Who, float]]]:
    """Seconds per step of functions, by thread.

    A sample of the thread that calls the steps counts as its share of the step without a profiler. A sample of a
    loader's worker counts as its share of the time in which blocks ran: a worker that never pauses counts as one step.
    """
    found: dict[str, dict[Name, dict[Who, float]]] = {thread: defaultdict(dict) for thread in (MAIN, LOADER)}
    whole: dict[tuple[str, Who], float] = defaultdict(float)
    for row in stacks:
        if row.thread == MAIN:
            whole[MAIN, (row.pair, row.side)] += row.ns
    for who, side in sides.items():
        whole[LOADER, who] = sum(side.watched_ns) + side.warm_ns
    for row in stacks:
        who = (row.pair, row.side)
        if row.thread in found and whole[row.thread, who]:
            seconds = found[row.thread][leaf(row.stack.split(";"))]
            seconds[who] = seconds.get(who, 0.0) + row.ns / whole[row.thread, who] * step_s[who]
    return found


def leaf(frames: Sequence[str]) -> Name:
    """The innermost function, and the innermost of the user's own functions if that is another.

    Functions that wait share one name: which of ten functions waits for the same worker is chance.
    """
    names = as_compared(frames)
    own = next((frame for frame in reversed(names) if is_own(frame)), "")
    return names[-1], "" if own == names[-1] else own


def as_compared(frames: Sequence[str]) -> tuple[str, ...]:
    """A stack as it is compared: one name for all generated code, and one for any wait at its end."""
    names = [named(frame) for frame in frames]
    if not waits(names[-1]):
        return tuple(names)
    while names and waits(names[-1]):
        names.pop()
    return (*names, WAIT)


def of_operators(owned: Iterable[OwnedRow]) -> dict[Name, dict[Who, float]]:
    """Seconds per step under torch.profiler, by (part, name, dtypes)."""
    found: dict[Name, dict[Who, float]] = defaultdict(dict)
    for row in owned:
        found[row.part, row.name, row.dtypes][row.pair, row.side] = row.ns / row.steps / 1e9
    return found


def mean_stacks(data: ProfilePairs, key: str, side: str) -> list[tuple[tuple[str, ...], float]]:
    """Each stack of the steps' thread on one side, with its seconds per step without a profiler: means over pairs."""
    step_s = of_steps(sides_of(data.sides, key))
    rows = [row for row in data.stacks if (row.key, row.side, row.thread) == (key, side, MAIN)]
    whole: dict[int, int] = defaultdict(int)
    for row in rows:
        whole[row.pair] += row.ns
    found: dict[tuple[str, ...], float] = defaultdict(float)
    for row in rows:
        found[as_compared(row.stack.split(";"))] += row.ns / whole[row.pair] * step_s[row.pair, side] / len(whole)
    return sorted(found.items())
