"""What a difference between two sides is made of: function by function and operator by operator, over profile pairs.

All numbers are head minus base, in seconds per step, over pairs (`stats.signed_ranks`). The view `code` divides the
step without a profiler by shares of samples, so that in each pair its functions add up to the measured difference; the
view `operators` has times under torch.profiler. A cause that is not clear is not named: it belongs to the rest.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bench.analyse.profiles.causes import CODE, IN_LOADER, OPERATORS, Cause, Explained, View
from bench.analyse.profiles.exact_counts import exact_of
from bench.analyse.profiles.recorded import Sides, Who, sides_of
from bench.analyse.profiles.sampled_functions import LOADER, MAIN
from bench.analyse.profiles.step_seconds import By, Name, of_functions, of_operators, of_steps
from bench.analyse.profiles.time_shares import BUDGET
from bench.records import BASE, HEAD, SIDES
from bench.stats import signed_ranks
from bench.stats.pairs import log_ratio
from bench.store.profile_pair_tables import ProfilePairs

ALPHA = 0.001
"""Largest probability that anything is named in a suite in which nothing differs."""

LEAST_SHARE = 0.005
"""Smallest share of a step, on both sides together, that makes a candidate: less could not explain a slow-down of some
per cent, and each further candidate makes every interval wider. Both sides have equal weight."""

FEWEST_SAMPLES = 100
"""Samples that a side of a pair needs: 300 to 600 are the aim, and a share of few samples is chance."""

MOVED = ("functions on one side only", "")
"""The candidate for functions on the base alone and on the head alone: renamed, moved or replaced ones."""


def explain(data: ProfilePairs, key: str, alpha: float = ALPHA, cases: int = 1) -> Explained:
    """Explain a case by its profile pairs. alpha: for the suite; cases: how many of its cases are explained."""
    sides = sides_of(data.sides, key)
    pairs = sorted({pair for pair, _ in sides})
    seen = [pair for pair in pairs if all(sides[pair, side].samples >= FEWEST_SAMPLES for side in SIDES)]
    step_s = of_steps(sides)
    functions = of_functions([row for row in data.stacks if row.key == key], step_s, sides)
    owned = of_operators(row for row in data.owned if row.key == key)
    sampler, profiler = _overheads(sides)
    together, moved = _moved(functions[MAIN], step_s)
    asked: dict[str, Mapping[Name, By]] = {CODE: together, IN_LOADER: functions[LOADER], OPERATORS: {}}
    if max(profiler.values()) <= BUDGET:
        asked[OPERATORS] = {name: by for name, by in owned.items() if name[0] != "python"}
    chosen = _chosen(asked, step_s, {CODE: len(seen), IN_LOADER: len(seen), OPERATORS: len(pairs)}, alpha / cases)
    level = alpha / cases / (1 + sum(map(len, chosen.values())))
    step = _cause("step", ("step", ""), step_s, pairs, level)
    why_not = _not_shown(seen, sampler) or _unlike(sides, seen, step)

    def view(name: str, among: Sequence[int]) -> list[Cause]:
        return [_cause(name, _shown(name, each), asked[name][each], among, level) for each in chosen[name]]

    code = View(CODE, reason=why_not)
    loader = View(IN_LOADER, reason=why_not)
    if not why_not:
        causes = _ordered(view(CODE, seen), step)
        clear = [asked[CODE][name] for name in chosen[CODE] if _shown(CODE, name) in _names(causes)]
        code = View(CODE, causes, _rest(step, causes, clear, step_s, seen, level), moved=moved)
        loader = View(IN_LOADER, _ordered(view(IN_LOADER, seen), step))
    too_slow = f"torch.profiler makes a step {max(profiler.values()):.2f} times as long"
    fast = max(profiler.values()) <= BUDGET
    return Explained(
        key=key,
        pairs=len(pairs),
        seen=len(seen),
        rung=next(row.rung for row in data.sides if row.key == key),
        alpha=alpha,
        step=step,
        code=code,
        operators=View(OPERATORS, _ordered(view(OPERATORS, pairs), step), reason="" if fast else too_slow),
        loader=loader,
        parts=_parts(owned, pairs) if fast else (),
        exact=exact_of([row for row in data.calls if row.key == key], sides, _weights(owned)),
        overheads={"sampler": max(sampler.values(), default=1.0), "torch.profiler": max(profiler.values())},
        samples={side: sum(each.samples for (_, of), each in sides.items() if of == side) for side in SIDES},
        lost=sum(each.errors for each in sides.values()),
        workers=sum(sum(by.values()) for by in functions[LOADER].values()) / sum(step_s.values()),
        compiling_s={
            side: (each.first_call_ns + (each.build_ns or 0)) / 1e9
            for (_, side), each in sides.items()
            if each.cache == "cold"
        },
    )


def _not_shown(seen: Sequence[int], sampler: Mapping[str, float]) -> str:
    """Why no functions are shown; empty where they are."""
    if not seen:
        return f"no pair has {FEWEST_SAMPLES} samples on both sides"
    if max(sampler.values()) > BUDGET:
        return f"the sampler makes a step {max(sampler.values()):.2f} times as long"
    return ""


def _unlike(sides: Sides, seen: Sequence[int], step: Cause) -> str:
    """Why samples do not show the measured difference: the sampler changes it. Empty if it does not.

    It is judged within pairs, as all differences are. The cost of the sampler on one side of one pair is known only to
    a tenth of a step, since the speed of the machine changes between loops with and without the sampler.
    """
    without, unlike = [], []
    for pair in seen:
        base, head = sides[pair, BASE], sides[pair, HEAD]
        sampled = [statistics.fmean(side.watched_ns) / side.loop_steps for side in (base, head)]
        without.append(log_ratio(base.loops_ns, head.loops_ns))
        unlike.append(math.log(sampled[1] / sampled[0]) - without[-1])
    ratio, more = math.exp(signed_ranks.middle(without)), math.exp(signed_ranks.middle(unlike))
    if step.clear and abs(more - 1) * step.head_s > abs(step.difference_s) / 2:
        return (
            f"the sampler slows one side more: with it the head takes {ratio * more:.2f} times as long as the base, "
            f"without it {ratio:.2f} times"
        )
    return ""


def _moved(functions: Mapping[Name, By], step_s: By) -> tuple[Mapping[Name, By], tuple[str, ...]]:
    """Join the functions that only the base has with those that only the head has; return their names too.

    If only one side has such functions, they stay separate: they are the difference.
    """
    least = LEAST_SHARE * sum(step_s.values())
    alone: dict[str, list[Name]] = {side: [] for side in SIDES}
    for name, by in functions.items():
        sides = {side for _, side in by}
        if len(sides) == 1 and sum(by.values()) >= least:
            alone[sides.pop()].append(name)
    if not all(alone.values()):
        return functions, ()
    both = [name for names in alone.values() for name in names]
    summed: dict[Who, float] = defaultdict(float)
    for name in both:
        for who, seconds in functions[name].items():
            summed[who] += seconds
    left = {name: by for name, by in functions.items() if name not in both}
    shown = [f"{side}: {', '.join(sorted(name[0] for name in names))}" for side, names in alone.items()]
    return {**left, MOVED: summed}, tuple(shown)


def _chosen(
    asked: Mapping[str, Mapping[Name, By]], step_s: By, pairs: Mapping[str, int], alpha: float
) -> dict[str, list[Name]]:
    """Choose the candidates: the largest on both sides together, and no more than the number of pairs can resolve."""
    whole = sum(step_s.values())
    sizes = {(view, name): sum(by.values()) / whole for view, names in asked.items() for name, by in names.items()}
    ordered = sorted(
        (each for each, share in sizes.items() if share >= LEAST_SHARE), key=lambda each: (-sizes[each], each)
    )
    most = max(0, int(alpha * 2 ** (min((n for n in pairs.values() if n), default=0) - 1)) - 1)
    chosen: dict[str, list[Name]] = {view: [] for view in asked}
    for view, name in ordered[:most]:
        if pairs[view]:
            chosen[view].append(name)
    return chosen


def _shown(view: str, name: Name) -> tuple[str, str]:
    """The name, and what stands beside it in a table."""
    if view != OPERATORS:
        return name[0], name[1]
    part, called, dtypes = name
    return called, ", ".join(filter(None, (dtypes, part if part != OPERATORS else "")))


def _cause(view: str, shown: tuple[str, str], by: By, pairs: Sequence[int], level: float) -> Cause:
    base = [by.get((pair, BASE), 0.0) for pair in pairs]
    head = [by.get((pair, HEAD), 0.0) for pair in pairs]
    differences = [b - a for a, b in zip(base, head, strict=True)]
    low, high = signed_ranks.interval(differences, level)
    middle = signed_ranks.middle(differences)
    return Cause(view, *shown, statistics.median(base), statistics.median(head), middle, low, high)


def _ordered(causes: Iterable[Cause], step: Cause) -> tuple[Cause, ...]:
    """Clear causes first, and among them those that differ in the direction of the step before the others."""
    sign = 1 if step.difference_s > 0 else -1
    return tuple(sorted(causes, key=lambda cause: (not cause.clear, -sign * cause.difference_s)))


def _names(causes: Iterable[Cause]) -> set[tuple[str, str]]:
    return {(cause.name, cause.within) for cause in causes if cause.clear}


def _rest(
    step: Cause, causes: Iterable[Cause], clear: Sequence[By], step_s: By, pairs: Sequence[int], level: float
) -> Cause:
    """The part of the step's difference that the clear causes leave. Its middle makes the table add up; its interval is
    that of the rest in each pair.
    """
    left = {who: seconds - sum(by.get(who, 0.0) for by in clear) for who, seconds in step_s.items()}
    rest = _cause(CODE, ("unexplained", ""), left, pairs, level)
    named = sum(cause.difference_s for cause in causes if cause.clear)
    return Cause(CODE, "unexplained", "", rest.base_s, rest.head_s, step.difference_s - named, rest.low, rest.high)


def _weights(owned: Mapping[Name, By]) -> dict[tuple[str, str], float]:
    """Seconds that each operator takes longer on the heads than on the bases, by its name and dtypes."""
    return {
        (name, dtypes): sum(seconds if side == HEAD else -seconds for (_, side), seconds in by.items())
        for (_, name, dtypes), by in owned.items()
    }


def _parts(owned: Mapping[Name, By], pairs: Sequence[int]) -> tuple[Cause, ...]:
    """Seconds by part of a step, largest difference first."""
    sums: dict[str, dict[Who, float]] = defaultdict(lambda: defaultdict(float))
    for (part, *_), by in owned.items():
        for who, seconds in by.items():
            sums[part][who] += seconds
    found = [_cause("parts", (part, ""), by, pairs, ALPHA) for part, by in sums.items()]
    return tuple(sorted(found, key=lambda cause: -abs(cause.difference_s)))


def _overheads(sides: Sides) -> tuple[dict[str, float], dict[str, float]]:
    """For each side, the factor by which the sampler and torch.profiler lengthen a step: medians over pairs."""
    sampler: dict[str, list[float]] = defaultdict(list)
    profiler: dict[str, list[float]] = defaultdict(list)
    for (_, name), side in sides.items():
        if side.watched_ns:
            sampler[name].append(statistics.median(side.watched_ns) / statistics.median(side.plain_ns))
        around = statistics.median([*side.before_ns, *side.after_ns])
        profiler[name].append(statistics.median(side.profiled_ns) / around)
    return _medians(sampler), _medians(profiler)


def _medians(by: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {side: statistics.median(each) for side, each in by.items()}
