"""Events of a profile as plain dicts, in microseconds: a step on a GPU, written down by hand."""

from collections.abc import Iterable, Mapping
from typing import Any

from bench.measure.profiling.events import ANNOTATION, BLOCK, Event

REGION = "a/b[device=cuda]"


def event(name: str, kind: str, start: float, end: float, **more: Any) -> Event:
    """An event between two microseconds."""
    return Event(name, kind, int(start * 1000), int(end * 1000), **{"thread": 1, **more})


def events(rows: Iterable[Mapping[str, Any]]) -> list[Event]:
    """Plain dicts as events."""
    return [event(**row) for row in rows]


def block(start: float, end: float, drained: float) -> list[Event]:
    """The regions around the steps of one block."""
    return [event(BLOCK, ANNOTATION, start - 1, drained + 1), event(REGION, ANNOTATION, start, end)]


def us(split: Mapping[str, int]) -> dict[str, float]:
    """Nanoseconds by part as microseconds, without the parts that took nothing."""
    return {name: ns / 1000 for name, ns in split.items() if ns}
