"""Events of a profile as plain dicts, in microseconds: a step on a GPU, written down by hand."""

from bench.measure.profiling.events import ANNOTATION, BLOCK, Event

REGION = "a/b[device=cuda]"


def event(name, kind, start, end, **more):
    """An event between two microseconds."""
    return Event(name, kind, int(start * 1000), int(end * 1000), **{"thread": 1, **more})


def events(rows):
    """Plain dicts as events."""
    return [event(**row) for row in rows]


def block(start, end, drained):
    """The regions around the steps of one block."""
    return [event(BLOCK, ANNOTATION, start - 1, drained + 1), event(REGION, ANNOTATION, start, end)]


def us(split):
    """Nanoseconds by part as microseconds, without the parts that took nothing."""
    return {name: ns / 1000 for name, ns in split.items() if ns}
