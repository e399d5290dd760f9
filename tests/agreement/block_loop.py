"""Does our block loop time like torch.utils.benchmark.Timer? Interleaved in one process, on steps of at least 20 us.

    python tests/agreement/block_loop.py

For each step: 30 rounds, each of 25 couples of 1 ms blocks of the same n, one ours and one the Timer's, in an order
drawn for each couple. A round's datum is the median of its log-ratios ours ÷ Timer, so that a disturbance of the
machine spoils a couple and not the round. Prints their median with its 90 % interval by order statistics (the two
one-sided tests at 5 % of an equivalence test), and fails where that interval leaves ±2 %.
"""

from __future__ import annotations

import gc
import math
import random
import statistics
import sys
from collections.abc import Callable

import torch
from torch.utils.benchmark import Timer

from bench.measure.timing import blocks, clocks

ROUNDS, COUPLES = 30, 25
MARGIN = 0.02
BLOCK_NS = 1e6
"""The harness's own block length."""


def rank_of_90_percent(n: int) -> int:
    """The largest rank r for which [x(r), x(n+1-r)] covers the median 90 % of the time."""
    rank, tail = 0, 0.0
    while (wider := tail + math.comb(n, rank) / 2**n) <= 0.05:
        rank, tail = rank + 1, wider
    return rank


def compare(step: Callable[[], object], seed: int) -> tuple[float, float, float, float]:
    """(step in us, ratio, low, high) over `ROUNDS` interleaved rounds."""
    dice = random.Random(seed)
    timer = Timer("step()", globals={"step": step})

    def ours(n: int) -> float:
        for _ in range(max(n // 100, 2)):  # the Timer warms up so before each of its blocks
            step()
        return blocks.time_block(clocks.wall, step, n, blocks.nothing)

    def theirs(n: int) -> float:
        return timer.timeit(n).raw_times[0] * 1e9

    n = blocks.calibrate(lambda steps: int(ours(steps)), BLOCK_NS)

    def couple() -> float:
        order = [ours, theirs]
        dice.shuffle(order)
        times = {time: time(n) for time in order}
        return math.log(times[ours] / times[theirs])

    gc.collect()
    gc.disable()  # ours is off in blocks; the Timer leaves the collector as it finds it
    couple()
    ratios = sorted(math.exp(statistics.median(couple() for _ in range(COUPLES))) for _ in range(ROUNDS))
    gc.enable()
    rank = rank_of_90_percent(ROUNDS)
    return ours(n) / n / 1e3, statistics.median(ratios), ratios[rank - 1], ratios[ROUNDS - rank]


def main() -> int:
    """Print the table; 0 where every interval lies inside the margin."""
    torch.set_num_threads(1)
    a, x = torch.randn(128, 128), torch.randn(100_000)
    net = torch.nn.Sequential(torch.nn.Linear(1, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))
    rows = torch.randn(800, 1)
    steps: dict[str, Callable[[], object]] = {
        "product 128×128": lambda: torch.mm(a, a),
        "sine of 100,000": lambda: torch.sin(x),
        "small net, 800 rows": lambda: net(rows),
    }
    print(f"{'step':22}{'us':>8}{'ratio':>9}{'90 % interval':>20}")
    agree = True
    for seed, (name, step) in enumerate(steps.items()):
        us, ratio, low, high = compare(step, seed)
        inside = 1 - MARGIN <= low <= high <= 1 + MARGIN
        agree &= inside and us >= 20
        print(f"{name:22}{us:8.1f}{ratio:9.4f}    [{low:.4f}, {high:.4f}]{'' if inside else '  OUTSIDE ±2 %'}")
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
