"""Work that a step hands away: what this process and its children compute while no step runs."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

LOOK_S = 0.005
"""Length of a look at the threads of the process: five times the shortest block."""

LOOK_AT_CHILDREN_S = 0.05
"""Length of a look where there are children: /proc counts their time in ticks of 10 ms, or to a few ms."""

AT_REST = 0.1
"""Most cores of a process in which nothing computes."""


_OTHERS: set[int] = set()
"""Children of this process that are none of a case's."""


def disregard_living_children() -> None:
    """Leave out the children that live now, before a case begins: they are of whoever else uses this process."""
    _OTHERS.clear()
    _OTHERS.update(_children() or ())


def background_cores(look_s: float = LOOK_S) -> float | None:
    """Cores that the process and its children keep busy while this thread sleeps; None if children cannot be seen.

    Called right after blocks, when nothing of the step should be left to do. look_s: seconds of the look, at least.
    """
    children = _children()
    if children is None:
        return None
    before = _cpu_s(children)
    began, process = time.monotonic(), time.process_time()
    time.sleep(max(look_s, LOOK_AT_CHILDREN_S) if children else look_s)
    own, lasted = time.process_time() - process, time.monotonic() - began  # before the look at children costs some
    by_children = sum(spent - before[pid] for pid, spent in _cpu_s(before).items())
    return (own + by_children) / lasted


def _children() -> list[int] | None:
    """Process ids of all living descendants; None on a system without /proc/…/children (proc(5))."""
    if not Path(f"/proc/self/task/{os.getpid()}/children").exists():
        return None
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a process or thread that has just ended
            for task in Path(f"/proc/{waiting.pop()}/task").iterdir():
                pids = map(int, (task / "children").read_text(encoding="ascii").split())
                own = [pid for pid in pids if pid not in _OTHERS]
                found += own
                waiting += own
    return found


def _cpu_s(pids: Iterable[int]) -> dict[int, float]:
    """CPU seconds so far of those of these processes that still exist."""
    found = {}
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended
            found[pid] = max(_scheduled_s(pid), _ticked_s(pid))
    return found


def _scheduled_s(pid: int) -> float:
    """CPU seconds of the living threads of a process, to a few ms; 0 where the kernel keeps no such statistics."""
    total_ns = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            total_ns += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return total_ns / 1e9


def _ticked_s(pid: int) -> float:
    """CPU seconds of a process with the threads that have ended, in ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime, fields 14 and 15


class ChildWatch:
    """Adds up what child processes compute while blocks are timed.

    Those that end in between do not count: the step waited for them, or they were none of its.
    """

    def __init__(self) -> None:
        self._cpu_s = self._wall_s = 0.0

    @contextlib.contextmanager
    def timing(self) -> Iterator[None]:
        """Watch while blocks are timed inside."""
        before, began = _cpu_s(_children() or ()), time.monotonic()
        yield
        self._wall_s += time.monotonic() - began
        after = _cpu_s(_children() or ())
        self._cpu_s += sum(max(0.0, spent - before.get(pid, 0.0)) for pid, spent in after.items())

    def cores(self) -> float | None:
        """Cores that they kept busy; None where nothing was timed."""
        return self._cpu_s / self._wall_s if self._wall_s else None


def settle(longest_s: float) -> Iterator[float]:
    """Seconds waited so far, again and again, each time longer, while work may go on beside this thread.

    Ends at once in a process that has no other thread of Python's, no child, and nothing that computes.
    """
    began, pause = time.monotonic(), LOOK_S
    if threading.active_count() == 1 and not _children() and (background_cores() or 0.0) < AT_REST:
        return
    while (waited := time.monotonic() - began) < longest_s:
        time.sleep(pause)
        yield waited + pause
        pause *= 2
