"""Workers that are started ahead: several import torch at the same time, while nothing is timed.

A launch wants a fresh process, and an import of torch is nearly all that a short one takes. So where launches are sure
to come, their processes start together, one for each core, and wait. The process that looked at the machine serves the
first launch.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from bench.runner.stop_request import Stop
from bench.runner.worker import Worker

MOST_AHEAD = 4
"""Most processes that start at the same time: each holds 200 MB, most of it shared, and reads the same files."""


class WorkerPool:
    """Fresh workers by thread count. A context manager: at its end the workers that nobody took end too."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._ready: dict[int, list[Worker]] = defaultdict(list)

    def put(self, threads: int, worker: Worker) -> None:
        """Keep a worker that has measured nothing yet."""
        self._ready[threads].append(worker)

    def take(
        self,
        threads: int,
        ahead: int,
        cache: Path | None = None,
        started: Callable[[float], None] = lambda seconds: None,
    ) -> Worker:
        """A worker that is ready, of `threads` threads. It is the caller's: the pool ends no worker that was taken.

        ahead: how many more of its kind are sure to be wanted; cache: its compile cache, with which it is for one case
        alone; started: is given the seconds that this took. Raises `MachineUnfitError`, `Stopped`.
        """
        began = time.monotonic()
        if cache is not None:
            worker = Worker(threads, self._stop, cache)
        else:
            ready = self._ready[threads] = [each for each in self._ready[threads] if each.is_alive()]
            if not ready:
                ready += [Worker(threads, self._stop) for _ in range(1 + min(ahead, MOST_AHEAD - 1, _cores() - 1))]
            # Those that start beside it are waited for as well: an import beside the first block would slow it down.
            for each in ready[1:]:
                each.greet()
            worker = ready.pop(0)
        try:
            worker.greet()
        except BaseException:
            worker.end()
            raise
        started(time.monotonic() - began)
        return worker

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for ready in self._ready.values():
            for worker in ready:
                worker.end()
        self._ready.clear()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
