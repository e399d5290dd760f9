"""What the noise reading of `bench doctor` shows about a machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bench.analyse.findings import ClockResolution, ForeignLoad
from bench.analyse.findings.placement import findings_about
from bench.protocol.capabilities import GPU_STATE
from bench.protocol.placement import Placement
from bench.records import Finding
from bench.stats.robust import outlier_share, spread

QUIET, NOISY = 0.02, 0.10
"""Spread of 1 ms blocks as a share of their median: below 2 % single launches agree within the default precision; above
10 % even twenty launches do not reach it."""

WITHOUT = {GPU_STATE: "cases are measured without it: watch nvidia-smi beside a run, and lock the clock if you may"}
"""By capability whose lack skips no case: what to do instead."""


def noise(starts_ns: Sequence[int], totals_ns: Sequence[int]) -> dict[str, Any]:
    """Spread, tail, drift and longest gap of a reading. Shares are of the median block; times are in seconds."""
    totals = np.asarray(totals_ns, dtype=np.float64)
    starts = np.asarray(starts_ns, dtype=np.float64)
    median = float(np.median(totals))
    halves = np.array_split(totals, 2)
    gaps = np.diff(starts) - totals[:-1]
    return {
        "blocks": len(totals),
        "block_s": median / 1e9,
        "spread": spread(totals) / median,
        "slowest_1_percent": float(np.quantile(totals, 0.99)) / median - 1,
        "worst": float(totals.max()) / median - 1,
        "outlier_share": outlier_share(totals),
        "drift": float(np.median(halves[1]) / np.median(halves[0]) - 1) if len(totals) > 1 else 0.0,
        "longest_gap_s": float(gaps.max()) / 1e9 if len(gaps) else 0.0,
    }


def machine_findings(
    reading: Mapping[str, Any], facts: Mapping[str, Any], capabilities: Mapping[str, str]
) -> list[Finding]:
    """What to know and do before measuring here. reading: `noise(…)` with foreign_load and clock_resolution_s."""
    found = []

    def say(check: str, severity: str, message: str, advice: str) -> None:
        found.append(Finding(check, severity, message, advice))

    if reading["spread"] > NOISY:
        say(
            "noisy-machine",
            "warning",
            f"blocks of 1 ms spread by {reading['spread']:.0%}",
            "expect wide intervals: close other programs, or measure at a quieter time",
        )
    elif reading["spread"] > QUIET:
        say(
            "some-noise",
            "hint",
            f"blocks of 1 ms spread by {reading['spread']:.1%}",
            "the default of six launches and more copes with this",
        )
    if abs(reading["drift"]) > max(QUIET, reading["spread"]):
        say(
            "drift",
            "warning",
            f"the second half of the reading is {reading['drift']:+.1%} against the first",
            "a clock rate that rises or falls: let the machine warm up, fix the governor",
        )
    if reading["foreign_load"] is not None and reading["foreign_load"] > ForeignLoad.most_cores:
        say(
            ForeignLoad.name,
            "warning",
            f"other programs, or other tenants of the host, take {reading['foreign_load']:.2f} cores",
            "close them: what shares the memory bus slows a step even on another core",
        )
    if reading["block_s"] < ClockResolution.fewest_ticks * reading["clock_resolution_s"]:
        say(
            ClockResolution.name,
            "warning",
            f"the clock resolves {reading['clock_resolution_s'] * 1e9:.0f} ns only",
            "blocks are made longer; small steps take more time to measure",
        )
    cpu = facts["cpu"]
    if cpu["governor"] not in (None, "performance"):
        say(
            "governor",
            "hint",
            f"the frequency governor is '{cpu['governor']}'",
            "sudo cpupower frequency-set -g performance",
        )
    if cpu["turbo"]:
        say(
            "turbo",
            "hint",
            "turbo is on: speed depends on temperature",
            "turn it off where you may, for stable numbers",
        )
    if cpu["hypervisor"]:
        say(
            "virtual-machine",
            "hint",
            "this is a virtual machine: its cores may be shared with strangers",
            "compare within one run; across days, trust intervals only",
        )
    found += findings_about(Placement.of(facts))
    for name, reason in capabilities.items():
        if reason:
            untold = name.startswith(("state of", "peak ", "load of"))
            missing = "it is missing from the results" if untold else "cases that need it are skipped with this reason"
            advice = WITHOUT.get(name, missing)
            say(f"no-{name.replace(' ', '-')}", "hint", reason, advice)
    if not capabilities.get("cuda", "no"):
        say(
            "cuda-unproven",
            "hint",
            "the clocks of CUDA have passed their tests on one GPU so far, an H100 with torch 2.11",
            "hold them on this one with bench certify",
        )
    for kind in ("mps", "xpu"):
        if not capabilities.get(kind, "no"):
            say(
                f"{kind}-unproven",
                "hint",
                f"the clocks of {kind} have passed their tests on a simulated device alone",
                "run pytest tests/accelerator in a checkout, and send us the page that it writes",
            )
    return found
