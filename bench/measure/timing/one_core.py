"""One core: whether a step needs only that, and how to hold it there."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

ELSEWHERE = 0.02
"""Most CPU time of other threads of the process, as a share of wall time, in a step that needs one core."""


@contextmanager
def on_core(cpu: int | None) -> Iterator[None]:
    """Hold the calling thread to a core; None leaves it where it may run.

    Threads and processes that are started inside are held there too: use it only for a step that starts none.
    """
    if cpu is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class CoreUse:
    """Watches the CPU time of the process besides the calling thread, from its making on."""

    def __init__(self) -> None:
        self._wall, self._others, self._children = time.perf_counter(), _of_other_threads(), _of_children()

    def one(self) -> bool:
        """Did this thread alone do all the work? False where a thread cannot be held to a core."""
        if not hasattr(os, "sched_setaffinity") or torch.get_num_threads() != 1:
            return False
        spent = time.perf_counter() - self._wall
        by_others = _of_other_threads() - self._others
        return by_others <= ELSEWHERE * spent and _of_children() == self._children


def _of_other_threads() -> float:
    """CPU seconds of the process less those of the calling thread."""
    return time.process_time() - time.thread_time()


def _of_children() -> float:
    """CPU seconds of child processes that have ended, such as the workers of a loader."""
    if resource is None:
        return 0.0
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
