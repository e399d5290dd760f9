"""What a profile says of a case: where its time goes, within which bounds, and what binds it."""

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
    """What the recordings of one case say."""

    cost: Cost
    shares: tuple[Share, ...]
    limits: Limits
    idle: Share | None
    """Time in which the device has nothing to do while the steps run; None for a case without a device."""
    verdict: Verdict
    sampling: Sampling | None
    """What the sampler of stacks cost and saw; None where no sampler was available."""
    compiling: Mapping[str, float]
    """Seconds of compiling by what they went to; empty where nothing was compiled."""


def judge(entry: Mapping[str, Any], peaks: Peaks | None = None) -> ProfileResult:
    """Judge the entry `profile` of a `run.json`. peaks: of the machine it was taken on, if they were measured."""
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
