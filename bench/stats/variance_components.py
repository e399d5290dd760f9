"""Where the spread of a measurement comes from: from process to process, or from visit to visit within one.

The nested model of Kalibera & Jones, Rigorous Benchmarking in Reasonable Time, ISMM 2013, with two levels: launches,
and visits within a launch. Blocks of one visit follow each other immediately; they are not a level: their
median is one value.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Components:
    """Standard deviations on the log scale: shares of the time."""

    between: float
    """Spread of the launches' true levels."""
    within: float
    """Spread of visits around the level of their launch."""


def components(launches: Sequence[Sequence[float]]) -> Components | None:
    """The two components; None below two launches of two visits. launches: log times of the visits of each launch.

    One-way analysis of variance by its moments (Searle, Casella & McCulloch, Variance Components, 1992, 3.6): within is
    the pooled variance; between is the variance of launch means minus the part due to visits, at least 0.
    """
    full = [visits for visits in launches if len(visits) >= 2]
    if len(full) < 2:
        return None
    squares = sum((len(visits) - 1) * statistics.variance(visits) for visits in full)
    within = squares / sum(len(visits) - 1 for visits in full)
    means = statistics.variance([statistics.fmean(visits) for visits in full])
    inherited = within * statistics.fmean(1 / len(visits) for visits in full)
    return Components(math.sqrt(max(0.0, means - inherited)), math.sqrt(within))


def best_visits(found: Components, launch_s: float, visit_s: float) -> float:
    """The visits per launch with the narrowest interval for the time spent: sqrt(launch_s/visit_s) · within/between.

    launch_s: seconds that a launch spends on the case before its first visit; visit_s: seconds of one visit. Cochran,
    Sampling Techniques, 1977, 10.6; Kalibera & Jones, section 6. Infinite if processes do not differ.
    """
    if found.between == 0:
        return math.inf if found.within else 1.0
    return math.sqrt(launch_s / visit_s) * found.within / found.between


def expected(own: Sequence[Sequence[float]], others: Iterable[Sequence[Sequence[float]]]) -> Components:
    """PLACEHOLDER until merged."""
    return components(own) or Components(0.01, 0.045)
