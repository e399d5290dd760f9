"""The datum of a launch: the median of its kept blocks, for each case, phase and clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from bench.analyse.rows.columns import rows_of
from bench.records import Outcome
from bench.series import STEP, Series
from bench.stats.robust import MAD_TO_SD, OUTLIER_SCORE
from bench.store.tables import RunData

SERIES = ["key", "phase", "clock", "launch"]


class LaunchMedian(NamedTuple):
    """Statistics of the kept blocks of one launch, for one phase of a case on one clock."""

    launch: int
    process: str
    """Identity of the worker process; medians from one process are compared as pairs."""
    median_s: float
    """Seconds per step of the median block."""
    fastest_s: float
    """Seconds per step of the fastest block."""
    blocks: int
    outliers: int
    """Number of blocks whose modified z-score within the launch is above 3.5."""
    block_s: float
    """Median length of a block in seconds."""


class Medians:
    """The medians of the launches of a run, computed once, in the order of the launches."""

    def __init__(self, data: RunData) -> None:
        self._of: dict[tuple[str, Series], list[LaunchMedian]] = {}
        self._series: dict[str, list[Series]] = {}
        names = ("key", "phase", "clock", *LaunchMedian._fields)
        for key, phase, clock, *datum in rows_of(launch_medians(data), *names):
            series = Series(phase, clock)
            if (key, series) not in self._of:
                self._of[key, series] = []
                self._series.setdefault(key, []).append(series)
            self._of[key, series].append(LaunchMedian(*datum))

    def of(self, key: str, series: Series) -> list[LaunchMedian]:
        """The medians of one phase of a case on one clock, one for each launch; empty if it was not timed."""
        return self._of.get((key, series), [])

    def clocks(self, key: str) -> list[str]:
        """The clocks that timed the step of a case, in that order."""
        return [series.clock for series in self._series.get(key, ()) if series.phase == STEP]

    def phases(self, key: str) -> Iterator[tuple[Series, list[LaunchMedian]]]:
        """Every phase of a case besides the step, on each of its clocks."""
        return ((series, self._of[key, series]) for series in self._series.get(key, ()) if series.phase != STEP)

    def steps(self) -> Iterator[tuple[str, str, list[LaunchMedian]]]:
        """The key and clock of every case whose step was timed, and its medians."""
        return ((key, series.clock, found) for (key, series), found in self._of.items() if series.phase == STEP)


def launch_medians(data: RunData) -> pd.DataFrame:
    """A row for each case, phase, clock and launch that ended well, with the fields of `LaunchMedian`."""
    kept = data.blocks[data.blocks["kept"].astype(bool) & (data.blocks["side"] == "")]
    frame = pd.DataFrame(
        {
            # Categories: grouping a hundred thousand texts takes five times as long as grouping their codes.
            "key": kept["key"].astype("category"),
            "phase": kept["phase"].astype("category"),
            "clock": kept["clock"].astype("category"),
            "launch": kept["launch"].astype("int64"),
            "step_s": kept["total_ns"] / kept["steps"] / 1e9,
            "total_s": kept["total_ns"] / 1e9,
        }
    )
    series = frame.groupby(SERIES, observed=True, sort=False)
    frame["distance"] = (frame["step_s"] - series["step_s"].transform("median")).abs()
    spread = MAD_TO_SD * series["distance"].transform("median")
    # If more than half of the blocks are equal, the spread is 0 and no distance can be called large.
    frame["outlier"] = (frame["distance"] > OUTLIER_SCORE * spread) & (spread > 0)
    medians = series.agg(
        median_s=("step_s", "median"),
        fastest_s=("step_s", "min"),
        blocks=("step_s", "size"),
        outliers=("outlier", "sum"),
        block_s=("total_s", "median"),
    ).reset_index()
    medians[["key", "phase", "clock"]] = medians[["key", "phase", "clock"]].astype("string")
    well = (data.launches["outcome"] == Outcome.OK) & (data.launches["side"] == "")
    ended_well = data.launches.loc[well, ["key", "launch", "process"]]
    return medians.merge(ended_well, on=["key", "launch"])
