"""How a job is stopped: by the `Stop` that it is given, or by Ctrl-C in a script.

The command line gives a `Stop` that reacts to signals. Without one a job installs no handler: Ctrl-C in a script or a
notebook raises KeyboardInterrupt, as anywhere in Python. What was measured is sealed before that reaches the caller.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from bench.runner.stop_request import Stop


@contextlib.contextmanager
def stop_or_own(stop: Stop | None) -> Iterator[Stop]:
    """The given stop, or else a private one, which is closed afterwards."""
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
    """Add a note to a KeyboardInterrupt from inside: where the data are kept, and how to continue."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(f"what was measured is kept in {folder}; {how_to_go_on}")
        raise
