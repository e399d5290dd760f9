"""The ratio of each lockstep pair, and an estimate from the pairs with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bench.analyse.estimate import Estimate
from bench.cold_blocks import lockstep_ns
from bench.records import SIDES
from bench.series import BESIDE, BY
from bench.stats import intervals
from bench.store.tables import RunData

PAIR = ["key", "clock", "pair"]


def pair_ratios(pairs: pd.DataFrame) -> pd.DataFrame:
    """A row for each case, clock and pair of the table `pairs`.

    log_ratio: the pair's one datum, the median over its block pairs of log(head ÷ base): above 0 the head is slower.
    couple_sd, couples: standard deviation and number of the block pairs' log ratios. base_s, head_s: seconds per step,
    medians over the blocks. prepared_first: the side that a coin chose to be prepared first.
    """
    frame = pd.DataFrame(
        {
            "key": pairs["key"].astype("string"),
            "clock": pairs["clock"].astype("string"),
            "pair": pairs["pair"].astype("int64"),
            "prepared_first": pairs["prepared_first"].astype("string"),
            "log_ratio": np.log(pairs["head_ns"].astype("float64") / pairs["base_ns"].astype("float64")),
            "base_s": pairs["base_ns"] / pairs["steps"] / 1e9,
            "head_s": pairs["head_ns"] / pairs["steps"] / 1e9,
        }
    )
    return (
        frame.groupby(PAIR, sort=False)
        .agg(
            log_ratio=("log_ratio", "median"),
            couple_sd=("log_ratio", "std"),
            couples=("log_ratio", "size"),
            base_s=("base_s", "median"),
            head_s=("head_s", "median"),
            prepared_first=("prepared_first", "first"),
        )
        .reset_index()
    )


def seconds_of(pairs: pd.DataFrame) -> float:
    """Seconds that these block pairs took, including the blocks before each that only warm up."""
    blocks = pairs[[f"{side}_ns" for side in SIDES]].to_numpy(dtype=np.float64).ravel()
    return float(sum(map(lockstep_ns, blocks))) / 1e9


def ratio(log_ratios: Sequence[float], confidence: float = intervals.CONFIDENCE) -> Estimate:
    """The median of head ÷ base over pairs, with its interval. Raises `ValueError` without pairs."""
    found = intervals.median(np.exp(np.asarray(log_ratios, dtype=np.float64)).tolist(), confidence, of="pairs")
    return Estimate(found.value, found.low, found.high, found.n, found.method, "ratio")


def ours_over_rival(data: RunData, rival: str) -> pd.DataFrame:
    """A row for each case, pair and side that another timer timed too: the logs of two ratios, ours ÷ theirs.

    log_ratio: the median over blocks of one index; fastest: of the fastest block of each, which other programs have
    made longer the least.
    """
    blocks = data.blocks
    where = ["key", "launch", "side", "index"]
    ours, theirs = (
        blocks.loc[blocks["phase"] == phase + rival, [*where, "total_ns"]].rename(columns={"total_ns": phase})
        for phase in (BESIDE, BY)
    )
    both = ours.merge(theirs, on=where).astype({BESIDE: "float64", BY: "float64"})
    both = both.assign(log_ratio=np.log(both[BESIDE] / both[BY]), pair=both["launch"])
    found = both.groupby(["key", "pair", "side"], sort=False).agg(
        log_ratio=("log_ratio", "median"), ours=(BESIDE, "min"), theirs=(BY, "min")
    )
    return found.assign(fastest=np.log(found["ours"] / found["theirs"]))[["log_ratio", "fastest"]].reset_index()


def lockstep_over_solo(data: RunData) -> pd.DataFrame:
    """A row for each case, clock, pair and side that was timed alone too: log_ratio of the medians, lockstep ÷ solo."""
    pairs, blocks = data.pairs, data.blocks
    turns = pd.concat(
        [
            pd.DataFrame(
                {
                    "key": pairs["key"].astype("string"), "clock": pairs["clock"].astype("string"),
                    "pair": pairs["pair"].astype("int64"), "side": side,
                    "lockstep_s": pairs[f"{side}_ns"] / pairs["steps"] / 1e9,
                }
            )
            for side in SIDES
        ]
    )  # fmt: skip
    alone = blocks[blocks["kept"].astype(bool) & (blocks["phase"] == "step") & blocks["side"].isin(SIDES)]
    solo = pd.DataFrame(
        {
            "key": alone["key"].astype("string"), "clock": alone["clock"].astype("string"),
            "pair": alone["launch"].astype("int64"), "side": alone["side"].astype("object"),
            "solo_s": alone["total_ns"] / alone["steps"] / 1e9,
        }
    )  # fmt: skip
    where = [*PAIR, "side"]
    medians = [frame.groupby(where, sort=False).median().reset_index() for frame in (turns, solo)]
    both = medians[0].merge(medians[1], on=where)
    return both.assign(log_ratio=np.log(both["lockstep_s"] / both["solo_s"]))[[*where, "log_ratio"]]
