"""Where this process may run: its CPUs, their kinds and nodes, the time it may have, and its rank among others."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.measure.machine import cgroups, core_kinds
from bench.measure.machine.cores import affinity
from bench.measure.machine.kernel_files import ROOT, kernel_text
from bench.protocol.placement import Placement, text_of

POLICIES = {0: "other", 1: "fifo", 2: "rr", 3: "batch", 5: "idle", 6: "deadline", 7: "ext"}
"""Scheduling policies by the numbers of sched.h (sched_setscheduler(2))."""

NICE, POLICY = 19, 41
"""Fields of /proc/self/stat (proc(5)), counted from 1."""


def placement(allowed: Sequence[int] | None = None, root: Path = ROOT) -> dict[str, Any]:
    """The facts, as plain values; lists of CPUs as the kernel writes them.

    allowed: the CPUs that this process may use, in place of its own affinity; root: where /proc and /sys are.
    """
    cpus = tuple(affinity() if allowed is None else allowed)
    machine = core_kinds.online(root) or cpus
    kinds, told_by = core_kinds.kinds(machine, root)
    bounds = cgroups.limits(root)
    tightest = min(bounds, key=lambda limit: limit.cores, default=None)
    nice, policy = scheduling(root)
    return {
        "cpus": text_of(cpus),
        "kinds": kinds,
        "kinds_by": told_by,
        "frequencies": "" if told_by else core_kinds.frequencies(machine, root),
        "nodes": core_kinds.nodes(root),
        "siblings": core_kinds.siblings(machine, root),
        "cpuset": cgroups.cpuset(root),
        "quota": tightest and _quota(tightest),
        "nice": nice,
        "policy": policy,
    }


def _quota(limit: cgroups.Limit) -> dict[str, Any]:
    counted = cgroups.stops(limit.folder)
    return {
        "cores": limit.cores,
        "quota_us": limit.quota_us,
        "period_us": limit.period_us,
        "periods": counted.periods,
        "throttled": counted.throttled,
        "throttled_s": counted.seconds,
    }


def scheduling(root: Path = ROOT) -> tuple[int | None, str]:
    """Niceness, and the name of the scheduling policy; None and an empty text where the kernel does not say."""
    # The second field is the name of the program in brackets, and may hold anything.
    fields = kernel_text(root / "proc/self/stat").rpartition(")")[2].split()
    if len(fields) <= POLICY - 3:
        return None, ""
    number = int(fields[POLICY - 3])
    return int(fields[NICE - 3]), POLICIES.get(number, str(number))


def keep_home(place: Placement, threads: int) -> None:
    """Hold this process, with all threads it has, to cores of one kind and one node; see `Placement.home`.

    What it starts from now on runs there too. Nothing is done where all its cores are alike, or the system cannot.
    """
    home = set(place.home(threads))
    if not home or home == set(place.cpus) or not hasattr(os, "sched_setaffinity"):
        return
    tasks = Path("/proc/self/task")
    for thread in [int(task.name) for task in tasks.iterdir()] if tasks.is_dir() else [0]:
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            os.sched_setaffinity(thread, home)
