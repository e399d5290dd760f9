"""Checks of a time against its floor: it is impossible, it is doubtful, or the floor is old."""

from __future__ import annotations

from bench.analyse.rows.peaks import Peaks
from bench.analyse.rows.row import Floor
from bench.stats.intervals import Interval


class BelowFloor:
    """An impossible time on a machine with these peaks: its interval lies wholly below that of the floor."""

    name, severity = "below-floor", "error"

    def look(self, time: Interval | None, floor: Floor) -> tuple[str, str] | None:
        """Applies if both have an interval and the peak was seen with as much work. Touching is not below."""
        least = floor.seconds
        if time is None or least is None or not is_below(time, floor):
            return None
        return (
            f"its time {_ends(time)} lies wholly below the floor {_seconds(least.value)} {_ends(least)} "
            f"({floor.source}): the work was not done, or its formula or the peak is wrong",
            "look for a result that was folded, cached or left out; check the formula of the work; measure the peaks "
            "in the same run",
        )


class AbovePeak:
    """A time below its floor whose interval touches that of the floor: faster than the peak, perhaps by chance."""

    name, severity = "above-peak", "warning"

    def look(self, time: Interval | None, floor: Floor) -> tuple[str, str] | None:
        """Applies if the median is below the floor and `BelowFloor` gives no finding."""
        least = floor.seconds
        if time is None or least is None or not time.value < least.value or is_below(time, floor):
            return None
        return (
            f"its median {_seconds(time.value)} is below the floor {_seconds(least.value)} ({floor.source}), which "
            "decides nothing: the intervals touch, or there is none, or the peak was not seen with as much work",
            "measure the peaks in the same run, with six launches and the sizes of --preset full",
        )


def is_below(time: Interval, floor: Floor) -> bool:
    """Whether the interval of a time lies wholly below that of a floor that holds for work as large as this."""
    least = floor.seconds
    if least is None or least.low is None or time.high is None:
        return False
    return floor.proven and time.high < least.low


class StaleCalibration:
    """Peaks that another run measured long before or after."""

    name, severity = "stale-calibration", "hint"
    most_days = 7.0
    """A choice: drivers, firmware and neighbours of a machine change within weeks."""

    def look(self, days: float, peaks: Peaks) -> tuple[str, str] | None:
        """More than a week between the run and its peaks."""
        if not abs(days) > self.most_days:
            return None
        return (
            f"the peaks are of run {peaks.run}, {abs(days):.0f} days {'before' if days > 0 else 'after'} this one",
            "measure them again: bench run 'calibration/*'",
        )


def _ends(found: Interval) -> str:
    return (
        "(not known)" if found.low is None or found.high is None else f"[{_seconds(found.low)}, {_seconds(found.high)}]"
    )


def _seconds(value: float) -> str:
    """Write a time with its unit."""
    for factor, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"
