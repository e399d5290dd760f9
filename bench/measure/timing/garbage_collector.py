"""The garbage collector, kept out of what is timed."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def settle_garbage() -> None:
    """Collect and freeze once, so that the collection before each visit has only new objects to look at."""
    gc.collect()
    gc.freeze()


@contextmanager
def quiet_garbage() -> Iterator[None]:
    """Collect once, then keep the collector off: a collection inside a block slows the next one 2.5 times."""
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:  # else a workload, or the suite of another tool, keeps it off
            gc.enable()
