"""Counts that differ between two sides and are the same in every pair: facts that need no statistics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from bench.analyse.profiles.recorded import DeviceWork, Sides, Who
from bench.records import BASE, HEAD, SIDES
from bench.store.profile_pair_tables import CallsRow

GRAPHS: Mapping[str, str] = {
    "graph_breaks": "graph breaks",
    "recompiles": "compiled again after the first call",
    "compiled_graphs": "graphs compiled",
}
"""Counters of compiling and their names for people, the worst first."""


@dataclass(frozen=True)
class Exact:
    """A count that is the same in every pair of a side, and another on the other side."""

    name: str
    base: Fraction
    head: Fraction
    each: str
    """What is counted over: `step` or `process`."""
    reasons: tuple[str, ...] = ()
    """Where graphs broke, and why."""

    @property
    def breaks(self) -> bool:
        """Whether it is a graph break or a recompilation."""
        return self.name in (GRAPHS["graph_breaks"], GRAPHS["recompiles"])


def exact_of(calls: Iterable[CallsRow], sides: Sides, weights: Mapping[tuple[str, str], float]) -> tuple[Exact, ...]:
    """Counts that differ: of compiling, then of the device, then calls of operators, those with the most time first.

    calls: those of one case, as `store` keeps them; sides: those of its pairs; weights: by name and dtypes of an
    operator, the seconds by which its times differ.
    """
    return (*_of_compiling(sides), *_of_device(sides), *_of_calls(calls, sides, weights))


def _of_compiling(sides: Sides) -> list[Exact]:
    found = []
    for counter, name in GRAPHS.items():
        by = {who: n for who, side in sides.items() if (n := side.counters.get(counter)) is not None}
        if len(by) == len(sides) and (counts := _constant(by)):
            reasons = _reasons(sides) if counter == "graph_breaks" else ()
            found.append(Exact(name, counts[BASE], counts[HEAD], "process", reasons))
    return found


def _reasons(sides: Sides) -> tuple[str, ...]:
    """Reasons of graph breaks that the head has and the base has not."""
    seen = {
        name: {why: None for (_, of), side in sides.items() if of == name for why in side.break_reasons}
        for name in SIDES
    }
    return tuple(why for why in seen[HEAD] if why not in seen[BASE])


def _of_device(sides: Sides) -> list[Exact]:
    # If some work of the device was lost, or all blocks were, its counts mean nothing.
    counted = {
        who: _device_counts(side.device)
        for who, side in sides.items()
        if side.blocks and side.device is not None and not side.device.lost
    }
    if len(counted) < len(sides):
        return []
    found = []
    for name in dict.fromkeys(name for counts in counted.values() for name in counts):
        by = {who: Fraction(counted[who].get(name, 0), side.steps * side.blocks) for who, side in sides.items()}
        if counts := _constant(by):
            found.append(Exact(name, counts[BASE], counts[HEAD], "step"))
    return found


def _device_counts(device: DeviceWork) -> dict[str, int]:
    """Launches, kernels, fills, and copies by direction, of all steps."""
    copies = {f"copies {direction}": calls for direction, calls in device.copies.items()}
    whole = {"launches": device.launches, "kernels": device.kernels, "fills": device.fills}
    return {**{f"{name} on the device": count for name, count in whole.items()}, **copies}


def _of_calls(calls: Iterable[CallsRow], sides: Sides, weights: Mapping[tuple[str, str], float]) -> list[Exact]:
    seen: dict[tuple[str, str], dict[Who, Fraction]] = defaultdict(dict)
    for row in calls:
        seen[row.name, row.dtypes][row.pair, row.side] = Fraction(row.calls, row.steps)
    found = []
    for own, by in sorted(seen.items(), key=lambda item: (-abs(weights.get(item[0], 0.0)), item[0])):
        if counts := _constant({who: by.get(who, Fraction(0)) for who in sides}):
            name = f"{own[0]} ({own[1]})" if own[1] else own[0]
            found.append(Exact(name, counts[BASE], counts[HEAD], "step"))
    return found


def _constant(by: Mapping[Who, int | Fraction]) -> dict[str, Fraction] | None:
    """The count of each side; None unless each side has a single one, and they differ."""
    counts = {side: {Fraction(count) for (_, of), count in by.items() if of == side} for side in SIDES}
    if any(len(own) != 1 for own in counts.values()) or counts[BASE] == counts[HEAD]:
        return None
    return {side: next(iter(own)) for side, own in counts.items()}
