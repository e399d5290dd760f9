"""What a difference between two sides is made of: function by function and operator by operator, over profile pairs.

All numbers are of head minus base, in seconds a step, over pairs (`stats.signed_ranks`). In the view `code` the step
without a profiler is dealt out by shares of samples, so that in each pair its functions add up to the measured
difference; the view `operators` holds times under torch.profiler. What is not clear is not named: it is in the rest.
"""

from __future__ import annotations

import json
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.analyse.profiles.causes import CODE, IN_LOADER, OPERATORS, Cause, Explained, View
from bench.analyse.profiles.code import is_own, named
from bench.analyse.profiles.exact import exact_of
from bench.analyse.profiles.frames import LOADER, MAIN
from bench.analyse.profiles.shares import BUDGET
from bench.records import BASE, HEAD, SIDES
from bench.stats import signed_ranks
from bench.stats.pairs import log_ratio
from bench.store.explained import Owned, Pairs, Stack

ALPHA = 0.001
"""Chance that a suite in which nothing differs has anything named at all."""

LEAST_SHARE = 0.005
"""What takes less of a step than this, on both sides together, is not asked about: it could not explain a slow-down of
some per cent, and each question more makes every answer less sharp. The sides weigh alike, so that it favours none."""


FEWEST_SAMPLES = 100
"""Of a side in a pair: 600 are aimed at."""


def explain(data: Pairs, key: str, alpha: float = ALPHA) -> Explained:
    """What the pairs of a case say. alpha: for this case, a part of that of its suite."""
    sides = [row for row in data.sides if row.key == key]
    facts = {(row.pair, row.side): json.loads(row.facts) for row in sides}
    step_s = _step_s(facts)
    pairs = sorted({pair for pair, _ in facts})
    frames = _frame_seconds([row for row in data.stacks if row.key == key], step_s)
    owned = _owned_seconds(row for row in data.owned if row.key == key)
    overheads = _overheads(facts)
    asked = {CODE: frames[MAIN], IN_LOADER: frames[LOADER]}
    if overheads["torch.profiler"] <= BUDGET:
        asked[OPERATORS] = {name: by for name, by in owned.items() if name[0] != "python"}
    chosen = _chosen(asked, step_s, pairs, alpha)
    level = alpha / (1 + sum(map(len, chosen.values())))
    step = _cause("step", ("step", ""), step_s, pairs, level)
    # A pair in which a side was hardly seen says nothing of its functions: a share of few samples is chance.
    seen = [pair for pair in pairs if all(facts[pair, side]["samples"] >= FEWEST_SAMPLES for side in SIDES)]
    among = {CODE: seen, IN_LOADER: seen, OPERATORS: pairs}
    views = {
        view: _view(
            view, [_cause(view, _shown(view, name), asked[view][name], among[view], level) for name in names], step
        )
        for view, names in chosen.items()
    }
    too_slow = f"torch.profiler makes a step {overheads['torch.profiler']:.2f} times as long: of operators only calls"
    return Explained(
        key=key,
        pairs=len(pairs),
        rung=sides[0].rung,
        step=step,
        code=views[CODE],
        operators=views.get(OPERATORS, View(OPERATORS, (), step.difference_s, too_slow)),
        loader=views[IN_LOADER],
        parts=_parts(owned, pairs),
        exact=exact_of([row for row in data.calls if row.key == key], facts, _weights(owned)),
        overheads=overheads,
        samples={side: sum(told["samples"] for (_, of), told in facts.items() if of == side) for side in (BASE, HEAD)},
        compiling_s={side: told["first_call_ns"] / 1e9 for (_, side), told in facts.items() if told["cache"] == "cold"},
    )


def mean_stacks(data: Pairs, key: str, side: str) -> list[tuple[tuple[str, ...], float]]:
    """Each stack of the steps' thread on one side, with its seconds a step without a profiler: means over pairs."""
    step_s = _step_s({(row.pair, row.side): json.loads(row.facts) for row in data.sides if row.key == key})
    rows = [row for row in data.stacks if (row.key, row.side, row.thread) == (key, side, MAIN)]
    whole: dict[int, int] = defaultdict(int)
    for row in rows:
        whole[row.pair] += row.ns
    found: dict[tuple[str, ...], float] = defaultdict(float)
    for row in rows:
        frames = tuple(named(frame) for frame in row.stack.split(";"))
        found[frames] += row.ns / whole[row.pair] * step_s[row.pair, side] / len(whole)
    return sorted(found.items())


Who = tuple[int, str]
"""A pair, and a side of it."""

Name = tuple[str, ...]


def _step_s(facts: Mapping[Who, Any]) -> dict[Who, float]:
    """Seconds a step without any profiler, of each side of a pair.

    The base's is the median of its loops; the head's is that times the median ratio of loops that stood side by side,
    as in a gate, so that a minute in which all was slow cancels.
    """
    found: dict[Who, float] = {}
    for pair in sorted({pair for pair, _ in facts}):
        base, head = (facts[pair, side]["loops_ns"] for side in (BASE, HEAD))
        found[pair, BASE] = statistics.median(base) / 1e9
        found[pair, HEAD] = found[pair, BASE] * math.exp(log_ratio(base, head))
    return found


def _frame_seconds(stacks: Sequence[Stack], step_s: Mapping[Who, float]) -> dict[str, dict[Name, dict[Who, float]]]:
    """By thread and (function, own function that called it): seconds a step of each side of a pair.

    A sample of the steps' thread is worth its share of the step without a profiler; of a loader's worker likewise, so
    that it counts seconds of workers a step.
    """
    found: dict[str, dict[Name, dict[Who, float]]] = {thread: defaultdict(dict) for thread in (MAIN, LOADER)}
    whole: dict[Who, int] = defaultdict(int)
    for row in stacks:
        whole[row.pair, row.side] += row.ns if row.thread == MAIN else 0
    for row in stacks:
        who = (row.pair, row.side)
        if whole[who]:  # a loader's workers may be all that was seen
            seconds = found[row.thread][_leaf(row.stack.split(";"))]
            seconds[who] = seconds.get(who, 0.0) + row.ns / whole[who] * step_s[who]
    return found


def _leaf(frames: Sequence[str]) -> Name:
    """The innermost function, and where that is not the user's own the innermost of those around it that is."""
    names = [named(frame) for frame in frames]
    own = next((frame for frame in reversed(names) if is_own(frame)), "")
    return names[-1], "" if own == names[-1] else own


def _owned_seconds(owned: Iterable[Owned]) -> dict[Name, dict[Who, float]]:
    """By (part, name, dtypes): seconds a step of each side of a pair, under torch.profiler."""
    found: dict[Name, dict[Who, float]] = defaultdict(dict)
    for row in owned:
        found[row.part, row.name, row.dtypes][row.pair, row.side] = row.ns / row.steps / 1e9
    return found


def _chosen(
    asked: Mapping[str, Mapping[Name, Mapping[Who, float]]],
    step_s: Mapping[Who, float],
    pairs: Sequence[int],
    alpha: float,
) -> dict[str, list[Name]]:
    """Which names are asked about: the largest of both sides together, and no more than so many pairs can answer."""
    whole = sum(step_s.values())
    sizes = {(view, name): sum(by.values()) / whole for view, names in asked.items() for name, by in names.items()}
    most = max(0, int(alpha * 2 ** (len(pairs) - 1)) - 1)
    ordered = sorted(
        (each for each, share in sizes.items() if share >= LEAST_SHARE), key=lambda each: (-sizes[each], each)
    )
    chosen: dict[str, list[Name]] = {view: [] for view in asked}
    for view, name in ordered[:most]:
        chosen[view].append(name)
    return chosen


def _shown(view: str, name: Name) -> tuple[str, str]:
    """Name and what stands beside it."""
    if view != OPERATORS:
        return name[0], name[1]
    part, called, dtypes = name
    return called, ", ".join(filter(None, (dtypes, part if part != OPERATORS else "")))


def _cause(view: str, shown: tuple[str, str], by: Mapping[Who, float], pairs: Sequence[int], level: float) -> Cause:
    base = [by.get((pair, BASE), 0.0) for pair in pairs]
    head = [by.get((pair, HEAD), 0.0) for pair in pairs]
    differences = [b - a for a, b in zip(base, head, strict=True)]
    low, high = signed_ranks.interval(differences, level)
    middle = signed_ranks.middle(differences)
    return Cause(view, *shown, statistics.median(base), statistics.median(head), middle, low, high)


def _view(name: str, causes: Iterable[Cause], step: Cause) -> View:
    """Clear ones first, those that make the step slower before those that make up for it where it is slower."""
    sign = 1 if step.difference_s > 0 else -1
    ordered = sorted(causes, key=lambda cause: (not cause.clear, -sign * cause.difference_s))
    rest = step.difference_s - sum(cause.difference_s for cause in ordered if cause.clear)
    return View(name, tuple(ordered), rest)


def _weights(owned: Mapping[Name, Mapping[Who, float]]) -> dict[tuple[str, str], float]:
    """Of each operator by name and dtypes: seconds that it takes longer on the heads than on the bases."""
    return {
        (name, dtypes): sum(seconds if side == HEAD else -seconds for (_, side), seconds in by.items())
        for (_, name, dtypes), by in owned.items()
    }


def _parts(owned: Mapping[Name, Mapping[Who, float]], pairs: Sequence[int]) -> tuple[Cause, ...]:
    """Seconds by part of a step, largest difference first."""
    sums: dict[str, dict[Who, float]] = defaultdict(lambda: defaultdict(float))
    for (part, *_), by in owned.items():
        for who, seconds in by.items():
            sums[part][who] += seconds
    found = [_cause("parts", (part, ""), by, pairs, ALPHA) for part, by in sums.items()]
    return tuple(sorted(found, key=lambda cause: -abs(cause.difference_s)))


def _overheads(facts: Mapping[Who, Any]) -> dict[str, float]:
    """How many times as long a step takes under each profiler: of either side the median over pairs, the larger one."""
    found: dict[str, dict[str, list[float]]] = {"sampler": defaultdict(list), "torch.profiler": defaultdict(list)}
    for (_, side), told in facts.items():
        if told["watched_ns"]:
            watched, plain = statistics.median(told["watched_ns"]), statistics.median(told["plain_ns"])
            found["sampler"][side].append(watched / plain)
        around = statistics.median([*told["before_ns"], *told["after_ns"]])
        found["torch.profiler"][side].append(statistics.median(told["profiled_ns"]) / around)
    return {name: max(map(statistics.median, by.values()), default=1.0) for name, by in found.items()}
