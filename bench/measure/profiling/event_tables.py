"""Tables of the events of a profile: a row for each operator and its shapes, a row for each kernel, and totals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from bench.measure.profiling.events import (
    ANNOTATION,
    CALL,
    COPY,
    DEVICE,
    FILL,
    KERNEL,
    MEMORY,
    OPERATOR,
    Event,
    Window,
    direction,
)
from bench.measure.profiling.timeline import SYNCHRONISING, Nested, busy, self_ns, union_ns
from bench.protocol.rows import OperatorCalls

MOST_ROWS = 400
"""Most rows of a table, by time: the rest, a share far too small to matter, becomes one row."""

REST = "(the rest)"

_NAMES = ("name", "kind", "shapes", "dtypes")
_NUMBERS = (*("calls", "self_ns", "total_ns", "device_self_ns", "device_total_ns", "host_bytes", "device_bytes"),)
"""Numbers of an operator, summed over all steps. `bytes` are those it allocated itself, freed or not."""


def operators(tree: Sequence[Nested], device: Sequence[Event], memory: Sequence[Event]) -> list[dict[str, Any]]:
    """A row for each operator or region with its shapes and dtypes: these and `_NUMBERS`, the longest own time first.

    `total` includes the operators that an operator called; where it called itself, they count once. Device time is that
    of the kernels and copies it launched.
    """
    own_ns, launched = self_ns(tree), _launched(tree, device)
    taken = _taken(tree, memory)
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    below = _with_all_below(tree, launched)
    for place, (event, _) in enumerate(tree):
        if event.kind == CALL:
            continue
        key = (event.name, event.kind, event.shapes, event.dtypes)
        row = rows.setdefault(key, {**dict(zip(_NAMES, key, strict=True)), **dict.fromkeys(_NUMBERS, 0)})
        row["calls"] += 1
        row["self_ns"] += own_ns[place]
        row["device_self_ns"] += launched[place]
        row["host_bytes"] += taken[place, "cpu"]
        row["device_bytes"] += taken[place, "cuda"]
        if not _inside_its_like(tree, place):
            row["total_ns"] += event.ns
            row["device_total_ns"] += below[place]
    return _longest(list(rows.values()), _NUMBERS, lambda row: row["self_ns"] + row["device_self_ns"])


def calls(tree: Sequence[Nested]) -> list[OperatorCalls]:
    """Calls of every operator, however little time it takes."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for event, _ in tree:
        if event.kind == OPERATOR:
            found[event.name, event.dtypes] += 1
    return [OperatorCalls(name, dtypes, count) for (name, dtypes), count in sorted(found.items())]


def _launched(tree: Sequence[Nested], device: Sequence[Event]) -> list[int]:
    """By place in the tree: ns of device work that an operator launched itself."""
    ns: dict[int, int] = defaultdict(int)
    for event in device:
        ns[event.link] += event.ns
    owned = {node.event.id: place for place, node in enumerate(tree) if node.event.kind in (OPERATOR, ANNOTATION)}
    found = [0] * len(tree)
    for link, spent in ns.items():
        if link in owned:
            found[owned[link]] += spent
    return found


def _with_all_below(tree: Sequence[Nested], own: Sequence[int]) -> list[int]:
    total = list(own)
    for place in range(len(tree) - 1, -1, -1):
        if tree[place].parent >= 0:
            total[tree[place].parent] += total[place]
    return total


def _inside_its_like(tree: Sequence[Nested], place: int) -> bool:
    event, around = tree[place].event, tree[place].parent
    while around >= 0:
        if (tree[around].event.name, tree[around].event.shapes) == (event.name, event.shapes):
            return True
        around = tree[around].parent
    return False


def _taken(tree: Sequence[Nested], memory: Sequence[Event]) -> dict[tuple[int, str], int]:
    """Bytes that each event of the tree allocated itself, by its place and by the memory.

    An allocation belongs to the innermost operator at work on its thread; outside of all operators it belongs to none.
    """
    by_thread: dict[int, list[int]] = defaultdict(list)
    for place, node in enumerate(tree):
        if node.event.kind != CALL:
            by_thread[node.event.thread].append(place)
    found: dict[tuple[int, str], int] = defaultdict(int)
    coming, open_ = dict.fromkeys(by_thread, 0), defaultdict[int, list[int]](list)
    for event in sorted(memory, key=lambda event: event.start):
        stack, places = open_[event.thread], by_thread.get(event.thread, [])
        while (at := coming.get(event.thread, 0)) < len(places) and tree[places[at]].event.start <= event.start:
            stack.append(places[at])
            coming[event.thread] = at + 1
        while stack and tree[stack[-1]].event.end < event.start:
            stack.pop()
        if stack and event.bytes > 0:
            found[stack[-1], event.place] += event.bytes
    return found


def kernels(device: Sequence[Event]) -> list[dict[str, Any]]:
    """A row for each kernel, copy or fill by its name: name, kind, calls, ns; longest first."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for event in device:
        row = rows.setdefault((event.name, event.kind), {"name": event.name, "kind": event.kind, "calls": 0, "ns": 0})
        row["calls"] += 1
        row["ns"] += event.ns
    return _longest(list(rows.values()), ("calls", "ns"), lambda row: row["ns"])


def _longest(rows: list[dict[str, Any]], numbers: Sequence[str], by: Any) -> list[dict[str, Any]]:
    ordered = sorted(rows, key=by, reverse=True)
    kept, left = ordered[: MOST_ROWS - 1], ordered[MOST_ROWS - 1 :]
    if len(left) <= 1:
        return ordered
    texts = {name: "" for name in left[0] if name not in numbers}
    return [*kept, {**texts, "name": REST, **{name: sum(row[name] for row in left) for name in numbers}}]


def device_facts(device: Sequence[Event], calls: Sequence[Event], blocks: Sequence[Window]) -> dict[str, Any]:
    """Totals of the device over all steps: kernels, fills, copies by direction, working time, lost events.

    busy_ns: at least one kernel, copy or fill at work; span_ns: from the first to the last of them in each block. lost:
    calls that launch work which no event of the device shows.
    """
    busy_ns, span_ns = busy(device, blocks)
    copies: dict[str, dict[str, int]] = {}
    for event in device:
        if event.kind == COPY:
            row = copies.setdefault(direction(event), {"calls": 0, "ns": 0})
            row["calls"] += 1
            row["ns"] += event.ns
    seen = {event.id for event in device}
    launching = [event for event in calls if event.name.startswith(("cudaLaunchKernel", "cuLaunchKernel"))]
    return {
        "launches": len(launching),
        "kernels": sum(event.kind == KERNEL for event in device),
        "fills": sum(event.kind == FILL for event in device),
        "copies": copies,
        "copy_ns": sum(event.ns for event in device if event.kind == COPY),
        "busy_ns": busy_ns,
        "span_ns": span_ns,
        "lost": sum(event.id not in seen for event in launching),
    }


def synchronisations(tree: Sequence[Nested]) -> dict[str, Any]:
    """Calls that wait for a device: how many of each, and ns in any of them. In a case without a device none waits."""
    waiting = [node.event for node in tree if SYNCHRONISING.fullmatch(node.event.name)]
    calls: dict[str, int] = defaultdict(int)
    for event in waiting:
        calls[event.name] += 1
    return {"calls": dict(calls), "ns": union_ns((event.start, event.end) for event in waiting)}


def parted(events: Sequence[Event]) -> tuple[list[Event], list[Event], list[Event]]:
    """Split the events into those of the host, of the device, and of memory."""
    device = [event for event in events if event.kind in DEVICE]
    memory = [event for event in events if event.kind == MEMORY]
    host = [event for event in events if event.kind not in DEVICE and event.kind != MEMORY]
    return host, device, memory
