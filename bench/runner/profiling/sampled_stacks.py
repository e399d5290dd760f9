"""Stacks that a sampler saw, cut at the region of the case: frames above it, or outside of it, are not of the steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

LOADER_LOOP = "_worker_loop (torch/utils/data/_utils/worker.py)"
"""The loop of a DataLoader's worker. One forked in a step has the region above it, one started before has not."""

STARTS = "_main (multiprocessing/spawn.py)"
"""Where a process that is no fork of the worker begins: until it reaches its loop, it imports what it lacks."""


class Row(NamedTuple):
    """A stack: whose it was, as `Stacks` names it, frames `name (file)` from the outermost on, how often, how long."""

    thread: str
    frames: tuple[str, ...]
    samples: int
    ns: int


@dataclass
class Stacks:
    """The stacks of one case. `rows` are those in the region, cut below it; the others are only counted."""

    MAIN = "main"
    """The thread that calls the steps."""
    LOADER = "loader worker"
    """A process that fetches batches for a DataLoader."""
    STARTING = "starting worker"
    """Such a process before its loop."""
    OTHER_THREAD, CHILD = "another thread", "a child process"

    rows: list[Row] = field(default_factory=list)
    samples: int = 0
    """Samples of the main thread in the region."""
    elsewhere: int = 0
    """Samples of the main thread outside of it: between blocks, and where the outer frames were lost."""

    def add(self, seen: Iterable[Row], region: str) -> None:
        """Add what was seen. region: the name of the function that the blocks run in."""
        found: Counter[tuple[str, tuple[str, ...]]] = Counter()
        ns: Counter[tuple[str, tuple[str, ...]]] = Counter()
        for row in seen:
            cut = _below(row, region)
            if row.thread == self.MAIN:
                self.samples += row.samples if cut else 0
                self.elsewhere += 0 if cut else row.samples
            if cut:
                found[cut] += row.samples
                ns[cut] += row.ns
        for row in self.rows:
            found[row.thread, row.frames] += row.samples
            ns[row.thread, row.frames] += row.ns
        self.rows = [Row(*cut, samples, ns[cut]) for cut, samples in sorted(found.items())]


def _below(row: Row, region: str) -> tuple[str, tuple[str, ...]] | None:
    """Whose stack it is and its frames below the region, or below the loop of a loader's worker; else None.

    Where nothing lies below, the sample was in the loop over the steps itself, which then stands for it.
    """
    if row.thread == Stacks.CHILD:
        if LOADER_LOOP not in row.frames:
            starts = STARTS in row.frames
            return (Stacks.STARTING, row.frames[row.frames.index(STARTS) + 1 :] or (STARTS,)) if starts else None
        return Stacks.LOADER, row.frames[row.frames.index(LOADER_LOOP) + 1 :] or (LOADER_LOOP,)
    if row.thread != Stacks.MAIN:
        return None
    at = next((place for place, frame in enumerate(row.frames) if frame.startswith(f"{region} (")), None)
    return None if at is None else (Stacks.MAIN, row.frames[at + 1 :] or (LOOP,))


LOOP = "the loop over the steps (bench/measure/timing/blocks.py)"
"""Stands in place of the frame that is named for the case."""
