"""The time of the steps by what it went to, each nanosecond to one thing: the device before the host, the inner before
the outer.

A step waits for a device that computes, whatever the host does; only where the device idles does the host count. On the
host the innermost operator counts, except for what stands for a whole: fetching a batch, waiting for the device,
copying.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bench.measure.profiling.events import ANNOTATION, CALL, HOST, KERNEL, OPERATOR, Event, Window, by_block

KERNELS, COPIES, STARTING, LOADER, WAITING, COMPILED, OPERATORS, WRAPPING, PYTHON = SPLIT = (
    *("kernels", "copies", "starting", "loader", "waiting", "compiled", "operators", "wrapping", "python"),
)
"""Parts of the time; a nanosecond that fits several goes to the first. `operators` is time in torch's operators and in
the calls that launch, with an idle device where there is one; `wrapping` is what torch.compile does around the code it
made, and `python` is host time outside of all of them."""

SYNCHRONISING = re.compile(
    r"cuda\w*Synchronize(_\w+)?|cu(Ctx|Stream|Event)Synchronize|aten::(item|_local_scalar_dense)"
)
"""Calls that return when the device is done. `.item()` reads a number back, and on a device waits for it."""

COPYING = re.compile(r"aten::(copy_|to|_to_copy|clone|contiguous|_pin_memory|pin_memory)|cuda(Memcpy|Memset)\w*")
"""Operators and calls that only move numbers; those that compute and move (cat, stack, index) are not among them."""

LOADING = re.compile(r"enumerate\(DataLoader\)#\w+\.__next__")
"""The region in which a DataLoader fetches its next batch (torch.utils.data.dataloader)."""

STARTING_REGION = "the workers of a DataLoader start"
"""The region in which they do, up to the first batch; named by `loader_starts`."""

COMPILED_REGION = re.compile(r"## Call CompiledFxGraph|triton_")
"""Regions that run code made by torch.compile; of generated C++ the profiler sees only the region."""

WRAPPING_REGION = re.compile(
    r"TorchDynamo Cache Lookup|Pregraph bytecode|Torch-Compiled Region|AOTDispatcher|CompiledFunction"
)
"""Regions in which torch.compile looks for its code, checks its guards, and passes arguments and results: in a net of
four layers at batch 32 they take more than the code itself, by these regions and by stacks alike."""


class Owner(NamedTuple):
    """What a nanosecond went to: a part of `SPLIT`, and the name and dtypes of the operator, region, kernel or copy."""

    part: str
    name: str = ""
    dtypes: str = ""


class Span(NamedTuple):
    """Something that went on from one ns to another; or a stretch in which time counts at all, see `_frames`."""

    start: int
    end: int
    what: Owner


class Nested(NamedTuple):
    """An event of the host, and the place in the list of the event around it on its thread; -1 for none."""

    event: Event
    parent: int


def nested(events: Sequence[Event], main: int) -> list[Nested]:
    """The events of the host, each after the one it lies in.

    main: the thread that calls the steps. A call of the device's runtime has a thread number of another kind: it goes
    to the thread of the operator that made it, or to `main`. An event that sticks out of the one around it ends with
    that: the clocks of runtime and profiler differ by less than a microsecond.
    """
    owners = {event.id: event.thread for event in events if event.kind in (OPERATOR, ANNOTATION) and event.id}
    threads: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        if event.kind == CALL:
            threads[owners.get(event.link, main)].append(event)
        elif event.kind in HOST:
            threads[event.thread].append(event)
    found: list[Nested] = []
    for own in threads.values():
        open_: list[int] = []
        for event in sorted(own, key=lambda event: (event.start, -event.end)):
            while open_ and found[open_[-1]].event.end <= event.start:
                open_.pop()
            if open_:
                event = event._replace(end=min(event.end, found[open_[-1]].event.end))
            found.append(Nested(event, open_[-1] if open_ else -1))
            open_.append(len(found) - 1)
    return found


def self_ns(tree: Sequence[Nested]) -> list[int]:
    """Time of each event without the events in it, in ns."""
    own = [node.event.ns for node in tree]
    for node in tree:
        if node.parent >= 0:
            own[node.parent] -= node.event.ns
    return own


def owners(tree: Sequence[Nested], on_device: bool) -> list[Owner]:
    """For each event, what its own time goes to, outside of the events in it. on_device: the case runs on a device."""
    found: list[Owner] = []
    for node in tree:
        around = found[node.parent] if node.parent >= 0 else Owner(PYTHON)
        whole = around.part in (STARTING, LOADER, WAITING, COPIES) and node.event.name != STARTING_REGION
        found.append(around if whole else _owner(node.event, around, on_device))
    return found


def _owner(event: Event, around: Owner, on_device: bool) -> Owner:
    if event.name == STARTING_REGION:
        return Owner(STARTING, "starting, importing, first batch")
    if LOADING.fullmatch(event.name):
        return Owner(LOADER, "fetching a batch")
    own = (event.name, event.dtypes)
    if on_device and SYNCHRONISING.fullmatch(event.name):
        return Owner(WAITING, *own)
    if COPYING.fullmatch(event.name):
        return Owner(COPIES, *own)
    if COMPILED_REGION.match(event.name):
        return Owner(COMPILED, "compiled code")
    if WRAPPING_REGION.match(event.name):
        return Owner(WRAPPING, "torch.compile's guards and wrappers")
    # A call of the runtime is made in an operator, and is part of what that does.
    return around if event.kind == ANNOTATION or (event.kind == CALL and around.name) else Owner(OPERATORS, *own)


def split(owned: Mapping[Owner, int]) -> dict[str, int]:
    """ns of each part of `SPLIT`, from the result of `attributed`."""
    found = dict.fromkeys(SPLIT, 0)
    for owner, ns in owned.items():
        found[owner.part] += ns
    return found


def attributed(
    tree: Sequence[Nested], device: Sequence[Event], blocks: Sequence[Window], on_device: bool
) -> dict[Owner, int]:
    """ns of the blocks by what they went to. They add up to the blocks, each from its first step to the last return, or
    to the end of the device's work.
    """
    spans = [*host_spans(tree, owners(tree, on_device)), *_frames(device, blocks)]
    spans += [Span(event.start, event.end, _on_device(event)) for event in device]
    found: dict[Owner, int] = defaultdict(int)
    for ns, active in _slices(spans):
        if _FRAME in active:
            found[min(active - {_FRAME, _DRAIN}, key=_first, default=_IDLE[_DRAIN in active])] += ns
    return found


def _on_device(event: Event) -> Owner:
    return Owner(KERNELS, event.name) if event.kind == KERNEL else Owner(COPIES, event.name)


def _first(owner: Owner) -> tuple[int, Owner]:
    """The rank by `SPLIT`; of two things in one part the first by name."""
    return SPLIT.index(owner.part), owner


_FRAME, _DRAIN = Owner("inside a block"), Owner("after its last step")
_IDLE = (Owner(PYTHON), Owner(WAITING, "draining the device"))
"""What time goes to while nothing goes on: before the last return, and after it."""


def _frames(device: Sequence[Event], blocks: Sequence[Window]) -> Iterator[Span]:
    """The stretches in which time counts: to the last return, or on to the end of the device's work, when the host
    waits.
    """
    for block, own in zip(blocks, by_block(device, blocks), strict=True):
        ends = max((event.end for event in own), default=block.end)
        yield Span(block.start, max(block.end, ends), _FRAME)
        if ends > block.end:
            yield Span(block.end, ends, _DRAIN)


def host_spans(tree: Sequence[Nested], whats: Sequence[Owner]) -> Iterator[Span]:
    """The stretches of each event outside of the events in it."""
    reached = [node.event.start for node in tree]
    for node in tree:
        if node.parent >= 0:
            if node.event.start > reached[node.parent]:
                yield Span(reached[node.parent], node.event.start, whats[node.parent])
            reached[node.parent] = max(reached[node.parent], node.event.end)
    for place, node in enumerate(tree):
        if node.event.end > reached[place]:
            yield Span(reached[place], node.event.end, whats[place])


def _slices(spans: Iterable[Span]) -> Iterator[tuple[int, set[Owner]]]:
    """Stretches in which nothing begins or ends: ns, and what goes on."""
    edges = sorted((at, step, span.what) for span in spans for at, step in ((span.start, 1), (span.end, -1)))
    counts: dict[Owner, int] = defaultdict(int)
    active: set[Owner] = set()
    last = edges[0][0] if edges else 0
    for at, step, what in edges:
        if at > last:
            yield at - last, active
            last = at
        counts[what] += step
        (active.add if counts[what] > 0 else active.discard)(what)


def union_ns(spans: Iterable[tuple[int, int]]) -> int:
    """ns in which at least one of the (start, end) goes on."""
    total, reached = 0, None
    for start, end in sorted(spans):
        if reached is None or start >= reached:
            total, reached = total + end - start, end
        elif end > reached:
            total, reached = total + end - reached, end
    return total


def busy(device: Sequence[Event], blocks: Sequence[Window]) -> tuple[int, int]:
    """ns in which the device worked, and ns from the first to the last of its work, over all blocks.

    device: in order of their start.
    """
    worked = spanned = 0
    for own in filter(None, by_block(device, blocks)):
        worked += union_ns((event.start, event.end) for event in own)
        spanned += max(event.end for event in own) - own[0].start
    return worked, spanned
