"""A suite that its tool cannot collect: every request is answered with the reason."""

from __future__ import annotations

from bench.measure.channel import Channel
from bench.protocol import Collect, Collected, Import, Imported, Message, Open, Refused, Reply
from bench.protocol.wire import ProtocolError
from bench.records import Outcome


def refuse_all(channel: Channel, first: Message, why: str) -> None:
    """Answer the first request, and all later ones, until the parent is gone."""
    message: Message | None = first
    while message is not None:
        channel.send(_refusal(message, why))
        message = channel.receive()


def _refusal(message: Message, why: str) -> Reply:
    match message:
        case Collect():
            return Collected([], [], 0, {}, why)
        case Import(sources):
            return Imported({source.path: why for source in sources})
        case Open(key):
            return Refused(key, Outcome.FAILED.value, why.splitlines()[0], why)
    raise ProtocolError(f"nothing was opened here, and {type(message).__name__} is asked for")
