"""A request to stop: set by a signal, noticed by whoever waits on a worker's pipe."""

from __future__ import annotations

import os
import signal
from types import FrameType


class Stopped(Exception):  # noqa: N818  # like KeyboardInterrupt it is no error
    """The user asked to stop. Raised out of a wait, so that what is measured can be sealed."""


class Stop:
    """Set once, by a signal handler or a test; its file descriptor then becomes readable."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self._readable, self._writable = os.pipe()

    def fileno(self) -> int:
        """The descriptor that a selector waits on."""
        return self._readable

    def request(self, number: int = signal.SIGINT) -> None:
        """Ask to stop, as if signal `number` had come."""
        if self.signal is None:
            self.signal = number
            os.write(self._writable, b"!")

    def check(self) -> None:
        """Raise `Stopped` once it was asked for."""
        if self.signal is not None:
            raise Stopped

    def close(self) -> None:
        """Give its descriptors back: nobody can ask it to stop any more, nor wait for that."""
        os.close(self._readable)
        os.close(self._writable)

    def listen(self) -> None:
        """Take over SIGINT and SIGTERM. A second Ctrl-C ends the program at once, as it would have without us."""

        def handle(number: int, frame: FrameType | None) -> None:
            self.request(number)
            signal.signal(number, signal.SIG_DFL)

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, handle)
