"""Events of a profiler as plain rows: work on the host, work on the device, and memory that was taken.

Nothing here imports torch, so that a test can write a list of events down by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

OPERATOR, ANNOTATION, CALL = HOST = ("operator", "annotation", "call")
"""Kinds of work on the host: operators of torch, named regions, and calls of the device's runtime or driver."""

KERNEL, COPY, FILL = DEVICE = ("kernel", "copy", "fill")
"""Kinds of work on the device: kernels, copies of memory, and memory that is set to a value."""

MEMORY = "memory"
"""The kind of an allocation (bytes above zero) and of a free (below)."""

BLOCK = "coursebench block"
"""The region from the first step of a block to a drained device. It contains the region of the steps, which is named
for the case."""


class Event(NamedTuple):
    """One row of a profile. Times are nanoseconds of one clock, for host and device alike."""

    name: str
    kind: str
    start: int
    end: int
    thread: int = 0
    id: int = 0
    """The number of an operator or region; a call and all that it launched share one."""
    link: int = 0
    """For a call and what it launched, the operator or region in which it was made; 0 if none is known."""
    shapes: str = ""
    dtypes: str = ""
    """Dtypes of an operator's tensors, each once, in their order."""
    bytes: int = 0
    place: str = "cpu"
    """For an allocation, whose memory it is: `cpu` or `cuda`."""

    @property
    def ns(self) -> int:
        """Duration."""
        return self.end - self.start


class Window(NamedTuple):
    """A block as the profiler saw it, in ns: the first step begins, the last has returned, the device is drained."""

    start: int
    end: int
    drained: int


def windows(events: Iterable[Event], region: str) -> list[Window]:
    """The whole blocks, in order. region: name of the region of the steps."""
    named = [event for event in events if event.kind == ANNOTATION]
    steps = sorted((event for event in named if event.name == region), key=lambda event: event.start)
    around = sorted((event for event in named if event.name == BLOCK), key=lambda event: event.start)
    found, place = [], 0
    for outer in around:
        while place < len(steps) and steps[place].start < outer.start:
            place += 1
        if place < len(steps) and steps[place].end <= outer.end:
            found.append(Window(steps[place].start, steps[place].end, outer.end))
    return found


def within(events: Iterable[Event], blocks: Sequence[Window]) -> list[Event]:
    """The events that began in one of the blocks, in order of their start, without the regions of the blocks
    themselves.

    On the device what was launched counts until the block is drained; on the host only the region of the steps counts.
    """
    found, place = [], 0
    for event in sorted(events, key=lambda event: (event.start, -event.end)):
        while place < len(blocks) and blocks[place].drained <= event.start:
            place += 1
        if place == len(blocks):
            break
        ends = blocks[place].drained if event.kind in DEVICE else blocks[place].end
        if blocks[place].start <= event.start < ends and not _frame(event, blocks[place]):
            found.append(event)
    return found


def _frame(event: Event, block: Window) -> bool:
    return event.kind == ANNOTATION and (event.start, event.end) == (block.start, block.end)


def by_block(events: Iterable[Event], blocks: Sequence[Window]) -> list[list[Event]]:
    """The events that began in each of the blocks; `events` in order of their start."""
    found: list[list[Event]] = [[] for _ in blocks]
    place = 0
    for event in events:
        while place < len(blocks) and blocks[place].drained <= event.start:
            place += 1
        if place < len(blocks) and blocks[place].start <= event.start:
            found[place].append(event)
    return found


_DIRECTION = re.compile(r"Memcpy (\w+)")


def direction(event: Event) -> str:
    """Direction of a copy: `HtoD`, `DtoH`, `DtoD`, `PtoP`; its whole name where it shows none."""
    found = _DIRECTION.match(event.name)
    return found[1] if found else event.name
