"""Which Python functions the steps were in, by the stacks that a sampler saw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from bench.analyse.profiles.frame_owner import named
from bench.analyse.profiles.recorded import RecordedSampling
from bench.analyse.profiles.time_shares import BUDGET
from bench.stats import intervals
from bench.stats.intervals import Interval

MAIN, LOADER, STARTING = "main", "loader worker", "starting worker"
"""Threads that have stacks: the one that calls the steps, those of processes that fetch batches for it, and of these
before they fetch any."""

IMPORTING = "_find_and_load ("
"""Beginning of the frame below which modules are imported."""


@dataclass(frozen=True)
class Frame:
    """A function: the share of samples in which it was innermost, and in which it was anywhere on the stack."""

    name: str
    own: float
    low: float
    high: float
    """Wilson's 95 % interval of `own`, as if samples were independent."""
    total: float


@dataclass(frozen=True)
class Sampling:
    """What a sampler cost and how much it saw."""

    overhead: Interval
    """A step with the sampler ÷ one without."""
    samples: int
    """Samples of the thread that calls the steps, inside the steps."""
    elsewhere: int
    """Samples of that thread outside of the steps."""
    lost: int
    """Samples that the sampler lost."""
    step_s: Interval
    """Seconds per step without it, from the blocks in between."""

    @property
    def shape_only(self) -> bool:
        """Whether it is over budget; then functions are listed without shares."""
        return self.overhead.value > BUDGET


def sampling_of(taken: RecordedSampling) -> Sampling:
    """What a sampler cost and saw, from its blocks and those in between."""
    plain = [total / taken.steps / 1e9 for total in taken.plain_ns]
    watched = [total / taken.steps / 1e9 for total in taken.watched_ns]
    return Sampling(
        intervals.unpaired_ratio(watched, plain, of="blocks"),
        taken.samples,
        taken.elsewhere,
        taken.errors,
        intervals.median(plain, of="blocks"),
    )


def frames_of(stacks: pd.DataFrame, thread: str = MAIN) -> list[Frame]:
    """A row for each function, by time as the innermost one; none without samples. stacks: as `store` keeps them."""
    own, total, samples, whole = dict[str, int](), dict[str, int](), 0, 0
    for frames, count, ns in stacks_of(stacks, thread):
        samples, whole = samples + count, whole + ns
        own[frames[-1]] = own.get(frames[-1], 0) + ns
        for name in set(frames):
            total[name] = total.get(name, 0) + ns
    found = [
        Frame(name, own.get(name, 0) / whole, *intervals.wilson(own.get(name, 0) / whole, samples), ns / whole)
        for name, ns in total.items()
        if whole
    ]
    return sorted(found, key=lambda frame: (-frame.own, -frame.total, frame.name))


def imports_of(stacks: pd.DataFrame) -> float | None:
    """The share of time in which starting workers imported modules; None without such samples."""
    seen = [(frames, ns) for frames, _, ns in stacks_of(stacks, STARTING)]
    whole = sum(ns for _, ns in seen)
    return sum(ns for frames, ns in seen if any(map(_imports, frames))) / whole if whole else None


def _imports(frame: str) -> bool:
    return frame.startswith(IMPORTING)


def stacks_of(stacks: pd.DataFrame, thread: str = MAIN) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Frames from the outermost on, samples and ns of each stack of a thread; generated code has one name."""
    own = stacks[stacks["thread"] == thread]
    rows: Iterable[tuple[str, int, int]] = zip(own["stack"], own["samples"], own["ns"], strict=True)
    for stack, samples, ns in rows:
        yield tuple(named(frame) for frame in stack.split(";")), int(samples), int(ns)
