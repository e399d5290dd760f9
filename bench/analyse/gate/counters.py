"""Counts of one step on both sides of a gate: they have no noise, so that two sides compare exactly."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bench.records import BASE, HEAD, SIDES
from bench.stats.gate_policy import LEAST_BYTES
from bench.store.tables import RunData

OF_THE_MACHINE = "precompiled_headers"
"""A counter of files that the first compilation on a machine writes for all later ones: no property of a side."""

BYTES = "_bytes"
"""The end of the names of counters of bytes."""

ROUGH = "traced_peak_bytes"
"""A counter that the interpreter itself varies a little: it differs only where it does by more than `LEAST_BYTES`."""

HOST, ALL, DEVICE = "host_allocated_bytes", "allocated_bytes", "device_allocated_bytes"
"""What a step allocates on the host is what it allocates without what it does on a device."""


@dataclass(frozen=True)
class CounterDifference:
    """A counter of one case that is not the same on both sides."""

    key: str
    counter: str
    base: int
    head: int
    steady: bool = True
    """False where copies of the base do not agree on it either, so that it says nothing of the head."""
    memory: str = ""
    """The counter of bytes on host or device that it stands for: without a device all allocations are the host's."""

    @property
    def text(self) -> str:
        """The difference in one line."""
        doubt = "" if self.steady else ", but copies of the base differ in it too"
        return f"{self.key}: {self.counter} {self.base} → {self.head}{doubt}"


def counters_of(data: RunData) -> dict[str, dict[str, dict[str, int]]]:
    """By case and side the counters of a step. The canary's sides are `copy of base` and `copy of head`."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    columns = data.launches[["key", "side", "twin", "counters"]]
    for key, side, twin, counters in columns.astype(str).to_numpy().tolist():
        name = f"copy of {side}" if twin == "True" else side
        found.setdefault(key, {}).setdefault(name, {}).update(json.loads(counters))
    for sides in found.values():
        for own in sides.values():
            if ALL in own and DEVICE in own:
                own[HOST] = own[ALL] - own[DEVICE]
    return found


def differences(data: RunData) -> tuple[CounterDifference, ...]:
    """Counters that differ between base and head, in the order in which they were recorded."""
    found = []
    for key, sides in counters_of(data).items():
        base, head = sides.get(BASE, {}), sides.get(HEAD, {})
        copies = [own for name, own in sides.items() if name not in SIDES]
        for name, number in base.items():
            if name == OF_THE_MACHINE or name not in head or not _differ(name, number, head[name]):
                continue
            steady = not any(name in copy and _differ(name, number, copy[name]) for copy in copies)
            memory = HOST if name == ALL and DEVICE not in base else name
            found.append(CounterDifference(key, name, number, head[name], steady, memory))
    return tuple(found)


def _differ(name: str, one: int, other: int) -> bool:
    return abs(one - other) > LEAST_BYTES if name == ROUGH else one != other
