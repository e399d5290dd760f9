"""Rows as the points that curves are fitted to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from bench.analyse.rows.row import Row
from bench.stats.curve_fits import CurvePoint
from bench.stats.intervals import Interval

Ends = tuple[float, float, float]
"""(value, low, high); NaN for ends that are missing."""


def timed(rows: Iterable[Row]) -> list[Row]:
    """The rows that ended well and have a time above zero."""
    return [row for row in rows if row.ok and row.time is not None and row.time.value > 0]


def ends_of(found: Interval | None) -> Ends:
    """An interval as three numbers, NaN for what is missing."""
    if found is None:
        return math.nan, math.nan, math.nan
    low, high = (math.nan if end is None else end for end in (found.low, found.high))
    return found.value, low, high


def curve_points(rows: Iterable[Row], place: Callable[[Row], float | None]) -> list[CurvePoint]:
    """A point for each timed row that has a place above zero, in order of place."""
    made = []
    for row in rows:
        x = place(row)
        if row.ok and row.time is not None and row.time.value > 0 and x is not None and x > 0:
            known = row.sd_launches is not None
            made.append(CurvePoint(x, row.time.value, row.sd_launches or 0.0, (row.launches or 1) if known else 1))
    return sorted(made, key=lambda each: each.x)
