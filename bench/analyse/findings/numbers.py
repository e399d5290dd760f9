"""Checks of what a step works on, and of how it is called: numbers that are dear, and an event loop."""

from __future__ import annotations

from bench.analyse.findings.check import CaseEvidence


class SubnormalNumbers:
    """The step works on numbers so small that a processor takes many times as long for each of them."""

    name, severity = "subnormal-numbers", "hint"
    most_share = 0.001
    """A choice: at 20 to 100 times the time of another number, a thousandth of them adds 2 to 10 %."""

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """More than a thousandth of the numbers of one tensor."""
        share = evidence.step.subnormal_share
        if share is None or share <= self.most_share:
            return None
        return (
            f"{share:.1%} of the numbers in {evidence.step.subnormal_in} are subnormal, nearer to zero than the least "
            "normal float; a processor may take 20 to 100 times as long for each",
            "make them zero by torch.set_flush_denormal(True), or scale the data, so that none is so small",
        )


class EventLoop:
    """Each call of the step is awaited on an event loop, whose own cost is in the time."""

    name, severity = "event-loop", "hint"

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """Any coroutine step: the cost is told, however small."""
        cost_ns = evidence.step.await_ns
        if cost_ns is None:
            return None
        share = cost_ns / 1e9 / evidence.step_s
        return (
            f"the step is a coroutine: awaiting an empty one takes {cost_ns / 1e3:.3g} µs, {share:.1%} of this time, "
            "which includes it",
            "give the step more work where that is much; it is never subtracted",
        )
