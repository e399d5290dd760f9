"""The cores that this process may use."""

from __future__ import annotations

import os
from pathlib import Path

from bench.measure.machine.kernel_files import kernel_text


def physical_cores() -> int:
    """Physical cores this process may use: distinct (package, core) pairs among the CPUs of its affinity."""
    allowed = affinity()
    cores = set()
    for cpu in allowed:
        topology = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology")
        package, core = kernel_text(topology / "physical_package_id"), kernel_text(topology / "core_id")
        cores.add((package, core) if core else ("", str(cpu)))
    return len(cores)


def affinity() -> list[int]:
    """The logical CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))
