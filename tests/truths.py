"""How a measured ratio is held to the one that was planted, so that a busy machine does not make an honest one fail."""

from __future__ import annotations

import pandas as pd


def interval_holds(truth: float, value: float, low: float | None, high: float | None, within: float) -> bool:
    """Is the truth in the interval, or no more than a share `within` beside it? Without one: beside the value."""
    low, high = (value, value) if low is None or high is None else (low, high)
    return low * (1 - within) <= truth <= high * (1 + within)


def pairs_hold(truth: float, pairs: pd.DataFrame, within: float) -> bool:
    """Is head ÷ base of lockstep pairs the truth, give or take a share `within`?

    pairs: as a run keeps them. Held to it are the quickest blocks of either side: whoever else is busy makes blocks
    longer, even most of them, and none shorter. What an estimate makes of all blocks is tried on made-up ones.
    """
    base, head = (float((pairs[f"{side}_ns"] / pairs["steps"]).min()) for side in ("base", "head"))
    return abs(head / base / truth - 1) <= within
