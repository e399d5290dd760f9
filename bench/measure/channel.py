"""The worker's end of the pipe to its parent."""

from __future__ import annotations

from typing import IO

from bench.protocol import Message
from bench.protocol.wire import decode, encode


class Channel:
    """The worker's end, where reading may simply block."""

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self._incoming = incoming
        self._outgoing = outgoing

    def receive(self) -> Message | None:
        """The next message; None once the other end is gone."""
        # A line without its end is half a message: the other end died while it wrote.
        while (line := self._incoming.readline()).endswith(b"\n"):
            if (message := decode(line)) is not None:
                return message
        return None

    def send(self, message: Message) -> None:
        """Send a message and flush, since the other end waits for it. Raises `BrokenPipeError` once that is gone."""
        self._outgoing.write(encode(message))
        self._outgoing.flush()
