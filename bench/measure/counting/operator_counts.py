"""Counts of one step: operators, allocations, kernels. They have no noise, so two versions compare exactly."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import torch
from torch.autograd.profiler import profile

LONGEST_STEP_S = 0.05
"""A longer step is not counted: each of its thousands of calls would stay in memory until it ends."""

MEMORY = "[memory]"
"""Name of the events of memory; the bytes of what is freed are negative."""


def counts(step: Callable[[], Any], drain: Callable[[], None], device: torch.device) -> dict[str, int]:
    """Counts of one call of `step`: `operators` (calls of torch's operators from the host, nested ones too),
    `allocations` and `allocated_bytes` of host and device memory, and on a device `device_kernels`, `device_copies` and
    `device_allocated_bytes`.

    Counting takes some milliseconds, in which nothing is timed. A DataLoader's own processes are not seen.
    """
    # Not torch.profiler's, which is built on this one: it imports Dynamo at its first use, a second for a millisecond.
    used = None if device.type == "cpu" else device.type
    with profile(use_device=used, profile_memory=True, use_kineto=True, acc_events=True) as seen:
        step()
        drain()
    found = {"operators": 0, "allocations": 0, "allocated_bytes": 0}
    if device.type != "cpu":
        found |= {"device_kernels": 0, "device_copies": 0, "device_allocated_bytes": 0}
    on_cpu = torch._C._autograd.DeviceType.CPU
    for event in _events(seen):
        name = event.name()
        if event.device_type() != on_cpu and name != MEMORY:
            found["device_copies" if name.startswith(("Memcpy", "Memset")) else "device_kernels"] += 1
        elif name == MEMORY:
            found["allocations"] += event.nbytes() > 0
            found["allocated_bytes"] += max(0, event.nbytes())
            if event.device_type() != on_cpu:
                found["device_allocated_bytes"] += max(0, event.nbytes())
        elif name.startswith("aten::"):
            found["operators"] += 1
    return found


def traced_peak(step: Callable[[], Any]) -> int:
    """The most bytes of Python and NumPy that one call of `step` held at a time; tensors are not among them."""
    already = tracemalloc.is_tracing()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        step()
        return max(0, tracemalloc.get_traced_memory()[1] - before)
    finally:
        if not already:
            tracemalloc.stop()


def _events(seen: profile) -> list[Any]:
    """The events as recorded: `seen.events()` lacks the allocations, except what an operator kept (torch 2.13)."""
    results = seen.kineto_results
    return [] if results is None else list(results.events())
