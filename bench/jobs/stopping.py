"""How a job is stopped: by the `Stop` it is handed, or by Ctrl-C in a script.

The command line hands over a `Stop` that listens to signals. Without one a job installs no handler: Ctrl-C in a script
or a notebook is a KeyboardInterrupt, as anywhere in Python. What was measured is sealed on its way up.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from bench.runner.stop import Stop


@contextlib.contextmanager
def stop_or_own(stop: Stop | None) -> Iterator[Stop]:
    """The stop that was handed over, or one that nobody else knows, which is closed afterwards."""
    if stop is not None:
        yield stop
        return
    own = Stop()
    try:
        yield own
    finally:
        own.close()


@contextlib.contextmanager
def sealed_in(folder: Path, how_to_go_on: str) -> Iterator[None]:
    """Tell who interrupts what happens inside where the data lie, and how to go on, in a note of the exception."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(f"what was measured is kept in {folder}; {how_to_go_on}")
        raise
