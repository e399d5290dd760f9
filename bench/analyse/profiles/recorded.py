"""What a worker recorded of a profile, read from the JSON in which `store` keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.store.profile_pair_tables import SideRow
from bench.workload import Work

Who = tuple[int, str]
"""(pair, side)."""


@dataclass(frozen=True)
class DeviceWork:
    """Work of a device in all steps under torch.profiler."""

    launches: int
    kernels: int
    fills: int
    copies: Mapping[str, int]
    """Number of copies by direction."""
    busy_ns: int
    """Time in which a kernel, a copy or a fill was at work."""
    span_ns: int
    """Time from the first of them to the last, summed over blocks."""
    lost: int
    """Calls that launch work of which the device shows none."""

    @classmethod
    def of(cls, entry: Mapping[str, Any] | None) -> DeviceWork | None:
        """Read the entry `device`; None for a case without a device."""
        if entry is None:
            return None
        return cls(
            launches=entry["launches"],
            kernels=entry["kernels"],
            fills=entry["fills"],
            copies={direction: row["calls"] for direction, row in entry["copies"].items()},
            busy_ns=entry["busy_ns"],
            span_ns=entry["span_ns"],
            lost=entry["lost"],
        )


@dataclass(frozen=True)
class RecordedSampling:
    """Blocks with and without a sampler, and its samples. Totals are of blocks of `steps` each."""

    steps: int
    plain_ns: Sequence[int]
    watched_ns: Sequence[int]
    samples: int
    elsewhere: int
    """Samples outside of the steps."""
    errors: int
    """Samples that the sampler lost."""


@dataclass(frozen=True)
class RecordedProfile:
    """One case under torch.profiler, and between blocks without it. Totals are of blocks of `steps` each."""

    key: str
    threads: int
    work: Work
    """What the workload states about one step."""
    steps: int
    blocks: int
    """Blocks whose events were found in the recording."""
    before_ns: Sequence[int]
    profiled_ns: Sequence[int]
    after_ns: Sequence[int]
    wall_ns: int
    """Total time of the blocks before the profiled ones."""
    thread_ns: int
    """The part of `wall_ns` in which the thread that calls the steps was on a core."""
    split_ns: Mapping[str, int]
    """Where the time of all profiled blocks went, by name of the part."""
    device: DeviceWork | None
    sampling: RecordedSampling | None
    """None if no sampler was available."""
    compile_s: Mapping[str, float]
    """Seconds of Dynamo's timers by name; empty if nothing was compiled."""

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> RecordedProfile:
        """Read the entry `profile` of a `run.json`."""
        watched, compiling = entry["watched"], entry["compiling"]
        return cls(
            key=entry["key"],
            threads=entry["threads"],
            work=Work(**{"unit": "", **entry["work"]}),
            steps=entry["steps"],
            blocks=entry["blocks"],
            before_ns=entry["before_ns"],
            profiled_ns=entry["profiled_ns"],
            after_ns=entry["after_ns"],
            wall_ns=entry["wall_ns"],
            thread_ns=entry["thread_ns"],
            split_ns=entry["split_ns"],
            device=DeviceWork.of(entry["device"]),
            sampling=None if watched is None else _sampling(watched),
            compile_s=compiling["seconds"] if compiling else {},
        )


def _sampling(entry: Mapping[str, Any]) -> RecordedSampling:
    names = ("steps", "plain_ns", "watched_ns", "samples", "elsewhere", "errors")
    return RecordedSampling(**{name: entry[name] for name in names})


@dataclass(frozen=True)
class RecordedSide:
    """One side of a profile pair. The loops have blocks of `loop_steps`, torch.profiler's blocks are of `steps`."""

    loop_steps: int
    plain_ns: Sequence[int]
    """Totals of blocks without a sampler."""
    loops_ns: Sequence[float]
    """Mean ns of a step in each loop without a sampler."""
    watched_ns: Sequence[int]
    """Totals of blocks under the sampler."""
    warm_ns: int
    """Total of blocks under the sampler that only warmed up."""
    samples: int
    errors: int
    """Samples that the sampler lost."""
    steps: int
    blocks: int
    before_ns: Sequence[int]
    profiled_ns: Sequence[int]
    after_ns: Sequence[int]
    device: DeviceWork | None
    counters: Mapping[str, int]
    break_reasons: Sequence[str]
    """Why graphs broke."""
    first_call_ns: int
    build_ns: int | None
    cache: str
    """State of the compile cache: `cold`, `warm`, or empty."""

    @classmethod
    def of(cls, row: SideRow) -> RecordedSide:
        """Read a row of the table `sides`."""
        entry = json.loads(row.facts)
        return cls(
            loop_steps=row.steps,
            plain_ns=entry["plain_ns"],
            loops_ns=entry["loops_ns"],
            watched_ns=entry["watched_ns"],
            warm_ns=entry["warm_ns"],
            samples=entry["samples"],
            errors=entry["errors"],
            steps=entry["steps"],
            blocks=entry["blocks"],
            before_ns=entry["before_ns"],
            profiled_ns=entry["profiled_ns"],
            after_ns=entry["after_ns"],
            device=DeviceWork.of(entry["device"]),
            counters=entry["counters"],
            break_reasons=tuple(entry["break_reasons"] or ()),
            first_call_ns=entry["first_call_ns"],
            build_ns=entry["build_ns"],
            cache=entry["cache"],
        )


Sides = Mapping[Who, RecordedSide]
"""Both sides of all profile pairs of a case."""


def sides_of(rows: Sequence[SideRow], key: str) -> dict[Who, RecordedSide]:
    """Read the sides of all pairs of a case."""
    return {(row.pair, row.side): RecordedSide.of(row) for row in rows if row.key == key}
