"""The data of a launch: median, mean and fastest of its kept blocks, for each case, phase and clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, get_args

import pandas as pd

from bench.analyse.rows.columns import rows_of
from bench.analyse.rows.kept_blocks import kept_blocks, with_cpu_clock
from bench.records import Outcome, UserError
from bench.series import STEP, Series
from bench.stats.robust import MAD_TO_SD, OUTLIER_SCORE
from bench.store.tables import RunData

SERIES = ["key", "phase", "clock", "launch"]

Statistic = Literal["median", "mean", "min"]
"""What stands for the blocks of a launch: the typical block, what a step costs on the whole, or the fastest block."""

STATISTICS: tuple[Statistic, ...] = get_args(Statistic)


class LaunchTime(NamedTuple):
    """Statistics of the kept blocks of one launch, for one phase of a case on one clock."""

    launch: int
    process: str
    """Identity of the worker process; times from one process are compared as pairs."""
    median_s: float
    """Seconds per step of the median block."""
    mean_s: float
    """Seconds per step of all blocks together: their total time ÷ their steps."""
    fastest_s: float
    """Seconds per step of the fastest block."""
    blocks: int
    outliers: int
    """Number of blocks whose modified z-score within the launch is above 3.5."""
    block_s: float
    """Median length of a block in seconds."""

    def by(self, statistic: Statistic) -> float:
        """Seconds per step by one of these statistics."""
        return {"median": self.median_s, "mean": self.mean_s, "min": self.fastest_s}[statistic]


def known_statistic(name: str) -> Statistic:
    """The statistic of this name. Raises `UserError` for another name."""
    found = next((each for each in STATISTICS if each == name), None)
    if found is None:
        raise UserError(f"there is no statistic '{name}'; choose one of {', '.join(STATISTICS)}")
    return found


class LaunchTimes:
    """The times of the launches of a run, computed once, in the order of the launches."""

    def __init__(self, data: RunData) -> None:
        self._of: dict[tuple[str, Series], list[LaunchTime]] = {}
        self._series: dict[str, list[Series]] = {}
        names = ("key", "phase", "clock", *LaunchTime._fields)
        for key, phase, clock, *datum in rows_of(launch_times(data), *names):
            series = Series(phase, clock)
            if (key, series) not in self._of:
                self._of[key, series] = []
                self._series.setdefault(key, []).append(series)
            self._of[key, series].append(LaunchTime(*datum))

    def of(self, key: str, series: Series) -> list[LaunchTime]:
        """The times of one phase of a case on one clock, one for each launch; empty if it was not timed."""
        return self._of.get((key, series), [])

    def clocks(self, key: str) -> list[str]:
        """The clocks that timed the step of a case, in that order."""
        return [series.clock for series in self._series.get(key, ()) if series.phase == STEP]

    def phases(self, key: str) -> Iterator[tuple[Series, list[LaunchTime]]]:
        """Every phase of a case besides the step, on each of its clocks."""
        return ((series, self._of[key, series]) for series in self._series.get(key, ()) if series.phase != STEP)

    def steps(self) -> Iterator[tuple[str, str, list[LaunchTime]]]:
        """The key and clock of every case whose step was timed, and its times."""
        return ((key, series.clock, found) for (key, series), found in self._of.items() if series.phase == STEP)


def launch_times(data: RunData, cpu_clock: bool = True) -> pd.DataFrame:
    """A row for each case, phase, clock and launch that ended well, with the fields of `LaunchTime`.

    cpu_clock: whether the step of cases on the CPU has the clock `cpu` too.
    """
    kept = with_cpu_clock(kept_blocks(data)) if cpu_clock else kept_blocks(data)
    frame = pd.DataFrame(
        {
            # Categories: grouping a hundred thousand texts takes five times as long as grouping their codes.
            "key": kept["key"].astype("category"),
            "phase": kept["phase"].astype("category"),
            "clock": kept["clock"].astype("category"),
            "launch": kept["launch"].astype("int64"),
            "steps": kept["steps"],
            "step_s": kept["total_ns"] / kept["steps"] / 1e9,
            "total_s": kept["total_ns"] / 1e9,
        }
    )
    series = frame.groupby(SERIES, observed=True, sort=False)
    frame["distance"] = (frame["step_s"] - series["step_s"].transform("median")).abs()
    spread = MAD_TO_SD * series["distance"].transform("median")
    # If more than half of the blocks are equal, the spread is 0 and no distance can be called large.
    frame["outlier"] = (frame["distance"] > OUTLIER_SCORE * spread) & (spread > 0)
    times = series.agg(
        median_s=("step_s", "median"),
        fastest_s=("step_s", "min"),
        blocks=("step_s", "size"),
        outliers=("outlier", "sum"),
        block_s=("total_s", "median"),
        total_s=("total_s", "sum"),
        steps=("steps", "sum"),
    ).reset_index()
    times["mean_s"] = times["total_s"] / times["steps"]
    times[["key", "phase", "clock"]] = times[["key", "phase", "clock"]].astype("string")
    well = (data.launches["outcome"] == Outcome.OK) & (data.launches["side"] == "")
    ended_well = data.launches.loc[well, ["key", "launch", "process"]]
    return times.merge(ended_well, on=["key", "launch"])
