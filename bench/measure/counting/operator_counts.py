"""Counts of one step: operators, allocations, kernels. They have no noise, so two versions compare exactly."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch._C._autograd import _supported_activities
from torch._C._profiler import ProfilerActivity
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
    used = device.type if sees_kernels(device) else None
    with profile(use_device=used, profile_memory=True, use_kineto=True, acc_events=True) as seen:
        step()
        drain()
    found = {"operators": 0, "allocations": 0, "allocated_bytes": 0}
    if used is not None:
        found |= {"device_kernels": 0, "device_copies": 0, "device_allocated_bytes": 0}
    on_cpu = torch._C._autograd.DeviceType.CPU
    for event in _events(seen):
        name = event.name()
        if used is None and event.device_type() != on_cpu:
            continue
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


@cache
def sees_kernels(device: torch.device) -> bool:
    """Does the profiler see what runs on a device? Not on an Apple GPU; on an Intel GPU where it is built for it.

    That of an Intel GPU is asked for a kernel that is known to run: without the right it counts none, and every case
    would seem to work elsewhere.
    """
    if device.type in ("cpu", "mps"):
        return False
    if device.type == "cuda":
        return True
    if ProfilerActivity.XPU not in _supported_activities():
        return False
    on_cpu = torch._C._autograd.DeviceType.CPU
    with profile(use_device=device.type, use_kineto=True, acc_events=True) as seen:
        torch.ones(8, device=device).add_(1).cpu()
    return any(event.device_type() != on_cpu and event.name() != MEMORY for event in _events(seen))


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
