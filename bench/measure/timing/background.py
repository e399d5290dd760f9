"""Work that a step hands away: what this process and its children compute while no step runs."""

from __future__ import annotations

import os
import time
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
    began, process, of_children = time.monotonic(), time.process_time(), _cpu_s(children)
    time.sleep(LOOK_AT_CHILDREN_S if children else LOOK_S)
    busy = time.process_time() - process + _cpu_s(children) - of_children
    return max(0.0, busy) / (time.monotonic() - began)


def _children() -> list[int] | None:
    """Process ids of all living descendants; None on a system without /proc/…/children (proc(5))."""
    found: list[int] = []
    waiting = [os.getpid()]
    try:
        while waiting:
            pid = waiting.pop()
            for task in Path(f"/proc/{pid}/task").iterdir():
                own = [int(text) for text in (task / "children").read_text(encoding="ascii").split()]
                found += own
                waiting += own
    except FileNotFoundError:  # a child that has just ended, or a kernel without this file
        return None if not Path("/proc/self/task").exists() else found
    except OSError:
        return None
    return found


def _cpu_s(pids: list[int]) -> float:
    """CPU seconds of these processes so far; one that has ended counts no more."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])  # utime and stime, fields 14 and 15 of the line
    return ticks / os.sysconf("SC_CLK_TCK") if pids else 0.0
