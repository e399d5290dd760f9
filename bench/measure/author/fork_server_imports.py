"""Imported by the fork server of this process alone: torch, and the workload files, before it forks for the first time.

What it imports here is there in every process that it forks. A file of the user's own is found there under the name
that pickle asks for, though no import by that name would find it.
"""

from __future__ import annotations

import contextlib

from bench.measure.author.fork_server import files
from bench.measure.author.import_workload import module_of
from bench.measure.author.side_code import make_room, place_side


def import_all() -> None:
    """Import what the worker has imported, in its order: torch, then the code of its side."""
    make_room()
    import torch  # noqa: F401

    place_side()
    for source in files():
        # A server that ends takes every process with it. What does not import here does not import in a process that
        # needs it either, and raises there, where the author sees it.
        with contextlib.suppress(Exception):
            module_of(source)


import_all()
