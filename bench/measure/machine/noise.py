"""Reading the machine's noise: the same small piece of work, block after block, for some seconds."""

from __future__ import annotations

import torch

from bench.measure.machine import foreign_load
from bench.measure.timing import blocks, clocks
from bench.measure.timing.clocks import Clock
from bench.measure.timing.garbage_collector import quiet_garbage
from bench.protocol import NoiseReading

SIZE = 64
"""A product of 64×64 fits the first-level cache, so that the machine varies and not the memory."""


def read_noise(seconds: float, clock: Clock) -> NoiseReading:
    """Time blocks of about 1 ms of 64×64 products for `seconds`."""
    a = torch.ones(SIZE, SIZE)
    resolution, cost = clocks.resolution_ns(clock), clocks.cost_ns(clock)

    def step() -> torch.Tensor:
        return torch.mm(a, a)

    def time(steps: int) -> int:
        return blocks.time_block(clock, step, steps, blocks.nothing)

    target = blocks.shortest_block_ns(1e-3, resolution, blocks.empty_call_ns(clock))
    blocks.calibrate(time, target)  # twice: the first one warms up
    steps = blocks.calibrate(time, target)
    starts, totals = [], []
    foreign, before = foreign_load.ForeignLoad(), foreign_load.preemptions()
    ends = clock() + round(seconds * 1e9)
    with quiet_garbage():
        while (now := clock()) < ends:
            starts.append(now)
            totals.append(time(steps))
    after = foreign_load.preemptions()
    switched = after - before if before is not None and after is not None else None
    return NoiseReading(starts, totals, switched, foreign.cores(), resolution, cost)
