"""The blocks that count: as they were stored, and of cases on the CPU their CPU time as a clock of its own."""

from __future__ import annotations

import pandas as pd

from bench.records import Outcome
from bench.series import CPU, STEP, WALL
from bench.store.tables import RunData


def kept_blocks(data: RunData) -> pd.DataFrame:
    """The kept blocks of a run, of all its phases and clocks, as they were stored; none of a lockstep pair."""
    return data.blocks[data.blocks["kept"].astype(bool) & (data.blocks["side"] == "")]


def step_blocks(data: RunData) -> pd.DataFrame:
    """The kept blocks of steps, of launches that ended well, in the order they were timed."""
    well = (data.launches["outcome"] == Outcome.OK) & (data.launches["side"] == "")
    kept = kept_blocks(data)
    steps = kept[kept["phase"] == STEP].merge(data.launches.loc[well, ["key", "launch"]], on=["key", "launch"])
    return steps.sort_values(["launch", "visit", "index"], kind="stable")


def with_cpu_clock(blocks: pd.DataFrame) -> pd.DataFrame:
    """Blocks, and those of the step a second time on the clock `cpu`, where their CPU time is known.

    A case of which some block took no CPU time has none: the system counts too coarsely for its blocks.
    """
    timed = blocks[(blocks["phase"] == STEP) & (blocks["clock"] == WALL) & blocks["cpu_ns"].notna()]
    coarse = timed.loc[timed["cpu_ns"] <= 0, "key"].unique()
    timed = timed[~timed["key"].isin(coarse)]
    if timed.empty:
        return blocks
    texts = dict.fromkeys(("key", "phase", "clock"), "string")  # a lean frame has categories
    on_cpu = timed.astype(texts).assign(clock=pd.Series(CPU, timed.index, "string"))
    return pd.concat([blocks.astype(texts), on_cpu.assign(total_ns=timed["cpu_ns"].astype("int64"))], ignore_index=True)
