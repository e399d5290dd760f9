"""The datum of a launch: the median of its kept blocks, per case, phase and clock."""

from __future__ import annotations

import pandas as pd

from bench.records import Outcome
from bench.stats.robust import MAD_TO_SD, OUTLIER_SCORE
from bench.store.tables import RunData

SERIES = ["key", "phase", "clock", "launch"]


def launch_medians(data: RunData) -> pd.DataFrame:
    """A row a case, phase, clock and launch: median_s, fastest_s, blocks, outliers, block_s, process, of `ok` launches.

    median_s, fastest_s: seconds per step, of the median block and of the fastest. outliers: blocks whose modified
    z-score within the launch is above 3.5. block_s: median length of a block in seconds.
    """
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
    # Where more than half of the blocks are alike the spread is 0 and no distance can be called far.
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
