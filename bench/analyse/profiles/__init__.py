"""What a profile says of a case: where its time goes, within which bounds, and what binds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.analyse.profiles.compile_time import parts
from bench.analyse.profiles.sampled_functions import Sampling, sampling_of
from bench.analyse.profiles.time_shares import Cost, Share, cost_of, device_idle, shares_of
from bench.analyse.profiles.verdict import Verdict, verdict_of
from bench.analyse.profiles.work_limits import Limits, limits_of
from bench.analyse.rows.peaks import Peaks

__all__ = ["ProfileResult", "Verdict", "judge"]


@dataclass(frozen=True)
class ProfileResult:
    """A profile, judged."""

    cost: Cost
    shares: tuple[Share, ...]
    limits: Limits
    idle: Share | None
    """Of the device, while the steps ran; None for a case without one."""
    verdict: Verdict
    sampling: Sampling | None
    """Of stacks; None where no sampler was to be had."""
    compiling: Mapping[str, float]
    """Seconds of compiling by what they went to; empty where nothing was compiled."""


def judge(told: Mapping[str, Any], peaks: Peaks | None = None) -> ProfileResult:
    """Judge what `run.json` tells of a profile. peaks: of the machine it was taken on, where they were measured."""
    cost = cost_of(told)
    shares = shares_of(told, cost)
    limits = limits_of(told, cost, peaks)
    on_device = told["device"] is not None
    return ProfileResult(
        cost,
        shares,
        limits,
        device_idle(told, cost),
        verdict_of(shares, limits, cost, on_device),
        sampling_of(told),
        parts(told["compiling"]["seconds"]) if told["compiling"] else {},
    )
