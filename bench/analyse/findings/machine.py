"""Checks of the machine: what else it did, how fast it ran, and whether its clock is fine enough."""

from __future__ import annotations

from bench.analyse.findings.check import CaseEvidence
from bench.protocol.placement import QUOTA


class ForeignLoad:
    """Other programs, or other tenants of a shared host, kept cores busy while this was timed."""

    name, severity = "foreign-load", "warning"
    most_cores = 0.10
    """A tenth of a core: what an idle desktop's background uses; above it blocks are visibly pushed aside."""

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """Above a tenth of a core in the worst launch."""
        if evidence.foreign_load is None or evidence.foreign_load <= self.most_cores:
            return None
        return (
            f"other programs, or other tenants of the host, took up to {evidence.foreign_load:.2f} cores",
            "close what you can, or measure at a quieter time; bench doctor shows the noise",
        )


class ClockResolution:
    """A block is short beside the resolution of the clock."""

    name, severity = "clock-resolution", "warning"
    fewest_ticks = 1000

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """Below 1000 ticks per block: the bound that blocks are calibrated to."""
        if not evidence.resolution_s or evidence.block_s >= self.fewest_ticks * evidence.resolution_s:
            return None
        ticks = evidence.block_s / evidence.resolution_s
        return f"a block is only {ticks:.0f} ticks of the clock long", "use more steps per block, or more work per step"


class HarnessOverhead:
    """Calling an empty step costs a noticeable share of the step."""

    name, severity = "harness-overhead", "warning"
    most_share = 0.01

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """Above 1 % of the step; it is never subtracted silently."""
        if evidence.empty_call_s is None or evidence.empty_call_s <= self.most_share * evidence.step_s:
            return None
        share = evidence.empty_call_s / evidence.step_s
        return f"calling an empty step takes {share:.1%} of this time, which includes it", "give the step more work"


class OversubscribedThreads:
    """More threads than cores: they wait for each other."""

    name, severity = "oversubscribed-threads", "warning"

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """More threads than the logical CPUs that the process may use."""
        if evidence.threads is None or evidence.cores is None or evidence.threads <= evidence.cores:
            return None
        return (
            f"{evidence.threads} threads shared {evidence.cores} cores",
            "use --set threads=physical, or no more threads than cores",
        )


class FrequencyChange:
    """The processor's clock rate was not the same in all visits."""

    name, severity = "frequency-change", "warning"
    most_change = 0.02
    """As wide as the default precision: a time follows the clock rate."""

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """Highest against lowest of all visits."""
        if evidence.frequency is None:
            return None
        low, high = evidence.frequency
        if high <= low * (1 + self.most_change):
            return None
        return (
            f"the clock rate was between {low:.0f} and {high:.0f} MHz",
            "fix the governor and turbo (bench doctor says how); lock the clock of a GPU with nvidia-smi -lgc",
        )


class Throttled:
    """Heat, a fault or a quota slowed the process down while some blocks were timed; they are left out."""

    name, severity = "throttled", "warning"

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """Any such block; with more than a fifth of all blocks the case has failed already."""
        if not evidence.throttled_blocks:
            return None
        left_out = (
            f"{evidence.throttled_blocks} blocks are left out of {evidence.throttled_blocks + evidence.kept_blocks}: "
        )
        by_quota, by_heat = QUOTA in evidence.slowed_by, set(evidence.slowed_by) != {QUOTA}
        whys = ["the quota of its container stopped the process"] if by_quota else []
        cures = ["give the container a whole core for each thread"] if by_quota else []
        if by_heat:
            whys.append("heat or a fault slowed the processor down")
            cures.append("cool it, or lower its clock rate to one that it can hold")
        return left_out + ", and ".join(whys), "; ".join(cures)


class LaunchBound:
    """The device waits for the host: what is timed is the cost of launching, not of the work."""

    name, severity = "launch-bound", "hint"
    least_ratio = 1.5
    """Wall ÷ device; a choice. Below it, launches mostly overlap with the work before them."""

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """On the clock `wall` alone: `latency` waits by definition."""
        if evidence.clock != "wall" or not evidence.device_s or evidence.step_s <= self.least_ratio * evidence.device_s:
            return None
        return (
            f"the step takes {evidence.step_s / evidence.device_s:.1f} times as long as the device works: the rest is "
            "launching",
            "give it more work (a larger batch), or fewer launches (compile, cudagraph)",
        )
