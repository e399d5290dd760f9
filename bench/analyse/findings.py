"""Doubts about a number, one small class each. Shown beside the number wherever the number is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.records import Finding
from bench.stats.intervals import FEWEST_FOR_ORDER_STATISTICS


@dataclass(frozen=True)
class Evidence:
    """What the checks look at: one case on one clock. Times in seconds; None where the machine did not tell."""

    key: str
    step_s: float
    block_s: float
    half_width: float
    """Half the interval as a share of the value; infinite without one."""
    precision: float
    """The half-width that was asked for."""
    launches: int
    unsteady: int
    """Launches whose warm-up ended by its cap."""
    outlier_share: float
    foreign_load: float | None
    """Cores kept busy by other programs, in the worst launch."""
    resolution_s: float | None
    empty_call_s: float | None
    recompiles: int
    graph_breaks: int


class Check(Protocol):
    """One doubt: `look` says it, or None."""

    name: str
    severity: str

    def look(self, evidence: Evidence) -> tuple[str, str] | None:
        """(message, advice), or None where there is nothing to doubt."""


class NotSteady:
    """Warm-up ended by its cap in some launch: adjacent windows of blocks still differed."""

    name, severity = "not-steady", "warning"

    def look(self, evidence: Evidence) -> tuple[str, str] | None:
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

    def look(self, evidence: Evidence) -> tuple[str, str] | None:
        """Below six; one launch has no interval at all."""
        if evidence.launches >= FEWEST_FOR_ORDER_STATISTICS:
            return None
        if evidence.launches == 1:
            return "one launch: processes differ, and nothing here says by how much", "use --launches 6 or more"
        return (
            f"{evidence.launches} launches: the interval assumes that their logs are normal",
            "use --launches 6 or more for an interval without assumptions",
        )


class ForeignLoad:
    """Other programs, or other tenants of a shared host, kept cores busy while this was timed."""

    name, severity = "foreign-load", "warning"
    most_cores = 0.10
    """A tenth of a core: what an idle desktop's background uses; above it blocks are visibly pushed aside."""

    def look(self, evidence: Evidence) -> tuple[str, str] | None:
        """Above a tenth of a core in the worst launch."""
        if evidence.foreign_load is None or evidence.foreign_load <= self.most_cores:
            return None
        return (
            f"other programs, or other tenants of the host, took up to {evidence.foreign_load:.2f} cores",
            "close what you can, or measure at a quieter time; bench doctor shows the noise",
        )


class ClockResolution:
    """A block is short against what the clock can tell apart."""

    name, severity = "clock-resolution", "warning"
    fewest_ticks = 1000

    def look(self, evidence: Evidence) -> tuple[str, str] | None:
        """Below 1000 ticks a block: the bound the blocks are calibrated to."""
        if not evidence.resolution_s or evidence.block_s >= self.fewest_ticks * evidence.resolution_s:
            return None
        ticks = evidence.block_s / evidence.resolution_s
        return f"a block is only {ticks:.0f} ticks of the clock long", "measure more steps a block, or more work a step"


class HarnessOverhead:
    """Calling an empty step costs a noticeable share of the step."""

    name, severity = "harness-overhead", "warning"
    most_share = 0.01

    def look(self, evidence: Evidence) -> tuple[str, str] | None:
        """Above 1 % of the step; never subtracted in silence."""
        if evidence.empty_call_s is None or evidence.empty_call_s <= self.most_share * evidence.step_s:
            return None
        share = evidence.empty_call_s / evidence.step_s
        return f"calling an empty step takes {share:.1%} of this one, and is in its time", "give the step more work"


class WideInterval:
    """The interval is wider than was asked for."""

    name, severity = "wide-interval", "hint"

    def look(self, evidence: Evidence) -> tuple[str, str] | None:
        """Wider than the asked precision; without an interval few-launches says so."""
        if not evidence.precision < evidence.half_width < float("inf"):
            return None
        return (
            f"known to ±{evidence.half_width:.1%} only, where ±{evidence.precision:.1%} was asked for",
            "add launches (--launches, or a larger --budget)",
        )


class OutlierShare:
    """Many blocks lie far from the median of their launch."""

    name, severity = "outlier-share", "hint"
    most_share = 0.10

    def look(self, evidence: Evidence) -> tuple[str, str] | None:
        """Above a tenth of the kept blocks; none is dropped."""
        if evidence.outlier_share <= self.most_share:
            return None
        return (
            f"{evidence.outlier_share:.0%} of the blocks lie far from the median of their launch",
            "the median stands, but mean and tail would not: look at the blocks with bench.load(…, level='blocks')",
        )


class RecompiledInTiming:
    """Dynamo compiled again after the first call, while the case was warmed up or timed."""

    name, severity = "recompiled-in-timing", "error"

    def look(self, evidence: Evidence) -> tuple[str, str] | None:
        """Any recompilation between the first call and the last block."""
        if not evidence.recompiles:
            return None
        return (
            f"{evidence.recompiles} graphs were compiled after the first call; from the eighth on Dynamo runs eager",
            "keep shapes, types and the numbers of the step constant",
        )


class GraphBreak:
    """The compiled step is more than one graph."""

    name, severity = "graph-break", "hint"

    def look(self, evidence: Evidence) -> tuple[str, str] | None:
        """Any break counted by Dynamo."""
        if not evidence.graph_breaks:
            return None
        return f"{evidence.graph_breaks} graph breaks: parts of the step ran eager", "see torch._dynamo.explain"


CHECKS: Sequence[Check] = (
    NotSteady(),
    FewLaunches(),
    ForeignLoad(),
    ClockResolution(),
    HarnessOverhead(),
    WideInterval(),
    OutlierShare(),
    RecompiledInTiming(),
    GraphBreak(),
)


def findings_of(evidence: Evidence) -> list[Finding]:
    """All doubts about one number, in the order of `CHECKS`."""
    found = ((check, check.look(evidence)) for check in CHECKS)
    return [Finding(check.name, check.severity, *said, case=evidence.key) for check, said in found if said is not None]
