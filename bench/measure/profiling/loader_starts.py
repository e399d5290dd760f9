"""Marks in a profile how long the workers of a DataLoader take to start: torch itself has a region for batches alone.

From the making of an iterator with workers to its first batch they are begun, import what they lack, and fetch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

from torch.profiler import record_function
from torch.utils.data.dataloader import _MultiProcessingDataLoaderIter

from bench.measure.profiling.timeline import STARTING_REGION


@contextmanager
def loader_starts() -> Iterator[None]:
    """While this is open, iterators begin and wait for their first batch inside a region of that name."""
    kind: Any = _MultiProcessingDataLoaderIter
    begin, fetch = kind.__init__, kind._next_data
    fresh = WeakSet[Any]()

    def begin_marked(iterator: Any, loader: Any) -> None:
        with record_function(STARTING_REGION):
            begin(iterator, loader)
        fresh.add(iterator)

    def fetch_marked(iterator: Any) -> Any:
        if iterator not in fresh:
            return fetch(iterator)
        fresh.discard(iterator)
        with record_function(STARTING_REGION):
            return fetch(iterator)

    kind.__init__, kind._next_data = begin_marked, fetch_marked
    try:
        yield
    finally:
        kind.__init__, kind._next_data = begin, fetch
