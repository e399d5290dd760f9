"""Disturbance by other programs: the load they made, and how often this process was pushed off a core."""

from __future__ import annotations

import os
import time
from pathlib import Path

try:
    import resource
except ImportError:  # Windows has no getrusage; preemptions are then None, and said to be unknown
    resource = None  # type: ignore[assignment]  # a module that is absent


class ForeignLoad:
    """Cores that other programs kept busy since this object was made.

    All busy time of the machine from /proc/stat (proc(5): user, nice, system, irq, softirq and steal, in ticks of 1/100
    s), less the processor time of this process and its finished children. Over less than 0.5 s the ticks are too
    coarse.
    """

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._busy = _busy_s()
        self._own = _own_s()

    def cores(self) -> float | None:
        """Mean number of cores kept busy by others; None where /proc/stat is missing or the time was too short."""
        seconds = time.monotonic() - self._started
        now = _busy_s()
        if self._busy is None or now is None or seconds < 0.5:
            return None
        return max(0.0, ((now - self._busy) - (_own_s() - self._own)) / seconds)


def preemptions() -> int | None:
    """Involuntary context switches of this process so far (getrusage(2)); None where the system does not count them."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw if resource else None


def _own_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _busy_s() -> float | None:
    try:
        fields = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()[1:]
    except OSError:
        return None
    user, nice, system, _idle, _iowait, irq, softirq, steal = (int(field) for field in fields[:8])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
