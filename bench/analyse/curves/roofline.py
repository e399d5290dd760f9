"""Compute or memory bound? Each case below the two ceilings of its machine (Williams, Waterman & Patterson, 2009).

The roof at an intensity of i flops a byte is the lower of the peak and i times the bandwidth, both as the calibration
workloads reached them in the same place; the bandwidth is that of the memory that holds the case's working set.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bench.analyse.curves.curve_points import Ends, ends_of, timed
from bench.analyse.rows.peaks import CALIBRATION, Peaks, Place, Rate, dtype_of, working_set
from bench.analyse.rows.row import Row


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
        """Flops per byte above which arithmetic is the limit."""
        return self.peak.value / self.bandwidth.value

    def at(self, intensity: float) -> Ends:
        """Flops per second that are possible at an intensity: value, low, high."""
        flat = np.array([self.peak.value, self.peak.low, self.peak.high])
        slope = np.array([self.bandwidth.value, self.bandwidth.low, self.bandwidth.high])
        value, low, high = np.minimum(flat, intensity * slope).tolist()  # NaN stays NaN
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
    """Share of the roof that it reaches. An interval wholly above 1 is impossible if the roof is proven."""
    proven: bool = True
    """Whether the peak was seen with as much work: a larger product may run at a higher rate."""

    @property
    def bound(self) -> str:
        """Which ceiling is lower: `memory`, `compute`, or `not resolved` if their intervals overlap.

        It is the limit of a perfect case: a case far below both ceilings is limited by something else.
        """
        peak, slope = self.roof.peak, self.roof.bandwidth
        if self.intensity * slope.high < peak.low:
            return "memory"
        return "compute" if self.intensity * slope.low > peak.high else "not resolved"


def roof_of(row: Row, peaks: Peaks) -> Roof | None:
    """The roof of a case; None if its place, dtype or memory was not calibrated."""
    place, dtype = Place.of(row), dtype_of(row.case, row.work)
    peak, bandwidth = peaks.flops.get((place, dtype)), peaks.bandwidth(place, working_set(row.work))
    return None if peak is None or bandwidth is None else Roof(place, dtype, peak, bandwidth[1])


def roofline_points(rows: Iterable[Row], peaks: Peaks) -> list[RooflinePoint]:
    """Each timed case that states flops and bytes, with its roof. Calibration cases are left out: they are the roof."""
    found = []
    for row in timed(rows):
        roof = None if row.workload.startswith(CALIBRATION) else roof_of(row, peaks)
        if roof is not None and row.work.flops and row.work.bytes:
            found.append(_beneath(row, row.work.flops, row.work.flops / row.work.bytes, roof, peaks))
    return found


def _beneath(row: Row, flops: float, intensity: float, roof: Roof, peaks: Peaks) -> RooflinePoint:
    time, shortest, longest = ends_of(row.time)
    rate = flops / time, flops / longest, flops / shortest
    value, low, high = roof.at(intensity)
    share = rate[0] / value, rate[1] / high, rate[2] / low
    proven = flops <= peaks.largest[roof.place, roof.dtype]
    return RooflinePoint(row.key, intensity, rate, roof, share, proven)
