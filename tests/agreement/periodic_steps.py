"""Does the interval of the mean hold the true mean of a step that is dear in every k-th call? On a simulated clock.

    python -m tests.agreement.periodic_steps [--runs 200] [--seed 0]

A process counts its calls: the first one, those that warm it up and find n, and those of its blocks. In every k-th a
step costs m times as much, k = 2 … 64, m = 2 … 20, with steps from 20 µs to 20 ms. Launches differ by 1.5 % and blocks
by 2 %, and warm-up ends after the same time in each launch, so that launches see nearly the same calls: this is the
hard case, "locked". It is compared with launches that begin their blocks after a number of calls drawn from 0 … 63.
An interval that is not given counts as one that misses.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bench.measure.timing.blocks import calibrate
from bench.stats.coverage_simulation import exact_bounds
from bench.stats.mean_cost import LaunchBlocks, mean

LAUNCH_SD, BLOCK_SD = 0.015, 0.02
WARM_S, BLOCK_S, LAUNCHES = 0.1, 1e-3, 6

STEPS_S = (20e-6, 200e-6, 2e-3, 20e-3)
PERIODS = (2, 3, 4, 5, 8, 12, 16, 32, 64)
FACTORS = (2, 5, 10, 20)


@dataclass(frozen=True)
class Layout:
    """Visits of a launch, blocks of a visit (the first is left out), and the calls that may come before the first."""

    name: str
    visits: int
    blocks: int
    phases: int = 1


LAYOUTS = (
    Layout("quick, 3 visits of 5", 3, 5),
    Layout("quick, phases drawn", 3, 5, 64),
    Layout("default, 4 visits of 5", 4, 5),
    Layout("default, phases drawn", 4, 5, 64),
    Layout("4 visits of 9", 4, 9),
    Layout("4 visits of 9, phases drawn", 4, 9, 64),
    Layout("4 visits of 17", 4, 17),
    Layout("4 visits of 17, phases drawn", 4, 17, 64),
)


class Process:
    """A process on a simulated clock whose step is dear in every `period`-th call."""

    def __init__(self, step_s: float, period: int, factor: float) -> None:
        self._step_s, self._period, self._factor = step_s, period, factor
        self._calls = 0

    def call(self, steps: int) -> float:
        """Seconds of the next `steps` calls."""
        before, self._calls = self._calls // self._period, self._calls + steps
        return self._step_s * (steps + (self._factor - 1) * (self._calls // self._period - before))


def launches(
    rng: np.random.Generator, step_s: float, period: int, factor: float, layout: Layout
) -> Iterator[LaunchBlocks]:
    """The kept blocks of the launches of one run. n is found in the first, as in a real one."""
    steps = 0
    for _ in range(LAUNCHES):
        process = Process(step_s * math.exp(rng.normal(0, LAUNCH_SD)), period, factor)
        process.call(1)
        spent = 0.0
        while spent < WARM_S * math.exp(rng.normal(0, 0.02)):
            spent += process.call(1)
        steps = steps or calibrate(lambda n, process=process: round(1e9 * process.call(n)), BLOCK_S * 1e9)  # type: ignore[misc]
        process.call(int(rng.integers(layout.phases)))
        seconds = [
            process.call(steps) * math.exp(rng.normal(0, BLOCK_SD)) for _ in range(layout.visits * layout.blocks)
        ]
        kept = [total for place, total in enumerate(seconds) if place % layout.blocks]
        yield LaunchBlocks([steps] * len(kept), kept)


@dataclass(frozen=True)
class Seen:
    """One run: the truth against its interval."""

    step_s: float
    period: int
    factor: float
    holds: bool
    half_width: float
    """As a share of the mean; infinite where the interval is not given."""


def simulate(layout: Layout, runs: int, seed: int) -> list[Seen]:
    """Simulate `runs` runs, each at a place of the grid drawn at random."""
    rng = np.random.default_rng(seed)
    grid = list(itertools.product(STEPS_S, PERIODS, FACTORS))
    found = []
    for _ in range(runs):
        step_s, period, factor = grid[rng.integers(len(grid))]
        truth = step_s * (1 + (factor - 1) / period) * math.exp((LAUNCH_SD**2 + BLOCK_SD**2) / 2)
        seen = mean(list(launches(rng, step_s, period, factor, layout)))
        if seen.low is None or seen.high is None:
            found.append(Seen(step_s, period, factor, False, math.inf))
        else:
            half = (seen.high - seen.low) / 2 / seen.value
            found.append(Seen(step_s, period, factor, seen.low <= truth <= seen.high, half))
    return found


def main() -> None:
    """Print a row for each layout."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=200)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    print("| blocks of a launch | the mean is held | 99 % bounds | not given | median half-width | steps of 20 ms |")
    print("| --- | --- | --- | --- | --- | --- |")
    for layout in LAYOUTS:
        seen = simulate(layout, chosen.runs, chosen.seed)
        held = sum(each.holds for each in seen)
        low, high = exact_bounds(held, len(seen))
        slow = [each.holds for each in seen if each.step_s == STEPS_S[-1]]
        print(
            f"| {layout.name} | {held / len(seen):.1%} | {low:.1%} – {high:.1%} "
            f"| {np.mean([math.isinf(each.half_width) for each in seen]):.1%} "
            f"| ±{np.median([each.half_width for each in seen]):.1%} | {np.mean(slow):.1%} |"
        )


if __name__ == "__main__":
    main()
