"""From what size is a device worth it? Where time on the CPU ÷ time on the device rises above 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.analyse.curves.curve_points import time_of, timed
from bench.stats.curve_fits import Crossing, crossing
from bench.stats.intervals import ratio_of
from bench.stats.missing_numbers import number

Row = Mapping[Any, Any]


def fastest(rows: Iterable[Row], axis: str) -> dict[float, Row]:
    """The fastest row of each value of an axis: a CPU is compared at the best of its measured thread counts."""
    best: dict[float, Row] = {}
    for row in timed(rows):
        x = number(row["params"].get(axis))
        if x is not None and (x not in best or row["value_s"] < best[x]["value_s"]):
            best[x] = row
    return dict(sorted(best.items()))


def times_faster(slow: Row, fast: Row) -> tuple[float, float | None, float | None]:
    """slow ÷ fast: value, low, high; the ends None where either has no interval.

    The paired interval where `fast` carries one against `slow`, else that of independent estimates.
    """
    if fast.get("reference") == slow["key"] and (paired := number(fast.get("speedup"))) is not None:
        return paired, number(fast.get("speedup_low")), number(fast.get("speedup_high"))
    value, low, high = ratio_of(time_of(slow), time_of(fast))
    return value, number(low), number(high)


def crossover(cpu: Sequence[Row], device: Sequence[Row], axis: str) -> Crossing:
    """The size from which the device is faster, as an interval of sizes; or why that is not resolved.

    cpu, device: rows of one clock each (wall meets wall). Only sizes that both have, with intervals, decide.
    """
    slow, fast = fastest(cpu, axis), fastest(device, axis)
    ratios = [(x, *times_faster(slow[x], fast[x])) for x in slow.keys() & fast.keys()]
    known = [(x, value, low, high) for x, value, low, high in sorted(ratios) if low is not None and high is not None]
    if ratios and not known:
        return Crossing(None, None, None, "one launch a case: no interval decides")
    return crossing(known, 1.0)
