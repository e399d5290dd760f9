"""What a profile shows of a case: where its time goes, within which bounds, and what limits it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.analyse.profiles.compile_time import parts
from bench.analyse.profiles.recorded import RecordedProfile
from bench.analyse.profiles.sampled_functions import Sampling, sampling_of
from bench.analyse.profiles.time_shares import Cost, Share, cost_of, device_idle, shares_of
from bench.analyse.profiles.verdict import Verdict, verdict_of
from bench.analyse.profiles.work_limits import Limits, limits_of
from bench.analyse.rows.peaks import Peaks

__all__ = ["ProfileResult", "Verdict", "judge"]


@dataclass(frozen=True)
class ProfileResult:
    """Results from the recordings of one case."""

    cost: Cost
    shares: tuple[Share, ...]
    limits: Limits
    idle: Share | None
    """Share of the time in which the device has nothing to do; None for a case without a device."""
    verdict: Verdict
    sampling: Sampling | None
    """Cost and samples of the stack sampler; None if no sampler was available."""
    compiling: Mapping[str, float]
    """Seconds of compiling by part; empty if nothing was compiled."""


def judge(entry: Mapping[str, Any], peaks: Peaks | None = None) -> ProfileResult:
    """Judge the entry `profile` of a `run.json`. peaks: those of its machine, if they were measured."""
    taken = RecordedProfile.of(entry)
    cost = cost_of(taken)
    shares = shares_of(taken, cost)
    limits = limits_of(taken, cost, peaks)
    return ProfileResult(
        cost,
        shares,
        limits,
        device_idle(taken, cost),
        verdict_of(shares, limits, cost, on_device=taken.device is not None),
        None if taken.sampling is None else sampling_of(taken.sampling),
        parts(taken.compile_s),
    )
