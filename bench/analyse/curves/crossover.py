"""From what size on is a device faster? From where time on the CPU ÷ time on the device rises above 1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.analyse.curves.curve_points import ends_of, timed
from bench.analyse.rows.row import Row
from bench.stats.curve_fits import Crossing, crossing
from bench.stats.intervals import ratio_of
from bench.stats.missing_numbers import number


def fastest(rows: Iterable[Row], axis: str) -> dict[float, Row]:
    """The fastest row of each value of an axis: a CPU is compared at the best of its measured thread counts."""
    best: dict[float, Row] = {}
    for row in timed(rows):
        x = number(row.axis(axis))
        if x is not None and (x not in best or _seconds(row) < _seconds(best[x])):
            best[x] = row
    return dict(sorted(best.items()))


def _seconds(row: Row) -> float:
    return ends_of(row.time)[0]


def times_faster(slow: Row, fast: Row) -> tuple[float, float | None, float | None]:
    """slow ÷ fast: value, low, high; low and high are None if either row has no interval.

    The interval is the paired one if `fast` has a speed-up against `slow`, else that of independent estimates.
    """
    paired = fast.speedup
    if paired is not None and paired.reference == slow.key:
        return paired.ratio.value, paired.ratio.low, paired.ratio.high
    value, low, high = ratio_of(ends_of(slow.time), ends_of(fast.time))
    return value, number(low), number(high)


def crossover(cpu: Sequence[Row], device: Sequence[Row], axis: str) -> Crossing:
    """The size from which the device is faster, as an interval of sizes; or why that is not resolved.

    cpu, device: rows of the same clock (wall against wall). Only sizes that both have, with intervals, count.
    """
    slow, fast = fastest(cpu, axis), fastest(device, axis)
    ratios = [(x, *times_faster(slow[x], fast[x])) for x in slow.keys() & fast.keys()]
    known = [(x, value, low, high) for x, value, low, high in sorted(ratios) if low is not None and high is not None]
    if ratios and not known:
        return Crossing(None, None, None, "one launch for each case: without intervals nothing is resolved")
    return crossing(known, 1.0)
