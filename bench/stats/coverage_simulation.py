"""How often does a 95 % interval of this harness hold the true median, stopping included? By simulation.

A family draws the medians of blocks that launches would report. Its true median is that of very many launches.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from bench.stats import intervals
from bench.stats.stopping import NarrowTwice

Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]
"""(random generator, launches) → the median block of each launch, relative to 1."""

BLOCKS = 16
"""Kept blocks of a launch, as in the default settings: 4 visits of 4."""

TRUTH_DRAWS = 400_000
"""Launches behind a true median: its own error is then below a hundredth of an interval's width."""

LOT = 1000
"""Launches drawn at a time, for one measurement after the other."""


@dataclass(frozen=True)
class Coverage:
    """How many of the simulated `intervals` hold the truth, and 99 % bounds of that rate."""

    family: str
    covered: int
    intervals: int
    low: float
    high: float
    launches: float
    """Mean launches until the rule stopped."""

    @property
    def rate(self) -> float:
        """The share that holds the truth."""
        return self.covered / self.intervals


def lognormal(rng: np.random.Generator, launches: int) -> NDArray[np.float64]:
    """Launches that differ by 3.5 %, as adjacent processes did on a shared machine."""
    return np.exp(rng.normal(0, 0.035, launches))


def two_humped(share: float) -> Draw:
    """A share of the launches is placed badly and 10 % slow; all differ by 1 % besides."""
    return lambda rng, launches: np.exp(
        np.where(rng.random(launches) < share, 0.10, 0.0) + rng.normal(0, 0.01, launches)
    )


def autocorrelated(rng: np.random.Generator, launches: int) -> NDArray[np.float64]:
    """Blocks that differ by 5 % and resemble their neighbours (correlation 0.9), in launches that differ by 2 %."""
    blocks = np.empty((launches, BLOCKS))
    state = rng.normal(0, 1, launches)
    for place in range(BLOCKS):
        blocks[:, place] = state
        state = 0.9 * state + math.sqrt(1 - 0.9**2) * rng.normal(0, 1, launches)
    levels = rng.normal(0, 0.02, (launches, 1))
    return np.asarray(np.median(np.exp(levels + 0.05 * blocks), axis=1))


def two_level(rng: np.random.Generator, launches: int) -> NDArray[np.float64]:
    """Blocks that differ by 6 % within launches that differ by 3 %."""
    levels = rng.normal(0, 0.03, (launches, 1))
    return np.asarray(np.median(np.exp(levels + rng.normal(0, 0.06, (launches, BLOCKS))), axis=1))


FAMILIES: Mapping[str, Draw] = {
    "lognormal": lognormal,
    "two-humped, a fifth slow": two_humped(0.2),
    "two-humped, nearly half slow": two_humped(0.45),
    "autocorrelated": autocorrelated,
    "two-level": two_level,
}
"""Nearly half is the worst place for a median: it lies at the edge of a gap."""


def simulate(family: str, rule: Callable[[], NarrowTwice], repetitions: int, rng: np.random.Generator) -> Coverage:
    """Count the intervals that hold a family's true median, over `repetitions` measurements; `rule` stops each."""
    draw = FAMILIES[family]
    truth = float(np.median(draw(rng, TRUTH_DRAWS)))
    drawn = itertools.chain.from_iterable(iter(lambda: draw(rng, LOT).tolist(), []))
    covered = launches = 0
    for _ in range(repetitions):
        watch = rule()
        while not watch.is_finished():
            watch.add(next(drawn))
        found = intervals.median(watch.values)
        covered += found.low is not None and found.high is not None and found.low <= truth <= found.high
        launches += len(watch.values)
    low, high = exact_bounds(covered, repetitions)
    return Coverage(family, covered, repetitions, low, high, launches / repetitions)


def exact_bounds(hits: int, trials: int, confidence: float = 0.99) -> tuple[float, float]:
    """Bounds of a rate seen `hits` times in `trials` (Clopper & Pearson, Biometrika 26, 1934)."""
    found = binomtest(hits, trials).proportion_ci(confidence, method="exact")
    return float(found.low), float(found.high)
