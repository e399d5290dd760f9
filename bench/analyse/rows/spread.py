"""The spread of the blocks of a case: its components, humps, autocorrelation and drift."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.analyse.rows.columns import rows_of
from bench.records import Outcome
from bench.stats.bimodality import Humps, humps
from bench.stats.time_order import Trend, autocorrelation, trend
from bench.stats.variance_components import Components, components
from bench.store.tables import RunData

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


NO_SPREAD = Spread()
"""The spread of a case that was not timed."""


def spread(kept: Kept) -> Spread:
    """The spread of one case on one clock."""
    launches: dict[int, dict[int, list[float]]] = {}
    for launch, visit, step_s in kept:
        launches.setdefault(launch, {}).setdefault(visit, []).append(math.log(max(step_s, 1e-12)))
    visits = [[statistics.median(visit) for visit in one.values()] for one in launches.values()]
    series = [[value for visit in one.values() for value in visit] for one in launches.values()]
    medians = [statistics.median(one) for one in series]
    return Spread(
        parts=components(visits),
        autocorrelation=autocorrelation(series),
        drift=trend([one[-1] - one[0] for one in visits if len(one) >= 2]),
        humps_within=humps([visit - statistics.median(one) for one in visits for visit in one]),
        humps_between=humps(medians),
    )


def spreads(data: RunData) -> dict[tuple[str, str], Spread]:
    """The spread of the step for each case and clock of a run, from launches that ended well."""
    well = data.launches.loc[
        (data.launches["outcome"] == Outcome.OK) & (data.launches["side"] == ""), ["key", "launch"]
    ]
    steps = data.blocks[
        data.blocks["kept"].astype(bool) & (data.blocks["phase"] == "step") & (data.blocks["side"] == "")
    ]
    frame = steps.merge(well, on=["key", "launch"]).sort_values(["launch", "visit", "index"], kind="stable")
    frame = frame.assign(step_s=frame["total_ns"] / frame["steps"] / 1e9)
    found: dict[tuple[str, str], list[tuple[int, int, float]]] = {}
    for key, clock, launch, visit, seconds in rows_of(frame, "key", "clock", "launch", "visit", "step_s"):
        found.setdefault((key, clock), []).append((launch, visit, seconds))
    return {name: spread(kept) for name, kept in found.items()}
