"""Another timer beside ours, on the same step in the same process: torch's own."""

from __future__ import annotations

import random

import torch
from torch.utils.benchmark import Timer

from bench.measure.blocks import Step, nothing, time_block
from bench.measure.clocks import Clock
from bench.measure.garbage import quiet_garbage

LONGEST_NS, FEWEST_COUPLES = 300_000_000, 5
"""No couple is begun after so many ns of timed blocks, but five are had: a step of 30 ms runs six times a couple."""


def beside_timer(step: Step, steps: int, clock: Clock, couples: int, seed: str) -> list[tuple[int, int]]:
    """Totals in ns of blocks of `steps`, (ours, torch's Timer's), taking turns in random order; `couples` at most. CPU
    only.

    Before each of its blocks the Timer makes max(steps/100, 2) calls that it does not time (torch 2.13,
    `Timer._timeit`); ours are given as many, or one cold call in some tens would be held against us.
    """
    dice = random.Random(seed)
    timer = Timer("step()", globals={"step": step}, num_threads=torch.get_num_threads())  # its own default is one

    def ours() -> int:
        for _ in range(max(steps // 100, 2)):
            step()
        return time_block(clock, step, steps, nothing)

    def theirs() -> int:
        return round(timer.timeit(steps).raw_times[0] * 1e9)

    found: list[tuple[int, int]] = []
    with quiet_garbage():
        for couple in range(couples):
            if couple >= FEWEST_COUPLES and sum(a + b for a, b in found) > LONGEST_NS:
                break
            if dice.random() < 0.5:
                first = ours()
                found.append((first, theirs()))
            else:
                first = theirs()
                found.append((ours(), first))
    return found
