"""Why do tiny operations not get faster? t = max(overhead, bytes ÷ bandwidth): each launch has a fixed cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.analyse.curves.curve_points import curve_points
from bench.analyse.rows.row import Row
from bench.stats.curve_fits import Floats, fit


@dataclass(frozen=True)
class LaunchFloor:
    """(value, low, high) of each: least seconds of an operation, bytes per second beyond it, bytes where both meet."""

    overhead_s: tuple[float, float, float]
    bandwidth: tuple[float, float, float]
    knee_bytes: tuple[float, float, float]


def log_above(log_knee: Floats, moved: Floats) -> Floats:
    """log(t ÷ overhead) for knees (knees, 1) and bytes (bytes,): 0 up to the knee, then t grows in proportion."""
    return np.maximum(np.log(moved) - log_knee, 0.0)


def launch_floor(rows: Sequence[Row]) -> LaunchFloor | str:
    """Overhead and bandwidth of the rows of one line, by the bytes they move; or why they are not resolved."""
    found = curve_points(rows, lambda row: row.work.bytes)
    if len({each.x for each in found}) < 4:
        return "four sizes are needed: with fewer, two parameters fit too well"
    fitted = fit(found, log_above, (math.log(found[0].x), math.log(found[-1].x)))
    if isinstance(fitted, str):
        return fitted
    if fitted.shape_low <= math.log(found[1].x):
        return "at most one size costs the overhead alone: two are needed to see it"
    if fitted.shape_high >= math.log(found[-2].x):
        return "at most one size takes longer than the overhead: two are needed to see the bandwidth"
    return LaunchFloor(
        fitted.of(lambda _, level: math.exp(level)),
        fitted.of(lambda knee, level: math.exp(knee - level)),
        fitted.of(lambda knee, _: math.exp(knee)),
    )
