"""Imports that are wanted later, done while a worker starts: pandas takes half a second, as long as two launches."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from threading import Thread

AFTER_A_RUN = ("bench.analyse.rows.analysis", "bench.present.tables.estimates_table", "bench.store.tables")
"""What seals a run, judges it and shows it."""


@contextlib.contextmanager
def imported_meanwhile(*modules: str) -> Iterator[None]:
    """Import modules in a thread; at the end of the block they are there, and nothing imports beside a measurement."""
    thread = Thread(target=_import, args=modules, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _import(*modules: str) -> None:
    for module in modules:
        with contextlib.suppress(ImportError):  # it is raised again where the module is used
            importlib.import_module(module)
