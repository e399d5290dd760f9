"""What one step does, counted: operators, allocations, kernels. Free of noise, so that two versions compare exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

LONGEST_STEP_S = 0.05
"""A longer step is not counted: each of its thousands of calls would be kept in memory until it ends."""


def counts(step: Callable[[], Any], drain: Callable[[], None], device: torch.device) -> dict[str, int]:
    """Counts of one call of `step`: `operators` (calls of torch's operators from the host, those within others too),
    `allocations` and `allocated_bytes` of host and device memory, and on a device `device_kernels` and `device_copies`.

    Costs some milliseconds; nothing is timed meanwhile. Threads of a DataLoader's own processes are not seen.
    """
    activities = [ProfilerActivity.CPU]
    if device.type == "cuda":
        activities.append(ProfilerActivity.CUDA)
    with profile(activities=activities, profile_memory=True, acc_events=True) as seen:
        step()
        drain()
    found = {"operators": 0, "allocations": 0, "allocated_bytes": 0}
    if device.type != "cpu":
        found |= {"device_kernels": 0, "device_copies": 0}
    for event in seen.events() or ():
        if event.device_type.name != "CPU":
            found["device_copies" if event.name.startswith(("Memcpy", "Memset")) else "device_kernels"] += 1
        elif event.name == "[memory]":
            grown = event.cpu_memory_usage + event.device_memory_usage
            found["allocations"] += grown > 0
            found["allocated_bytes"] += max(0, grown)
        elif event.name.startswith("aten::"):
            found["operators"] += 1
    return found
