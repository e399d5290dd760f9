"""Counts that differ between two sides, the same in every pair: these are facts, and need no statistics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bench.records import BASE, HEAD, SIDES
from bench.store.profile_pair_tables import CallsRow

GRAPHS: Mapping[str, str] = {
    "graph_breaks": "graph breaks",
    "recompiles": "compiled again after the first call",
    "compiled_graphs": "graphs compiled",
}
"""Counters of compiling, the worst first, as they are read."""


@dataclass(frozen=True)
class Exact:
    """A count that is the same in every pair of a side, and another on the other side."""

    name: str
    base: Fraction
    head: Fraction
    each: str
    """Of what: `step`, or `process`."""
    reasons: tuple[str, ...] = ()
    """Of graph breaks: where, and why."""

    @property
    def breaks(self) -> bool:
        """Is it that compiling did not make one graph of the step, or did it again?"""
        return self.name in (GRAPHS["graph_breaks"], GRAPHS["recompiles"])


def exact_of(
    calls: Iterable[CallsRow], facts: Mapping[tuple[int, str], Any], weights: Mapping[tuple[str, str], float]
) -> tuple[Exact, ...]:
    """Counts that differ: of compiling first, then of the device, then calls of operators, the weightiest first.

    calls: of one case, as `store` keeps them; facts: by pair and side; weights: of operators by name and dtypes, how
    much their times differ.
    """
    return (*_of_compiling(facts), *_of_device(facts), *_of_calls(calls, facts, weights))


def _of_compiling(facts: Mapping[tuple[int, str], Any]) -> list[Exact]:
    found = []
    for counter, name in GRAPHS.items():
        by = {who: told["counters"].get(counter) for who, told in facts.items()}
        if None not in by.values() and (counts := _constant(by)):
            reasons = _reasons(facts) if counter == "graph_breaks" else ()
            found.append(Exact(name, counts[BASE], counts[HEAD], "process", reasons))
    return found


def _reasons(facts: Mapping[tuple[int, str], Any]) -> tuple[str, ...]:
    """Why graphs broke on the head that did not on the base."""
    seen = {
        side: {why: None for (_, of), told in facts.items() if of == side for why in told["break_reasons"]}
        for side in SIDES
    }
    return tuple(why for why in seen[HEAD] if why not in seen[BASE])


def _of_device(facts: Mapping[tuple[int, str], Any]) -> list[Exact]:
    devices = [told["device"] for told in facts.values()]
    # Where work of the device was lost, or all blocks were, counts of it are none.
    whole = all(told["blocks"] for told in facts.values())
    if not whole or any(device is None or device["lost"] for device in devices):
        return []
    counted = {who: _device_counts(told["device"]) for who, told in facts.items()}
    found = []
    for name in dict.fromkeys(name for counts in counted.values() for name in counts):
        by = {who: Fraction(counted[who].get(name, 0), told["steps"] * told["blocks"]) for who, told in facts.items()}
        if counts := _constant(by):
            found.append(Exact(name, counts[BASE], counts[HEAD], "step"))
    return found


def _device_counts(device: Mapping[str, Any]) -> dict[str, int]:
    """Launches, kernels, fills, and copies by direction, of all steps."""
    copies = {f"copies {way}": row["calls"] for way, row in device["copies"].items()}
    whole = {"launches": device["launches"], "kernels": device["kernels"], "fills": device["fills"]}
    return {**{f"{name} on the device": count for name, count in whole.items()}, **copies}


def _of_calls(
    calls: Iterable[CallsRow], facts: Mapping[tuple[int, str], Any], weights: Mapping[tuple[str, str], float]
) -> list[Exact]:
    seen: dict[tuple[str, str], dict[tuple[int, str], Fraction]] = defaultdict(dict)
    for row in calls:
        seen[row.name, row.dtypes][row.pair, row.side] = Fraction(row.calls, row.steps)
    found = []
    for own, by in sorted(seen.items(), key=lambda item: (-abs(weights.get(item[0], 0.0)), item[0])):
        if counts := _constant({who: by.get(who, Fraction(0)) for who in facts}):
            name = f"{own[0]} ({own[1]})" if own[1] else own[0]
            found.append(Exact(name, counts[BASE], counts[HEAD], "step"))
    return found


def _constant(by: Mapping[tuple[int, str], Any]) -> dict[str, Fraction] | None:
    """The count of each side where it is one on either, and they differ."""
    counts = {side: {Fraction(count) for (_, of), count in by.items() if of == side} for side in SIDES}
    if any(len(own) != 1 for own in counts.values()) or counts[BASE] == counts[HEAD]:
        return None
    return {side: next(iter(own)) for side, own in counts.items()}
