"""Workers that are started ahead: several import torch at the same time, while nothing is timed.

A launch wants a fresh process, and an import of torch is nearly all that a short one takes. So where launches are sure
to come, their processes start together, one for each core, and wait. The process that looked at the machine serves the
first launch.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from bench.protocol import Import
from bench.runner.starter import Starter
from bench.runner.stop_request import Stop
from bench.runner.worker import START_TIMEOUT_S, Worker, WorkerLostError, environment

MOST_AHEAD = 4
"""Most processes that start at the same time: each holds 200 MB, most of it shared, and reads the same files."""


NOTHING = Import([])


class WorkerPool:
    """Fresh workers by thread count. A context manager: at its end the workers that nobody took end too."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._ready: dict[int, list[Worker]] = defaultdict(list)
        self._starter: Starter | None = None
        self.can_fork = False
        """Whether workers may be forked on this machine."""

    def put(self, threads: int, worker: Worker) -> None:
        """Keep a worker that has measured nothing yet."""
        self._ready[threads].append(worker)

    def take(
        self,
        threads: int,
        ahead: int = 0,
        cache: Path | None = None,
        started: Callable[[float], None] = lambda seconds: None,
        load: Import = NOTHING,
    ) -> Worker:
        """A worker that is ready, of `threads` threads. It is the caller's: the pool ends no worker that was taken.

        ahead: how many more of its kind are sure to be wanted; cache: its compile cache, with which it is for one case
        alone; started: is given the seconds that this took; load: what its cases will import, which those that start
        now import at the same time. Raises `MachineUnfitError`, `Stopped`.
        """
        began = time.monotonic()
        if self._starter is not None or cache is not None:
            worker = Worker(threads, self._stop, cache, starter=self._starter)
        else:
            ready = self._ready[threads] = [each for each in self._ready[threads] if each.is_alive()]
            if not ready:
                ready += self._several(threads, at_once(1 + ahead, cores()), load)
                ready[:] = [each for each in ready if each.is_alive()]
            # Where loading ended all of them, a fresh one loads nothing ahead: what is wrong, a case will find.
            worker = ready.pop(0) if ready else Worker(threads, self._stop)
        try:
            worker.greet()
        except BaseException:
            worker.end()
            raise
        started(time.monotonic() - began)
        return worker

    @contextlib.contextmanager
    def launch(self, processes: int, modules: Sequence[str] = ()) -> Iterator[None]:
        """While a launch lasts that takes several processes, they are forks of one fresh process, where that may be.

        modules: what these processes import besides torch.
        """
        if processes < 2 or not self.can_fork:
            yield
            return
        self._starter = Starter(sys.executable, environment(1, None), modules)
        try:
            yield
        finally:
            self._starter.end()
            self._starter = None

    def _several(self, threads: int, count: int, load: Import) -> list[Worker]:
        """Workers that start at the same time, all of them ready: an import beside a block would slow it down."""
        began = time.monotonic()
        workers = [Worker(threads, self._stop) for _ in range(count)]
        try:
            for each in workers:
                each.begin(load)
            for each in workers:
                with contextlib.suppress(WorkerLostError):
                    each.answer(START_TIMEOUT_S)
        except BaseException:
            for each in workers:
                each.end()
            raise
        share_s = (time.monotonic() - began) / count
        for each in workers:
            each.start_s = share_s
        return workers

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for ready in self._ready.values():
            for worker in ready:
                worker.end()
        self._ready.clear()


def at_once(wanted: int, cores: int) -> int:
    """How many of the processes that are still wanted start at the same time: one a core, or what leaves none alone.

    Five on two cores are three and then two, not two, two and one.
    """
    rounds = max(1, wanted // cores)
    return min(math.ceil(wanted / rounds), MOST_AHEAD)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
