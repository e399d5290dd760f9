"""The spread of the blocks of a case: its components, humps, autocorrelation and drift."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from bench.analyse.rows.columns import rows_of
from bench.stats.bimodality import Humps, humps
from bench.stats.dear_blocks import DearBlocks, dear_blocks
from bench.stats.time_order import Trend, autocorrelation, trend
from bench.stats.variance_components import Components, components

Kept = Sequence[tuple[int, int, float]]
"""(launch, visit, seconds per step) of kept blocks, in the order they were timed."""


@dataclass(frozen=True)
class Spread:
    """Statistics of the spread, as shares of the time (log scale); None if there are too few data."""

    parts: Components | None = None
    """Spread between and within launches."""
    autocorrelation: float | None = None
    """Autocorrelation of kept blocks in the order they were timed, within a launch."""
    drift: Trend | None = None
    """Trend from the first visit of a launch to its last, over launches."""
    humps_within: Humps | None = None
    """Humps in the medians of visits around that of their launch; blocks of one visit are too much alike for this."""
    humps_between: Humps | None = None
    """Humps in the medians of launches."""
    dear: DearBlocks | None = None
    """Blocks of a second kind among those that kept their core."""


NO_SPREAD = Spread()
"""The spread of a case that was not timed."""


def spread(kept: Kept, preempted: Sequence[bool] = ()) -> Spread:
    """The spread of one case on one clock. preempted: of each block whether it lost its core, if that is known."""
    launches: dict[int, dict[int, list[float]]] = {}
    for launch, visit, step_s in kept:
        launches.setdefault(launch, {}).setdefault(visit, []).append(_log(step_s))
    visits = [[statistics.median(visit) for visit in one.values()] for one in launches.values()]
    series = [[value for visit in one.values() for value in visit] for one in launches.values()]
    medians = [statistics.median(one) for one in series]
    return Spread(
        parts=components(visits),
        autocorrelation=autocorrelation(series),
        drift=trend([one[-1] - one[0] for one in visits if len(one) >= 2]),
        humps_within=humps([visit - statistics.median(one) for one in visits for visit in one]),
        humps_between=humps(medians),
        dear=_dear(kept, preempted or [False] * len(kept)),
    )


def _dear(kept: Kept, preempted: Sequence[bool]) -> DearBlocks | None:
    """A block that lost its core is longer by a time slice, which is as long each time: the step is not dear then."""
    visits: dict[tuple[int, int], list[float]] = {}
    for (launch, visit, step_s), lost in zip(kept, preempted, strict=True):
        if not lost:
            visits.setdefault((launch, visit), []).append(_log(step_s))
    return dear_blocks([(launch, logs) for (launch, _), logs in visits.items()])


def _log(seconds: float) -> float:
    return math.log(max(seconds, 1e-12))


def spreads(steps: pd.DataFrame) -> dict[tuple[str, str], Spread]:
    """The spread of the step for each case and clock. steps: kept blocks of steps, in the order they were timed."""
    frame = steps.assign(
        step_s=steps["total_ns"] / steps["steps"] / 1e9, lost=(steps["preempted"].fillna(0) > 0).astype(bool)
    )
    found: dict[tuple[str, str], tuple[list[tuple[int, int, float]], list[bool]]] = {}
    for key, clock, launch, visit, seconds, lost in rows_of(frame, "key", "clock", "launch", "visit", "step_s", "lost"):
        kept, preempted = found.setdefault((key, clock), ([], []))
        kept.append((launch, visit, seconds))
        preempted.append(lost)
    return {name: spread(*own) for name, own in found.items()}
