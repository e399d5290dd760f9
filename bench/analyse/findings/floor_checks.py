"""Doubts about a time beside its floor: it cannot be, it hardly can be, or the floor is of another day."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.analyse.rows.peaks import Peaks

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Floor:
    """Seconds a step takes at least; NaN where there is no floor, for the `reason`."""

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    by: str = ""
    """What binds: `flops`, `bytes` or `kernels`."""
    reason: str = ""
    source: str = ""
    """How it was had, in words."""
    proven: bool = True
    """Whether the peak was seen with work as large as this: a larger product may run at a higher rate."""


class BelowFloor:
    """A time that a machine with these peaks cannot reach: its interval lies wholly below that of the floor."""

    name, severity = "below-floor", "error"

    def look(self, row: Row, floor: Floor) -> tuple[str, str] | None:
        """Where both have an interval, and the peak was seen with as much work. Touching is not below."""
        if not (floor.proven and row["high_s"] < floor.low):
            return None
        return (
            f"its time [{_seconds(row['low_s'])}, {_seconds(row['high_s'])}] lies wholly below the floor "
            f"{_seconds(floor.value)} [{_seconds(floor.low)}, {_seconds(floor.high)}] ({floor.source}): "
            "the work was not done, or its formula or the peak is wrong",
            "look for a result that was folded, cached or left out; check the formula of the work; measure the peaks "
            "in the same run",
        )


class AbovePeak:
    """A time below its floor whose interval touches that of the floor: faster than the peak, perhaps by chance."""

    name, severity = "above-peak", "warning"

    def look(self, row: Row, floor: Floor) -> tuple[str, str] | None:
        """Where the median is below the floor, and `BelowFloor` does not say that it cannot be."""
        if not row["value_s"] < floor.value or (floor.proven and row["high_s"] < floor.low):
            return None
        return (
            f"its median {_seconds(row['value_s'])} is below the floor {_seconds(floor.value)} ({floor.source}), which "
            "decides nothing: the intervals touch, or there is none, or the peak was not seen with as much work",
            "measure the peaks in the same run, with six launches and the sizes of --preset full",
        )


class StaleCalibration:
    """Peaks of another run, measured long before or after."""

    name, severity = "stale-calibration", "hint"
    most_days = 7.0
    """A choice: drivers, firmware and neighbours of a machine change within weeks."""

    def look(self, days: float, peaks: Peaks) -> tuple[str, str] | None:
        """More than a week between the run and its peaks."""
        if not abs(days) > self.most_days:
            return None
        return (
            f"the peaks are of run {peaks.run}, {abs(days):.0f} days {'before' if days > 0 else 'after'} this one",
            "measure them anew: bench run 'calibration/*'",
        )


def _seconds(value: float) -> str:
    """A time with its unit, likewise."""
    for factor, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"
