"""Checks of what a step costs: is the typical step what a step costs on the whole, and are there dear ones?"""

from __future__ import annotations

from bench.analyse.findings.check import CaseEvidence
from bench.analyse.findings.processor import Preempted
from bench.analyse.rows.row import MEAN_NOT_MEDIAN
from bench.stats.intervals import Interval


class MeanNotMedian:
    """Mean and median part: what a step costs on the whole is not what a typical one takes."""

    name, severity = MEAN_NOT_MEDIAN, "warning"
    least_change = 0.05
    """Nearer than 5 %, either may stand for the other: the slow blocks of a shared machine part them by as much."""

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """By more than their intervals, and by more than 5 %; where one is not known, dear blocks are the proof."""
        mean, median = evidence.mean, evidence.median
        if mean is None or median is None or not (_apart(mean, median) or _unknown_but_dear(mean, median, evidence)):
            return None
        factor = mean.value / median.value
        if abs(factor - 1) <= self.least_change:
            return None
        found = (
            f"on the mean a step costs {factor:.3g} times its median: some blocks are far "
            f"{'dearer' if factor > 1 else 'cheaper'} than the typical one"
        )
        if Preempted().look(evidence) is not None:
            return (
                f"{found}, and in many another program took the core",
                "close other programs; the mean of CPU time (--statistic mean --clock cpu) leaves out what they took",
            )
        return found, "read the mean (--statistic mean) for what many steps cost, the median for the typical one"


def _apart(one: Interval, other: Interval) -> bool:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.low > other.high or one.high < other.low


def _unknown_but_dear(mean: Interval, median: Interval, evidence: CaseEvidence) -> bool:
    return (mean.low is None or median.low is None) and evidence.spread.dear is not None


class DearSteps:
    """Blocks are of two kinds: every so often one is dearer, each time by about as much."""

    name, severity = "dear-steps", "hint"

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """As `bench.stats.dear_blocks` finds it, in blocks that kept their core."""
        dear = evidence.spread.dear
        if dear is None:
            return None
        return (
            f"blocks are of two kinds: {dear.share:.0%} of them take {dear.factor:.3g} times as long as the others",
            "the step does more in some calls than in others: read the mean, which is what many of them cost",
        )
