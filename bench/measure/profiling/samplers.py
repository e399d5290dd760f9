"""Samplers inside the process, for where no sampler is allowed from outside.

Both see a thread only where it releases the interpreter. A call into C that holds it is seen once it is over, so that
each sample stands for the time since the one before, and not for a period.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from bench.measure.profiling.case_region import shortened, spelt
from bench.protocol.rows import SampledStack
from bench.protocol.rungs import PYINSTRUMENT, SAMPLING_THREAD

PERIOD_S = 0.002
"""Seconds between two looks: 500 a second, as py-spy (`bench.runner.profiling.py_spy`)."""

MAIN = "main"
"""The only thread that they sample: the one that calls the steps."""


class Seen:
    """The stacks that were seen, outermost frame first, with how often and for how long."""

    def __init__(self) -> None:
        self._samples: Counter[str] = Counter()
        self._ns: Counter[str] = Counter()

    def add(self, stack: str, ns: int) -> None:
        """Count one sample."""
        self._samples[stack] += 1
        self._ns[stack] += ns

    def stacks(self) -> list[SampledStack]:
        """The stacks as a message carries them."""
        return [SampledStack(MAIN, stack, samples, self._ns[stack]) for stack, samples in self._samples.items()]


@contextmanager
def sampling(sampler: str) -> Iterator[Callable[[], list[SampledStack]]]:
    """Sample stacks by the sampler of that name, or by none; ask for them once the sampling is over."""
    seen = Seen()
    match sampler:
        case "":
            yield seen.stacks
        case _ if sampler == SAMPLING_THREAD:
            with _thread(threading.get_ident(), seen):
                yield seen.stacks
        case _ if sampler == PYINSTRUMENT:
            with _pyinstrument(seen):
                yield seen.stacks
        case _:
            raise ValueError(f"no sampler {sampler!r}")


@contextmanager
def _thread(watched: int, seen: Seen) -> Iterator[None]:
    """Sample with a thread that reads the frames of another (`sys._current_frames`)."""
    over = threading.Event()

    def look() -> None:
        last = time.perf_counter_ns()
        while not over.wait(PERIOD_S):
            stack, now = _stack(sys._current_frames()[watched]), time.perf_counter_ns()
            seen.add(stack, now - last)
            last = now

    looking = threading.Thread(target=look, name="coursebench sampler", daemon=True)
    switched = sys.getswitchinterval()
    # A thread in pure Python lets go of the interpreter only when it is asked to, and by default after 5 ms.
    sys.setswitchinterval(PERIOD_S / 10)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()
        sys.setswitchinterval(switched)


def _stack(frame: FrameType | None) -> str:
    names = []
    while frame is not None:
        names.append(spelt(frame.f_code))
        frame = frame.f_back
    return ";".join(reversed(names))


@contextmanager
def _pyinstrument(seen: Seen) -> Iterator[None]:
    """Sample with pyinstrument, whose C code checks at each call and return whether a sample is due."""
    import pyinstrument  # only where it is asked for: a side need not have it

    profiler = pyinstrument.Profiler(interval=PERIOD_S, async_mode="disabled")
    profiler.start()
    try:
        yield
    finally:
        session = profiler.stop()
    for frames, seconds in session.frame_records:
        names = [name for name in map(_identified, frames) if not name.endswith(_BUILT_IN)]
        seen.add(";".join(names), round(seconds * 1e9))


_BUILT_IN = "(<built-in>)"
"""The file of a function written in C, which no other sampler sees: its time is its caller's."""


def _identified(identifier: str) -> str:
    """A frame of pyinstrument, `name NUL file NUL line` with attributes after a byte of 1, nearly as `spelt` writes it.

    It has the bare name of a function, without that of its class.
    """
    name, filename, _ = identifier.partition("\1")[0].split("\0")
    return f"{name} ({shortened(filename)})"
