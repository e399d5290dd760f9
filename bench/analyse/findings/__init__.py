"""Checks of a number, one small class each. A finding is shown wherever its number is shown."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analyse.findings.answers import (
    GraphBreak,
    RecompiledInTiming,
    ResultVaries,
    SameCode,
    Unsupported,
    WrongDevice,
)
from bench.analyse.findings.check import CaseEvidence, Check
from bench.analyse.findings.cost import DearSteps, MeanNotMedian
from bench.analyse.findings.machine import (
    ClockResolution,
    ForeignLoad,
    FrequencyChange,
    HarnessOverhead,
    LaunchBound,
    OversubscribedThreads,
    Throttled,
)
from bench.analyse.findings.numbers import EventLoop, SubnormalNumbers
from bench.analyse.findings.placement import CpuQuota, MixedCores, Niceness, SlowCores
from bench.analyse.findings.processor import BackgroundWork, Preempted
from bench.analyse.findings.settings import LeakySettings
from bench.analyse.findings.stability import Drift, FewLaunches, NotSteady, OutlierShare, TwoModes, WideInterval
from bench.records import Finding

__all__ = [
    "CHECKS",
    "CaseEvidence",
    "Check",
    "ClockResolution",
    "ForeignLoad",
    "WrongDevice",
    "findings_of",
]

CHECKS: Sequence[Check] = (
    WrongDevice(),
    LeakySettings(),
    Unsupported(),
    NotSteady(),
    Drift(),
    TwoModes(),
    MeanNotMedian(),
    DearSteps(),
    FewLaunches(),
    ForeignLoad(),
    BackgroundWork(),
    Preempted(),
    OversubscribedThreads(),
    CpuQuota(),
    SlowCores(),
    MixedCores(),
    Niceness(),
    FrequencyChange(),
    Throttled(),
    ClockResolution(),
    HarnessOverhead(),
    EventLoop(),
    SubnormalNumbers(),
    WideInterval(),
    OutlierShare(),
    RecompiledInTiming(),
    GraphBreak(),
    SameCode(),
    LaunchBound(),
    ResultVaries(),
)


def findings_of(evidence: CaseEvidence) -> list[Finding]:
    """All findings about one number, in the order of `CHECKS`."""
    found = ((check, check.look(evidence)) for check in CHECKS)
    return [Finding(check.name, check.severity, *said, case=evidence.key) for check, said in found if said is not None]
