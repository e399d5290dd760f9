"""Rates of error: of intervals that miss the truth, and of comparisons that cry wolf."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from bench.analyse import pairs
from bench.analyse.certificate.line import (
    ALARMS,
    COVERAGE,
    HELD,
    LIVE,
    NOT_HELD,
    REPLAYED,
    REPLAYS,
    SIMULATED,
    UNDECIDED,
    Line,
    ends,
    skipped_line,
)
from bench.records import Estimate
from bench.stats.coverage import Coverage, exact_bounds


def covered(seen: Coverage) -> Line:
    """How often the stated 95 % interval holds the median of a simulated family, stopping included."""
    verdict = HELD if seen.low >= COVERAGE else NOT_HELD if seen.high < COVERAGE else UNDECIDED
    estimate = Estimate(seen.rate, seen.low, seen.high, seen.intervals, "Clopper-Pearson, 99 %", "rate")
    return Line(
        "coverage", seen.family, SIMULATED, verdict,
        f"{seen.rate:.1%} [{seen.low:.1%}, {seen.high:.1%}] of the 95 % intervals hold the median, "
        f"after {seen.launches:.1f} launches on the mean",
        f"at least {COVERAGE:.0%}", seen.intervals, "measurements", estimate,
    )  # fmt: skip


def false_alarms(told: Sequence[Mapping[str, Any]], of: Mapping[Any, Sequence[float]], seed: int) -> Iterator[Line]:
    """Comparisons of a case with itself whose 95 % interval does not hold 1: as seen, and with the coins tossed again.

    Which side of a pair was called base is the toss of a coin; with nothing changed, the other toss was as likely. So
    each pair's log ratio may change its sign, and the rate over many tosses is exact for these pairs.
    """
    bound = f"at most {ALARMS:.0%}"
    samples = [np.asarray(of[item["key"]]) for item in told if len(of.get(item["key"], ())) >= 2]
    if not samples:
        yield skipped_line("false alarms", "cases against themselves", bound)
        return
    alarms = sum(_alarm(sample) for sample in samples)
    yield _alarm_line(LIVE, alarms, len(samples), "comparisons", bound)
    dice = np.random.default_rng(seed)
    tosses = max(1, REPLAYS // len(samples))
    replayed = sum(
        _alarm(sample * signs) for sample in samples for signs in dice.choice((-1.0, 1.0), (tosses, len(sample)))
    )
    yield _alarm_line(REPLAYED, replayed, tosses * len(samples), "tosses", bound)


def _alarm(log_ratios: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
    low, high = ends(pairs.ratio(log_ratios.tolist()))
    return not low <= 1 <= high


def _alarm_line(source: str, alarms: int, of: int, counted: str, bound: str) -> Line:
    low, high = exact_bounds(alarms, of)
    verdict = NOT_HELD if low > ALARMS else HELD if high <= ALARMS else UNDECIDED
    return Line(
        "false alarms", "cases against themselves", source, verdict,
        f"{alarms} of {of}: {alarms / of:.1%} [{low:.1%}, {high:.1%}]", bound, of, counted,
        Estimate(alarms / of, low, high, of, "Clopper-Pearson, 99 %", "rate"),
    )  # fmt: skip
