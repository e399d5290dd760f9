"""What a run may learn, as hypothesis draws it."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import strategies as st

from bench.records import Block, CaseLaunch, Outcome
from bench.series import Series

INT64 = st.integers(min_value=-(2**63), max_value=2**63 - 1)
COUNTS = st.integers(min_value=0, max_value=2**53)
"""Nanoseconds up to 104 days, bytes up to 9 petabytes: pandas takes a column of numbers and None through float64."""

REALS = st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.text(max_size=6)
SERIES = st.builds(Series, NAMES, st.sampled_from(["wall", "latency", "device"]))
WORKLOADS = st.sampled_from(["matmul/square", "daten/öffnen", "a/b"])
JSON = st.recursive(
    st.none() | st.booleans() | INT64 | REALS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)


Drawn = TypeVar("Drawn")


def maybe(strategy: st.SearchStrategy[Drawn]) -> st.SearchStrategy[Drawn | None]:
    """A value of the strategy, or None."""
    return st.none() | strategy


LAUNCHES = st.builds(
    CaseLaunch,
    key=st.builds("{}[size={}]".format, WORKLOADS, st.integers(0, 2)),
    launch=st.integers(0, 3),
    process=NAMES,
    outcome=st.sampled_from([outcome.value for outcome in Outcome]),
    reason=st.text(max_size=12),
    detail=st.text(max_size=12),
    first_call_ns=maybe(COUNTS),
    cache=st.sampled_from(["", "cold", "warm"]),
    build_ns=maybe(COUNTS),
    steps=st.dictionaries(SERIES, COUNTS, max_size=2),
    work=st.dictionaries(NAMES, JSON, max_size=2),
    tolerance=maybe(REALS),
    error_before=maybe(REALS),
    error_after=maybe(REALS),
    quality=st.dictionaries(NAMES, REALS, max_size=2),
    host_peak_bytes=maybe(COUNTS),
    host_peak_reason=NAMES,
    device_peak_bytes=maybe(COUNTS),
    device_reserved_bytes=maybe(COUNTS),
    steady=maybe(st.booleans()),
    warm_calls=COUNTS,
    warm_ns=COUNTS,
    clock_resolution_ns=maybe(REALS),
    clock_cost_ns=maybe(REALS),
    empty_call_ns=maybe(REALS),
    preemptions=maybe(COUNTS),
    foreign_load=maybe(REALS),
    threads=maybe(st.integers(1, 64)),
    no_clock=st.dictionaries(SERIES, NAMES, max_size=2),
    counters=st.dictionaries(NAMES, INT64, max_size=2),
    seconds=st.dictionaries(NAMES, REALS, max_size=2),
)

TIMINGS = st.lists(
    st.tuples(
        st.sampled_from(["step", "to_device"]),
        st.sampled_from(["wall", "latency", "device"]),
        st.integers(0, 4),  # index in its visit
        st.booleans(),
        st.integers(1, 2**40),
        COUNTS,
    ),
    max_size=5,
    unique_by=lambda timing: timing[:3],
)


@st.composite
def runs_of(draw: st.DrawFn) -> list[tuple[CaseLaunch, list[list[Block]]]]:
    """Launches of a run, each of another case or number, with the blocks of each of its visits."""
    records = draw(st.lists(LAUNCHES, max_size=4, unique_by=lambda record: (record.key, record.launch)))
    return [
        (
            record,
            [
                [Block(record.key, record.launch, visit, *timing) for timing in timings]
                for visit, timings in enumerate(draw(st.lists(TIMINGS, max_size=2)))
            ],
        )
        for record in records
    ]


def as_rows(blocks: list[list[Block]]) -> list[Block]:
    """All blocks of a launch."""
    return [block for visit in blocks for block in visit]
