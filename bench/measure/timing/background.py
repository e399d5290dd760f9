"""Work that a step hands away: what this process and its children compute while no step runs."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from pathlib import Path

LOOK_S = 0.005
"""Length of a look at the threads of the process: five times the shortest block."""

LOOK_AT_CHILDREN_S = 0.05
"""Length of a look where there are children: /proc counts their time in ticks of 10 ms."""


def background_cores() -> float | None:
    """Cores that the process and its children keep busy while this thread sleeps; None if children cannot be seen.

    Called right after blocks, when nothing of the step should be left to do.
    """
    children = _children()
    if children is None:
        return None
    began, process, before = time.monotonic(), time.process_time(), _cpu_s(children)
    time.sleep(LOOK_AT_CHILDREN_S if children else LOOK_S)
    by_children = sum(spent - before[pid] for pid, spent in _cpu_s(before).items())
    return (time.process_time() - process + by_children) / (time.monotonic() - began)


def _children() -> list[int] | None:
    """Process ids of all living descendants; None on a system without /proc/…/children (proc(5))."""
    if not Path(f"/proc/self/task/{os.getpid()}/children").exists():
        return None
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a process or thread that has just ended
            for task in Path(f"/proc/{waiting.pop()}/task").iterdir():
                own = [int(text) for text in (task / "children").read_text(encoding="ascii").split()]
                found += own
                waiting += own
    return found


def _cpu_s(pids: Iterable[int]) -> dict[int, float]:
    """CPU seconds so far of those of these processes that still exist."""
    found = {}
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            ticks = int(fields[11]) + int(fields[12])  # utime and stime, fields 14 and 15 of the line
            found[pid] = ticks / os.sysconf("SC_CLK_TCK")
    return found
