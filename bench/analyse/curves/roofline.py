"""Compute or memory bound? Each case beside the two ceilings of its machine (Williams, Waterman & Patterson, 2009).

The roof at an intensity of i flops a byte is the lower of the peak and i times the bandwidth, both as the calibration
workloads reached them in the same place; the bandwidth is that of the memory that holds the case's working set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bench.analyse.curves.curve_points import timed
from bench.analyse.rows.peaks import CALIBRATION, Peaks, Place, Rate, dtype_of, working_set
from bench.stats.missing_numbers import number

Row = Mapping[Any, Any]

Ends = tuple[float, float, float]
"""value, low, high; NaN where there is no interval."""


@dataclass(frozen=True)
class Roof:
    """The two ceilings of a place, a dtype and a working set."""

    place: Place
    dtype: str
    peak: Rate
    """Flops per second."""
    bandwidth: Rate
    """Bytes per second."""

    @property
    def ridge(self) -> float:
        """Flops a byte from which the arithmetic binds."""
        return self.peak.value / self.bandwidth.value

    def at(self, intensity: float) -> Ends:
        """Flops per second that are possible at an intensity, end by end."""
        flat = np.array([self.peak.value, self.peak.low, self.peak.high])
        slope = np.array([self.bandwidth.value, self.bandwidth.low, self.bandwidth.high])
        value, low, high = np.minimum(flat, intensity * slope).tolist()  # a NaN stays one
        return value, low, high


@dataclass(frozen=True)
class RooflinePoint:
    """A case beneath its roof."""

    key: str
    intensity: float
    """Flops a byte."""
    rate: Ends
    """Flops per second."""
    roof: Roof
    share: Ends
    """Of the roof that it reaches; above 1 wholly cannot be, where the roof is proven."""
    proven: bool = True
    """Whether the peak was seen with as much work: a larger product may run at a higher rate."""

    @property
    def bound(self) -> str:
        """Which ceiling is the lower one: `memory`, `compute`, or `not resolved` where their intervals decide nothing.

        It says what would bind a perfect case: one far below both is bound by neither.
        """
        peak, slope = self.roof.peak, self.roof.bandwidth
        if self.intensity * slope.high < peak.low:
            return "memory"
        return "compute" if self.intensity * slope.low > peak.high else "not resolved"


def roof_of(row: Row, peaks: Peaks) -> Roof | None:
    """The roof of a case; None where its place, dtype or memory was not calibrated."""
    place, dtype = Place.of(row), dtype_of(row)
    peak, bandwidth = peaks.flops.get((place, dtype)), peaks.bandwidth(place, working_set(row))
    return None if peak is None or bandwidth is None else Roof(place, dtype, peak, bandwidth[1])


def roofline_points(rows: Iterable[Row], peaks: Peaks) -> list[RooflinePoint]:
    """Each timed case that states flops and bytes, beneath its roof. Those of the calibration are the roof."""
    found = []
    for row in timed(rows):
        flops, moved = number(row.get("flops")), number(row.get("bytes"))
        if str(row["workload"]).startswith(CALIBRATION) or not flops or not moved:
            continue
        roof = roof_of(row, peaks)
        if roof is not None:
            proven = flops <= peaks.largest[roof.place, roof.dtype]
            found.append(replace(_under(row, flops, flops / moved, roof), proven=proven))
    return found


def _under(row: Row, flops: float, intensity: float, roof: Roof) -> RooflinePoint:
    nothing = float("nan")
    low_s, high_s = (number(row.get(name)) for name in ("low_s", "high_s"))
    rate = flops / row["value_s"], flops / high_s if high_s else nothing, flops / low_s if low_s else nothing
    value, low, high = roof.at(intensity)
    return RooflinePoint(row["key"], intensity, rate, roof, (rate[0] / value, rate[1] / high, rate[2] / low))
