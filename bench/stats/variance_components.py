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
from typing import NamedTuple

from bench.stats.moments import mean_and_squares, mean_and_variance


class MeanSquares(NamedTuple):
    """Estimates of the two variances, with their degrees of freedom; the one between launches may be negative."""

    within: float
    within_degrees: int
    between: float
    between_degrees: int


NONE_SEEN = MeanSquares(0.0, 0, 0.0, 0)
"""What the launches of a case tell that was not measured yet."""


def mean_squares(launches: Sequence[Sequence[float]]) -> MeanSquares:
    """What the launches of a case tell of both variances. launches: log times of the visits of each, from none on."""
    full = [visits for visits in launches if len(visits) >= 2]
    degrees = sum(len(visits) - 1 for visits in full)
    if not full:
        return NONE_SEEN
    means, squares = zip(*map(mean_and_squares, full), strict=True)
    within = sum(squares) / degrees
    if len(full) < 2:
        return MeanSquares(within, degrees, 0.0, 0)
    inherited = within * sum(1 / len(visits) for visits in full) / len(full)
    return MeanSquares(within, degrees, mean_and_variance(means)[1] - inherited, len(full) - 1)


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
    found = mean_squares(launches)
    if not found.between_degrees:
        return None
    return Components(math.sqrt(max(0.0, found.between)), math.sqrt(found.within))


USUAL = Components(between=0.01, within=0.045)
"""Assumed before anything is known: on quiet machines launches of the course's cases differ by about 1 % or less, and
visits by 4.5 % (medians over the 62 cases of the quick preset)."""

ASSUMED_DEGREES = 1.0
"""Degrees of freedom that `USUAL` counts as: any other evidence soon outweighs it."""

LENT_DEGREES = 4.0
"""Most degrees of freedom that the other cases lend to one: they are like it, but not the same."""


def expected(own: MeanSquares, others: Iterable[MeanSquares]) -> Components:
    """The components of a case that has few launches: its own, moderated by those of the run's other cases.

    Both variances are means weighted by degrees of freedom: of the case, of the median over the others (which one wild
    case does not move), worth at most `LENT_DEGREES`, and of `USUAL`. The mean squares are those of `components`; the
    variance between launches may be negative until the mean is taken, so that no case pulls it upwards by chance.
    """
    squares = [own, *others]
    within = _moderated([(each.within, each.within_degrees) for each in squares], USUAL.within**2)
    between = _moderated([(each.between, each.between_degrees) for each in squares], USUAL.between**2)
    return Components(math.sqrt(max(0.0, between)), math.sqrt(within))


def _moderated(found: Sequence[tuple[float, int]], usual: float) -> float:
    """The first variance, moderated by the median of the rest and by the usual one."""
    (own, degrees), *rest = found
    known = [variance for variance, worth in rest if worth]
    lent = min(LENT_DEGREES, sum(worth for _, worth in rest))
    weights = degrees + lent + ASSUMED_DEGREES
    return (degrees * own + (lent * statistics.median(known) if known else 0.0) + ASSUMED_DEGREES * usual) / weights


def best_visits(found: Components, launch_s: float, visit_s: float) -> float:
    """The visits per launch with the narrowest interval for the time spent: sqrt(launch_s/visit_s) · within/between.

    launch_s: seconds that a launch spends on the case before its first visit; visit_s: seconds of one visit. Cochran,
    Sampling Techniques, 1977, 10.6; Kalibera & Jones, section 6. Infinite if processes do not differ.
    """
    if found.between == 0:
        return math.inf if found.within else 1.0
    return math.sqrt(launch_s / visit_s) * found.within / found.between
