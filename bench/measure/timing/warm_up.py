"""The end of warm-up: when two adjacent windows of blocks differ by no more than their own sampling error."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass

# Two-sided 95 % points of Student's t with 2w - 2 degrees of freedom, by window length w (Student 1908; any table).
# Windows of independent, identically distributed normal blocks pass at least this often; heavier tails pass more often.
T_95 = {2: 4.303, 3: 2.776, 4: 2.447, 5: 2.306}

LONG_BLOCK_NS = 20e6
"""Blocks longer than this use the shortest windows: ten of them would spend a launch on warming up."""


@dataclass(frozen=True)
class WarmUp:
    """How warm-up ended. `steady` is False where the cap came first; `calls` and `ns` are what it took."""

    steady: bool
    calls: int
    ns: int


def agree(earlier: list[float], later: list[float]) -> bool:
    """Do two windows of w block times (ns) have the same mean, as far as w blocks can show?

    Student's two-sample t on logarithms, pooled variance: |difference| <= t * s * sqrt(2 / w).
    """
    window = len(earlier)
    before, after = [math.log(x) for x in earlier], [math.log(x) for x in later]
    pooled = math.sqrt((statistics.variance(before) + statistics.variance(after)) / 2)
    difference = abs(statistics.fmean(before) - statistics.fmean(after))
    # Identical blocks have no spread (a coarse clock): equal means are then steady, unequal ones are not.
    return difference <= T_95[window] * pooled * math.sqrt(2 / window)


def warm_up(time_block: Callable[[], int], steps: int, floor_ns: float, cap_ns: float) -> WarmUp:
    """Run blocks of `steps` calls until the last two windows agree, for at least `floor_ns` and at most `cap_ns`.

    The cap never ends it before both windows are full, so that a step longer than the cap still runs four times.
    """
    times: list[float] = []
    spent = 0
    while True:
        block = max(time_block(), 1)
        times.append(block)
        spent += block
        window = 2 if statistics.median(times) > LONG_BLOCK_NS else 5
        if len(times) < 2 * window or spent < floor_ns:
            continue
        if agree(times[-2 * window : -window], times[-window:]):
            return WarmUp(True, steps * len(times), spent)
        if spent >= cap_ns:
            return WarmUp(False, steps * len(times), spent)
