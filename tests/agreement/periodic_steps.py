"""Does the interval of the mean hold the true mean of a step that is dear in every k-th call? On a simulated clock.

    python -m tests.agreement.periodic_steps [--runs 200] [--seed 0]

The session of a worker and the rule of visits are the real ones: first call, warm-up, n, visits of blocks. In every
k-th call of a process the step costs m times as much, k = 2 … 64, m = 2 … 20, with steps from 20 µs to 20 ms. Launches
differ by 1.5 % and calls by 2 %. A case alone, whose launch costs 0.7 s, nearly all of it for the start of its process,
and a case among the many of the quick preset, whose launch costs 0.05 s. An interval that is not given counts as one
that misses.
"""

from __future__ import annotations

import argparse
import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.measure.author.import_workload import module_of
from bench.measure.dispatcher import Dispatcher
from bench.plan.catalog import find
from bench.protocol import Close, Open, Opened, Visit, Visited
from bench.records import Block, Case, CaseLaunch, Settings
from bench.runner.launches.visits import Visits
from bench.series import STEP, Series
from bench.stats.coverage_simulation import exact_bounds
from bench.stats.mean_cost import LaunchBlocks, mean
from tests.simulated import SimulatedClock

FILE = Path(__file__).parents[1] / "workload_files" / "periodic.py"
SOURCE = find([FILE], installed=False)["periodic/periodic"].source
KEY = Case.of("periodic/periodic", {}).key
TIMED = Series(STEP, "wall")

LAUNCH_SD, CALL_SD = 0.015, 0.02
LAUNCHES = 6

STEPS_S = (20e-6, 200e-6, 2e-3, 5e-3, 20e-3)
PERIODS = (2, 3, 4, 5, 8, 12, 16, 32, 64)
FACTORS = (2, 5, 10, 20)


@dataclass(frozen=True)
class Layout:
    """How a run is measured: its settings, and what a launch of the case costs before its first visit."""

    name: str
    settings: Settings
    launch_s: float
    start_s: float


LAYOUTS = (
    Layout("a case alone", Settings(), 0.7, 0.65),
    Layout("one of the quick preset", Settings(launches=6, visits=3), 0.05, 0.02),
)


def launches(
    rng: np.random.Generator, step_s: float, period: int, factor: float, layout: Layout
) -> Iterator[LaunchBlocks]:
    """The kept blocks of each launch of one run."""
    costs: Any = module_of(SOURCE).COSTS
    visits, dice = Visits(layout.settings), random.Random(int(rng.integers(2**31)))
    known: dict[str, Any] = {}
    for launch in range(LAUNCHES):
        costs.clock = SimulatedClock(cost_ns=20, noise=CALL_SD, seed=int(rng.integers(2**31)))
        costs.step_ns = step_s * 1e9 * math.exp(rng.normal(0, LAUNCH_SD))
        costs.period, costs.factor, costs.calls = period, factor, 0
        dispatcher = Dispatcher(lambda stage: None, costs.clock)
        opened = dispatcher.answer(Open(KEY, SOURCE, layout.settings, count=False, memory=False, **known))
        assert isinstance(opened, Opened), opened
        facts, steps = opened.facts, opened.steps[TIMED]
        if not known:
            settled = {"warm_calls": facts["settled_calls"], "warm_ns": facts["settled_ns"]}
            known = {"steps": opened.steps, **settled}
        block_s = facts["warm_ns"] / facts["warm_calls"] * steps / 1e9
        plan = visits.plan(KEY, layout.launch_s, layout.start_s, block_s, steps)
        blocks: list[Block] = []
        for visit in range(plan.visits):
            visited = dispatcher.answer(Visit(KEY, blocks=plan.drawn(dice), skip=plan.skipped(dice, visit)))
            assert isinstance(visited, Visited), visited
            blocks += [block.at(KEY, launch, visit) for block in visited.blocks]
        dispatcher.answer(Close(KEY))
        timed_s = sum(block.total_ns for block in blocks) / 1e9
        visits.add(CaseLaunch(KEY, launch, seconds={"blocks": timed_s}), blocks)
        kept = [block for block in blocks if block.kept]
        yield LaunchBlocks([block.steps for block in kept], [block.total_ns / 1e9 for block in kept])


@dataclass(frozen=True)
class Seen:
    """One run: the truth against its interval."""

    step_s: float
    period: int
    factor: float
    holds: bool
    half_width: float
    """As a share of the mean; infinite where the interval is not given."""
    steps: float
    """Kept steps of a launch, on the mean."""


def simulate(layout: Layout, runs: int, seed: int) -> list[Seen]:
    """Simulate `runs` runs, each at a place of the grid drawn at random."""
    rng = np.random.default_rng(seed)
    grid = list(itertools.product(STEPS_S, PERIODS, FACTORS))
    found = []
    for _ in range(runs):
        step_s, period, factor = grid[rng.integers(len(grid))]
        truth = step_s * (1 + (factor - 1) / period) * math.exp(LAUNCH_SD**2 / 2)
        data = list(launches(rng, step_s, period, factor, layout))
        seen, steps = mean(data), float(np.mean([sum(each.steps) for each in data]))
        if seen.low is None or seen.high is None:
            found.append(Seen(step_s, period, factor, False, math.inf, steps))
        else:
            half = (seen.high - seen.low) / 2 / seen.value
            found.append(Seen(step_s, period, factor, seen.low <= truth <= seen.high, half, steps))
    return found


def main() -> None:
    """Print a row for each layout and length of a step."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=200)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    print("| | steps | the mean is held | 99 % bounds | not given | median half-width | kept steps of a launch |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for layout in LAYOUTS:
        seen = simulate(layout, chosen.runs, chosen.seed)
        lengths = {f"{step_s * 1e3:g} ms": [one for one in seen if one.step_s == step_s] for step_s in STEPS_S}
        for name, part in {"all": seen, **lengths}.items():
            held = sum(each.holds for each in part)
            low, high = exact_bounds(held, len(part))
            print(
                f"| {layout.name} | {name} | {held / len(part):.1%} | {low:.1%} – {high:.1%} "
                f"| {np.mean([math.isinf(each.half_width) for each in part]):.1%} "
                f"| ±{np.median([each.half_width for each in part]):.1%} "
                f"| {np.median([each.steps for each in part]):.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
