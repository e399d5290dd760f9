"""What the processes that a workload starts begin with: the modules that they would find from a script of the user's.

From Python 3.14 on, `multiprocessing` starts processes from a fork server, which has imported what the main module of
the program imports. A script has torch at its top: its server imports torch once, and a worker of a DataLoader is a
fork of that. The main module of this process imports nothing of the kind, so that every worker would import torch anew,
in each epoch: 1.7 s in place of 0.08 s for two workers and 800 rows.
"""

from __future__ import annotations

import json
import multiprocessing
import os

from bench.records import Source

LISTED = "COURSEBENCH_FORK_SERVER"
"""Names the variable with the workload files that the server imports, as JSON."""

IMPORTS = "bench.measure.author.fork_server_imports"
"""The module that the server imports, and which imports what is listed."""


def prepare(source: Source) -> None:
    """Let a fork server that is started later import torch and this workload file. Costs nothing where none is started.

    Call it before the file is imported: what that asks `set_forkserver_preload` for is the author's own wish, and
    stands. A server that runs already goes on with what it has.
    """
    if source.path in _listed:
        return
    _listed[source.path] = source
    os.environ[LISTED] = json.dumps([[each.path, each.function, each.dotted] for each in _listed.values()])
    if len(_listed) == 1 and "forkserver" in multiprocessing.get_all_start_methods():
        # torch again by its own name: with an interpreter of another side, `bench` may not be on the server's path.
        multiprocessing.set_forkserver_preload([IMPORTS, "torch"])


_listed: dict[str, Source] = {}
"""By path the workload files that this process was asked for."""


def files() -> list[Source]:
    """The files that are listed for this process, a fork server, in the order of their first use."""
    return [Source(path, function, dotted) for path, function, dotted in json.loads(os.environ.get(LISTED, "[]"))]


def start_method() -> str:
    """How `multiprocessing` starts processes unless a program says otherwise: fork, forkserver or spawn.

    The question of `get_start_method` would settle it for the process, and a later `set_start_method` would raise.
    """
    return multiprocessing.get_start_method(allow_none=True) or multiprocessing.get_all_start_methods()[0]
