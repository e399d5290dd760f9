"""The CPU clock: processor time that this process and its timing thread spend on a block, and how often it paused.

It is read outside of the wall interval, at both ends of a block: what the readings cost, about a microsecond, is in
neither clock of a block.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

try:
    import resource
except ImportError:  # Windows has no getrusage
    resource = None  # type: ignore[assignment]  # a module that is absent


class CpuReading(NamedTuple):
    """Counters of this process, or what they grew by. Context switches are None where the system has no counts."""

    process_ns: int
    """CPU time of the process: all its threads, user and system."""
    thread_ns: int
    """CPU time of the calling thread."""
    preempted: int | None
    """Involuntary context switches of the calling thread: another program took its core."""
    waited: int | None
    """Voluntary context switches of the calling thread: it slept, or waited for a lock, a file or a child."""


ReadCpu = Callable[[], CpuReading]


def read_cpu() -> CpuReading:
    """The counters now (clock_gettime(2): CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID; getrusage(2))."""
    preempted, waited = _switches()
    return CpuReading(time.process_time_ns(), time.thread_time_ns(), preempted, waited)


def spent(before: CpuReading, after: CpuReading) -> CpuReading:
    """What the counters grew by between two readings."""
    return CpuReading(
        after.process_ns - before.process_ns,
        after.thread_ns - before.thread_ns,
        _growth(before.preempted, after.preempted),
        _growth(before.waited, after.waited),
    )


def _growth(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before


def _switches() -> tuple[int | None, int | None]:
    """Involuntary and voluntary context switches of this thread; only Linux counts them by thread."""
    if resource is None or not hasattr(resource, "RUSAGE_THREAD"):
        return None, None
    used = resource.getrusage(resource.RUSAGE_THREAD)
    return used.ru_nivcsw, used.ru_nvcsw
