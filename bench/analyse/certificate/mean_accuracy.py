"""Does the interval of the mean hold a mean that is known, where some steps are dearer than the others?"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

import pandas as pd

from bench.analyse.certificate.line import (
    HELD,
    LIVE,
    NOT_HELD,
    PLAIN_STEP,
    RECOVERY,
    UNDECIDED,
    CertificateLine,
    skipped_line,
)
from bench.analyse.certificate.recorded import RecordedComparison
from bench.analyse.estimate import Estimate
from bench.series import STEP, WALL
from bench.stats import mean_cost
from bench.stats.intervals import Interval
from bench.stats.mean_cost import LaunchBlocks
from bench.store.tables import RunData

MOST_STRETCHED = 0.01
"""Largest share by which other programs may lengthen the waits of a line that is not held: the mean of what ran is then
the known one."""


def mean(comparisons: Sequence[RecordedComparison], data: RunData) -> Iterator[CertificateLine]:
    """Waits of which every so many-th is longer by a known factor: the mean and the median follow from both numbers."""
    confidence = 1 - (1 - RECOVERY) / max(1, len(comparisons))
    for item in comparisons:
        if item.micros is None or item.every is None or item.times is None:
            raise ValueError(f"{item.key} is recorded without its waits")
        about = f"one wait in {item.every} takes {item.times} times as long"
        plain = item.micros * 1e-6
        truth = plain * (item.every - 1 + item.times) / item.every
        bound = f"{truth * 1e3:.2f} ms inside the interval and the plain wait outside; the median the plain wait"
        launches = _launches(data, item.key)
        if len(launches) < 2:
            yield skipped_line("mean", about, bound, "too few processes were measured")
            continue
        found = mean_cost.mean(launches, confidence, of="processes")
        median = statistics.median(statistics.median(each.costs) for each in launches)
        stretched = _stretched(launches, plain, plain * item.times)
        yield CertificateLine(
            "mean", about, LIVE, _verdict(found, truth, plain, median, stretched),
            f"{_milliseconds(found)}; median {median * 1e3:.2f} ms"
            + (f"; other programs made the waits {stretched:.0%} longer" if stretched > MOST_STRETCHED else ""),
            bound, found.n, "processes", Estimate(found.value, found.low, found.high, found.n, found.method, "s"),
            facts={"true_s": truth, "plain_s": plain, "median_s": median, "stretched": stretched},
        )  # fmt: skip


def _launches(data: RunData, key: str) -> list[LaunchBlocks]:
    """The kept blocks of a case on each side of each pair, timed alone, in the order of measurement."""
    blocks = data.blocks
    timed = blocks["kept"].astype(bool) & (blocks["phase"] == STEP) & (blocks["clock"] == WALL)
    own: pd.DataFrame = blocks[timed & (blocks["key"] == key)].sort_values(["visit", "index"])
    return [
        LaunchBlocks(group["steps"].tolist(), (group["total_ns"] / 1e9).tolist())
        for _, group in own.groupby(["launch", "side"], sort=False)
    ]


def _stretched(launches: Sequence[LaunchBlocks], plain: float, dear: float) -> float:
    """By what share the waits took longer than was asked of them."""
    costs = [cost for each in launches for cost in each.costs]
    asked = sum(dear if cost >= dear else plain for cost in costs)
    return sum(costs) / asked - 1


def _verdict(found: Interval, truth: float, plain: float, median: float, stretched: float) -> str:
    if found.low is None or found.high is None:
        return UNDECIDED
    right = found.low <= truth <= found.high and abs(median / plain - 1) <= PLAIN_STEP
    if not right:
        return UNDECIDED if stretched > MOST_STRETCHED else NOT_HELD
    return HELD if found.low > plain else UNDECIDED


def _milliseconds(found: Interval) -> str:
    if found.low is None or found.high is None:
        return f"{found.value * 1e3:.2f} ms, {found.method}"
    return f"{found.value * 1e3:.2f} ms [{found.low * 1e3:.2f}, {found.high * 1e3:.2f}], {found.method}"
