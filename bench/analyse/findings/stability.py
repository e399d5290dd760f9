"""Checks of the spread of the data: was it steady, is it of one kind, is there enough of it?"""

from __future__ import annotations

import math

from bench.analyse.findings.check import CaseEvidence
from bench.stats.bimodality import LEVEL, Humps
from bench.stats.intervals import FEWEST_FOR_ORDER_STATISTICS


class NotSteady:
    """Warm-up reached its time limit in some launch: adjacent windows of blocks still differed."""

    name, severity = "not-steady", "warning"

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """Any launch."""
        if not evidence.unsteady:
            return None
        return (
            f"warm-up did not become steady in {evidence.unsteady} of {evidence.launches} launches",
            "close other programs, or measure again: the machine was changing while this was timed",
        )


class FewLaunches:
    """Fewer launches than order statistics need."""

    name, severity = "few-launches", "hint"

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """Below six, unless the run's other cases tell how much launches spread; one launch has no interval at all."""
        if evidence.launches >= FEWEST_FOR_ORDER_STATISTICS or (evidence.moderated and evidence.launches > 1):
            return None
        if evidence.launches == 1:
            return "one launch: processes differ, and one alone does not show by how much", "use --launches 6 or more"
        return (
            f"{evidence.launches} launches: the interval assumes that their logs are normal",
            "use --launches 6 or more for an interval without assumptions",
        )


class WideInterval:
    """The interval is wider than was asked for."""

    name, severity = "wide-interval", "hint"

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """Wider than was asked for, or so wide that it is not told; of one launch few-launches reports it."""
        if evidence.half_width == math.inf and evidence.launches > 1:
            return (
                "not known even to a factor of three, so that no interval is given",
                "add launches (--launches, or a larger --budget), or measure when the machine is quiet",
            )
        if not evidence.precision < evidence.half_width < math.inf:
            return None
        return (
            f"known to ±{100 * evidence.half_width:.3g}% only; ±{100 * evidence.precision:.3g}% was asked for",
            "add launches (--launches, or a larger --budget)",
        )


class OutlierShare:
    """Many blocks lie far from the median of their launch."""

    name, severity = "outlier-share", "hint"
    most_share = 0.10

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """Above a tenth of the kept blocks; none is dropped."""
        if evidence.outlier_share <= self.most_share:
            return None
        return (
            f"{evidence.outlier_share:.0%} of the blocks lie far from the median of their launch",
            "the median stands; read the mean with its own interval, and the blocks with bench.load(…, level='blocks')",
        )


class Drift:
    """The step was faster or slower at the end of a launch than at its beginning."""

    name, severity = "drift", "warning"
    level = 0.01
    """Chance of a false alarm for a case that does not drift."""

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """Student's t over launches at 1 %, and more than the precision that was asked for."""
        drift = evidence.spread.drift
        share = 0.0 if drift is None else math.expm1(drift.mean)
        if drift is None or drift.p >= self.level or abs(share) <= evidence.precision:
            return None
        return (
            f"the last visit of a launch is {share:+.1%} against the first, on the mean over launches",
            "something warms up, fills or leaks while it is timed: try a longer warm-up, or a reset",
        )


class TwoModes:
    """The times have two humps: a median between them would describe neither."""

    name, severity = "two-modes", "warning"
    least_gap = 0.03
    """Humps nearer than 3 % are not worth naming: the spread between processes is as large."""

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """The dip test at 0.1 %, on the medians of launches and on those of visits around them."""
        between, within = evidence.spread.humps_between, evidence.spread.humps_within
        if between is not None and _gap(between) > self.least_gap:
            return (
                f"launches are of two kinds: {between.upper_share:.0%} of them are "
                f"{_percent(between)} slower than the others (dip test, {LEVEL:.1%})",
                "processes are placed differently in memory or on cores: read both values, not one between them",
            )
        if within is not None and _gap(within) > self.least_gap:
            return (
                f"visits are of two kinds: {within.upper_share:.0%} of them are {_percent(within)} slower than the "
                f"others of their launch (dip test, {LEVEL:.1%})",
                "two states alternate, such as two clock rates or two neighbours: look at the blocks with "
                "bench.load(…, level='blocks')",
            )
        return None


def _gap(found: Humps) -> float:
    """How much slower the upper hump is, as a share of the lower."""
    return math.expm1(found.upper - found.lower)


def _percent(found: Humps) -> str:
    return f"{_gap(found):.0%}"
