"""Rows of estimates as what curves are fitted to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bench.records import Outcome
from bench.stats.curve_fits import CurvePoint
from bench.stats.missing_numbers import number

Row = Mapping[Any, Any]
Ends = tuple[float, float, float]


def timed(rows: Iterable[Row]) -> list[Row]:
    """Those that ended well and have a time above zero."""
    return [row for row in rows if row["outcome"] == Outcome.OK and (number(row.get("value_s")) or 0) > 0]


def time_of(row: Row) -> Ends:
    """Seconds per step: value, low, high; NaN where there is no interval."""
    return _ends(row, "value_s", "low_s", "high_s")


def rate_of(row: Row) -> Ends:
    """Items per second, likewise."""
    return _ends(row, "items_per_s", "items_per_s_low", "items_per_s_high")


def _ends(row: Row, *columns: str) -> Ends:
    value, low, high = (math.nan if (x := number(row.get(name))) is None else x for name in columns)
    return value, low, high


def curve_points(rows: Iterable[Row], place: Callable[[Row], float | None]) -> list[CurvePoint]:
    """A reading a timed row that has a place above zero, in order of place."""
    made = []
    for row in timed(rows):
        x = place(row)
        if x is not None and x > 0:
            sd, launches = number(row.get("sd_launches")), int(number(row.get("launches")) or 1)
            made.append(CurvePoint(x, row["value_s"], sd or 0.0, launches if sd is not None else 1))
    return sorted(made, key=lambda each: each.x)
