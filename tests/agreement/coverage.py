"""Do the 95 % intervals hold the true median, for every number of launches and of other cases? By simulation.

    python -m tests.agreement.coverage fixed [--measurements 4000] [--families "lognormal;two-level"]
    python -m tests.agreement.coverage stopping [--measurements 4000]
    python -m tests.agreement.coverage mixed [--measurements 4000]

`fixed`: 2 to 20 launches of each case, in runs of 1, 12, 30 and 62 cases. `stopping`: launches are added until ±2 %,
at least 6 and at most 20, as the default settings do it. Both have the old rule (order statistics, Student's t below
six; the first narrow look ends a case at six) beside the new one, on the same draws. `mixed`: runs of 30 cases of which
some are of another family than the rest, so that the other cases mislead; each family has a column.
The width is half of the interval, on logs, in units of the case's own spread, as a median over cases.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Iterator, Sequence

import numpy as np

from bench.stats import intervals
from bench.stats.coverage_simulation import ALIKE, FAMILIES, TRUTH_DRAWS, exact_bounds, measured
from bench.stats.intervals import Interval
from bench.stats.moderation import priors
from bench.stats.stopping import NarrowTwice

CASES = (1, 12, 30, 62)
LAUNCHES = range(2, 21)
MIXED = (
    ("two-humped, nearly half slow", 0.1),
    ("two-humped, nearly half slow", 0.3),
    ("two-humped, a fifth slow", 0.3),
)
"""Families of the minority among lognormal cases, and their share."""


class FirstLook(NarrowTwice):
    """The old rule: without other cases, and the first look is enough where it is narrow."""

    def add(self, value: float, prior: object = None) -> None:
        """Add a value; what other cases say is ignored."""
        super().add(value)
        if len(self.values) == self._fewest:
            self._narrow_before = True


class Tally:
    """Counts the intervals that hold the truth, which is 1, and their widths."""

    def __init__(self) -> None:
        self.held = 0
        self.widths: list[float] = []
        self.launches: list[int] = []

    def add(self, found: Interval, stretch: float) -> None:
        """Count one; an interval that is not given states nothing. stretch: the case's own spread, relative."""
        if found.low is None or found.high is None:
            self.widths.append(math.inf)
        else:
            self.held += found.low <= 1 <= found.high
            self.widths.append(math.log(found.high / found.low) / 2 / stretch)
        self.launches.append(found.n)

    def text(self) -> str:
        """Coverage of those that are given with its 99 % bounds, the median width, and how many are not given."""
        given = sum(map(math.isfinite, self.widths))
        low, high = exact_bounds(self.held, given)
        text = f"{self.held / given:.1%} [{low:.1%}, {high:.1%}] ±{statistics.median(self.widths):.1%}"
        return text if given == len(self.widths) else f"{text}, {1 - given / len(self.widths):.1%} not given"


def truths(rng: np.random.Generator) -> dict[str, float]:
    """The true median of each family."""
    return {family: float(np.median(draw(rng, TRUTH_DRAWS))) for family, draw in FAMILIES.items()}


def drawn(
    rng: np.random.Generator, family: str, truth: float, cases: int, launches: int
) -> tuple[list[list[float]], list[float]]:
    """Launches of the cases of a run, and the stretch of each."""
    stretch = np.sqrt(ALIKE / rng.chisquare(ALIKE, cases)) if cases > 1 else np.ones(1)
    logs = np.log(FAMILIES[family](rng, cases * launches).reshape(cases, launches) / truth)
    return np.exp(logs * stretch[:, None]).tolist(), stretch.tolist()


def fixed(families: Sequence[str], measurements: int, seed: int) -> Iterator[str]:
    """Rows of a table: every number of launches."""
    yield "| family | cases | launches | old | new | new ÷ old width |"
    yield "| --- | --- | --- | --- | --- | --- |"
    rng = np.random.default_rng(seed)
    truth = truths(rng)
    for family in families:
        for cases in CASES:
            for n in LAUNCHES:
                old, new = Tally(), Tally()
                for _ in range(math.ceil(measurements / cases)):
                    values, stretch = drawn(rng, family, truth[family], cases, n)
                    lent = priors(dict(enumerate(values)))
                    for key, (own, size) in enumerate(zip(values, stretch, strict=True)):
                        old.add(intervals.median(own, of="values"), size)
                        new.add(intervals.median(own, prior=lent[key]), size)
                ratio = statistics.median(new.widths) / statistics.median(old.widths)
                yield f"| {family} | {cases} | {n} | {old.text()} | {new.text()} | {ratio:.2f} |"


def stopping(families: Sequence[str], measurements: int, seed: int) -> Iterator[str]:
    """Rows of a table: launches until the interval is narrow."""
    yield "| family | cases | old | launches | new | launches |"
    yield "| --- | --- | --- | --- | --- | --- |"
    rng = np.random.default_rng(seed)
    truth = truths(rng)
    for family in families:
        for cases in CASES:
            tallies: dict[type[NarrowTwice], Tally] = {FirstLook: Tally(), NarrowTwice: Tally()}
            for _ in range(math.ceil(measurements / cases)):
                values, stretch = drawn(rng, family, truth[family], cases, 20)
                for rule, tally in tallies.items():
                    watches = [rule(6, 20, 0.02) for _ in values]
                    rounds: Iterator[Sequence[float]] = zip(*values, strict=True)
                    found = list(measured(watches, rounds))
                    if rule is FirstLook:
                        found = [intervals.median(watch.values, of="values") for watch in watches]
                    for each, size in zip(found, stretch, strict=True):
                        tally.add(each, size)
            cells = (f"{tally.text()} | {statistics.fmean(tally.launches):.1f}" for tally in tallies.values())
            yield f"| {family} | {cases} | {' | '.join(cells)} |"


def mixed(measurements: int, seed: int) -> Iterator[str]:
    """Rows of a table: runs of 30 cases, most of them lognormal."""
    yield "| minority | share | launches | lognormal cases | the minority | all |"
    yield "| --- | --- | --- | --- | --- | --- |"
    rng = np.random.default_rng(seed)
    truth = truths(rng)
    for family, share in MIXED:
        for n in (3, 6, 10, 20):
            few = round(30 * share)
            tallies = Tally(), Tally(), Tally()
            for _ in range(math.ceil(measurements / 30)):
                parts = (
                    drawn(rng, "lognormal", truth["lognormal"], 30 - few, n),
                    drawn(rng, family, truth[family], few, n),
                )
                values, stretch = parts[0][0] + parts[1][0], parts[0][1] + parts[1][1]
                lent = priors(dict(enumerate(values)))
                for key, (own, size) in enumerate(zip(values, stretch, strict=True)):
                    found = intervals.median(own, prior=lent[key])
                    tallies[key >= 30 - few].add(found, size)
                    tallies[2].add(found, size)
            yield f"| {family} | {share:.0%} | {n} | {' | '.join(tally.text() for tally in tallies)} |"


def main() -> None:
    """Print the table that is asked for, a row when it is ready."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("table", choices=["fixed", "stopping", "mixed"])
    options.add_argument("--measurements", type=int, default=4000)
    options.add_argument("--families", type=lambda text: text.split(";"), default=list(FAMILIES), help="separated by ;")
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    if chosen.table == "mixed":
        rows = mixed(chosen.measurements, chosen.seed)
    else:
        rows = {"fixed": fixed, "stopping": stopping}[chosen.table](chosen.families, chosen.measurements, chosen.seed)
    for row in rows:
        print(row, flush=True)


if __name__ == "__main__":
    main()
