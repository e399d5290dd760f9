"""How often does a 95 % interval of this harness hold the true median, stopping included? By simulation.

A family draws the medians of blocks that launches would report. Its true median is that of very many launches. A run
has several cases of one family, each with a spread of its own: its logs are stretched about the true median by a factor
whose square is scaled inverse chi-squared. The cases are measured round by round, as a run does it: each is stopped by
what its own launches and the other cases show at that time, and its interval is the one that the finished run gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from bench.stats import intervals
from bench.stats.intervals import Interval
from bench.stats.moderation import Neighbours
from bench.stats.stopping import NarrowTwice

Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]
"""(random generator, launches) → the median block of each launch, relative to 1."""

BLOCKS = 16
"""Kept blocks of a launch, as in the default settings: 4 visits of 4."""

TRUTH_DRAWS = 400_000
"""Launches behind a true median: its own error is then below a hundredth of an interval's width."""

LOT = 20
"""Launches of a case drawn at a time."""

CASES = 30
"""Cases of a simulated run: between a lecture's dozen and the 62 of the quick preset."""

ALIKE = 6.0
"""Degrees of freedom of the cases' true variances, as the 62 cases of a demonstration run have them: the middle half
of the cases has spreads within a factor of 1.5 of each other."""


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
    not_known: int = 0
    """Measurements whose interval is too wide to be given: they state no confidence, and are none of `intervals`."""

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


def simulate(
    family: str,
    rule: Callable[[], NarrowTwice],
    repetitions: int,
    rng: np.random.Generator,
    cases: int = CASES,
    alike: float = ALIKE,
) -> Coverage:
    """Count the given intervals that hold a family's true median, over at least `repetitions` measurements of cases.

    rule: makes what stops a case; cases: of each run, 1 for a case alone; alike: degrees of freedom of their variances,
    infinite if all have the family's own spread.
    """
    draw = FAMILIES[family]
    truth = float(np.median(draw(rng, TRUTH_DRAWS)))
    covered = launches = count = given = 0
    while count < repetitions:
        watches = [rule() for _ in range(cases)]
        stretch = np.sqrt(alike / rng.chisquare(alike, cases)) if math.isfinite(alike) else np.ones(cases)

        for found in measured(watches, _rounds(draw, truth, stretch, rng)):
            launches += found.n
            if found.low is not None and found.high is not None:
                given += 1
                covered += found.low <= 1 <= found.high
        count += cases
    low, high = exact_bounds(covered, given)
    return Coverage(family, covered, given, low, high, launches / count, count - given)


def _rounds(
    draw: Draw, truth: float, stretch: NDArray[np.float64], rng: np.random.Generator
) -> Iterator[Sequence[float]]:
    """Launches of all cases of a run without end, relative to the truth."""
    while True:
        logs = np.log(draw(rng, LOT * len(stretch)) / truth).reshape(LOT, -1) * stretch
        yield from np.exp(logs).tolist()


def measured(watches: Sequence[NarrowTwice], rounds: Iterable[Sequence[float]]) -> Iterator[Interval]:
    """Measure the cases of a run until each is stopped, and yield their intervals. rounds: a launch of each case."""
    neighbours = Neighbours()
    for values in rounds:
        for key, (watch, value) in enumerate(zip(watches, values, strict=True)):
            if not watch.is_finished():
                watch.add(value, neighbours.prior(key))
                neighbours.put(key, watch.values)
        if all(watch.is_finished() for watch in watches):
            break
    for key, watch in enumerate(watches):
        yield intervals.median(watch.values, prior=neighbours.prior(key))


def exact_bounds(hits: int, trials: int, confidence: float = 0.99) -> tuple[float, float]:
    """Bounds of a rate seen `hits` times in `trials` (Clopper & Pearson, Biometrika 26, 1934)."""
    found = binomtest(hits, trials).proportion_ci(confidence, method="exact")
    return float(found.low), float(found.high)
