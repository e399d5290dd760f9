"""The end of warm-up: when two adjacent windows of blocks differ by no more than their own sampling error.

The first launch of a case learns how much it takes until a step is as fast as it stays; later launches of the case warm
up by that, and do not test again: what a process loads and fills at its first steps is the same in each.
"""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from bench.cold_blocks import COLD_NS

# Two-sided 95 % points of Student's t with 2w - 2 degrees of freedom, by window length w (Student 1908; any table).
# Windows of independent, identically distributed normal blocks pass at least this often; heavier tails pass more often.
T_95 = {2: 4.303, 3: 2.776, 4: 2.447, 5: 2.306}

LONG_BLOCK_NS = 20e6
"""Blocks longer than this use the shortest windows: ten of them would spend a launch on warming up."""

SETTLED = 0.05
"""A window of blocks is as fast as the last ones if they differ by no more than this: the medians of five blocks of a
quiet machine differ by 2 % within a second."""

MARGIN = 1.5
"""A later launch warms up for this many times what the first one needed: processes differ."""


class WarmBlock(NamedTuple):
    """A block of warm-up: so many steps took so many ns."""

    steps: int
    ns: int


@dataclass(frozen=True)
class WarmUp:
    """How warm-up ended, and what it took."""

    steady: bool | None
    """False where the cap came first; None where an earlier launch said how long to warm up."""
    calls: int
    ns: int
    step_ns: float
    """Time of a step at the end: the median of the last blocks."""
    settled_calls: int | None
    """Calls until the step was as fast as at the end, which later launches warm up by; None in these."""
    settled_ns: int | None


@dataclass(frozen=True)
class Learned:
    """What an earlier launch needed until the step was as fast as it stayed."""

    calls: int
    ns: int


def agree(earlier: Sequence[float], later: Sequence[float]) -> bool:
    """Do two windows of w times of a step (ns) have the same mean, as far as w blocks can show?

    Student's two-sample t on logarithms, pooled variance: |difference| <= t * s * sqrt(2 / w).
    """
    window = len(earlier)
    before, after = [math.log(x) for x in earlier], [math.log(x) for x in later]
    pooled = math.sqrt((statistics.variance(before) + statistics.variance(after)) / 2)
    difference = abs(statistics.fmean(before) - statistics.fmean(after))
    # Identical blocks have no spread (a coarse clock): equal means are then steady, unequal ones are not.
    return difference <= T_95[window] * pooled * math.sqrt(2 / window)


def warm_up(time_block: Callable[[], WarmBlock], floor_ns: float, cap_ns: float) -> WarmUp:
    """Run blocks until the last two windows agree, for at least `floor_ns` and at most `cap_ns`.

    The cap never ends it before both windows are full, so that a step longer than the cap still runs four times. Each
    block costs the same, however many came before: a step of 5 us that cannot be repeated in a block makes 20,000.
    """
    blocks: list[WarmBlock] = []
    latest: deque[float] = deque(maxlen=2 * max(T_95))
    spent = 0
    while True:
        block = time_block()
        blocks.append(block)
        latest.append(max(block.ns, 1) / block.steps)
        spent += block.ns
        window = 2 if block.ns > LONG_BLOCK_NS else 5
        if len(latest) < 2 * window or spent < floor_ns:
            continue
        last = list(islice(latest, len(latest) - 2 * window, None))
        if agree(last[:window], last[window:]):
            return _ended(True, blocks, window)
        if spent >= cap_ns:
            return _ended(False, blocks, window)


def warm_up_as_before(time_block: Callable[[], WarmBlock], learned: Learned, least: int) -> WarmUp:
    """Run blocks for `MARGIN` times the calls that an earlier launch needed, for at least its time.

    Calls are what fills caches and ends the profiling of a script; time is what a clock rate needs to rise.
    least: fewest blocks; of those after which nothing is cold the first is enough.
    """
    blocks = [time_block()]
    calls, ns = blocks[0]
    fewest = 1 if ns > COLD_NS else least
    while len(blocks) < fewest or calls < MARGIN * learned.calls or ns < learned.ns:
        blocks.append(block := time_block())
        calls, ns = calls + block.steps, ns + block.ns
    step_ns = statistics.median(max(block.ns, 1) / block.steps for block in blocks[-10:])
    return WarmUp(None, calls, ns, step_ns, None, None)


def _ended(steady: bool, blocks: Sequence[WarmBlock], window: int) -> WarmUp:
    """Sum the blocks up, and look when the step was first as fast as in the last windows."""
    step_ns = statistics.median(max(block.ns, 1) / block.steps for block in blocks[-2 * window :])
    settled = _settled(blocks, step_ns, window)
    return WarmUp(
        steady=steady,
        calls=sum(block.steps for block in blocks),
        ns=sum(block.ns for block in blocks),
        step_ns=step_ns,
        settled_calls=sum(block.steps for block in blocks[:settled]),
        settled_ns=sum(block.ns for block in blocks[:settled]),
    )


def _settled(blocks: Sequence[WarmBlock], step_ns: float, window: int) -> int:
    """How many blocks came before the first window that is as fast as the end."""
    for start in range(0, len(blocks) - window, window):
        part = [block.ns / block.steps for block in blocks[start : start + window]]
        if statistics.median(part) <= step_ns * (1 + SETTLED):
            return start
    return max(0, len(blocks) - window)
