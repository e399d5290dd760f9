"""How messages travel: RFC 7464 (JSON text sequences), a record separator, one JSON object, a newline.

Whatever else reaches the pipe (a library that prints while it is imported) carries no separator and is passed over,
never mistaken for a message.
"""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Mapping
from typing import Any

from bench.protocol import VERSION, Message, Reply, Request
from bench.records import Source

_SEPARATOR = b"\x1e"

_TYPES: Mapping[str, type[Any]] = {kind.__name__: kind for kind in (*typing.get_args(Request), *typing.get_args(Reply))}


# Read once: resolving them for each message would be most of what the parent does while a case is timed.
_HINTS: Mapping[type[Any], Mapping[str, Any]] = {kind: typing.get_type_hints(kind) for kind in _TYPES.values()}


class ProtocolError(Exception):
    """A message that neither end should ever send."""


def encode(message: Message) -> bytes:
    """The message as it travels, separator and newline included. Raises `ValueError` where a number is not finite."""
    # vars, not dataclasses.asdict: its deep copies were half of what the parent did while a case was timed.
    body = {"message": type(message).__name__, **vars(message)}
    return _SEPARATOR + json.dumps(body, allow_nan=False, default=_fields).encode() + b"\n"


def decode(line: bytes) -> Message | None:
    """Read one line of the pipe; None where it holds no message. Raises `ProtocolError` for a malformed one."""
    _, separator, text = line.rpartition(_SEPARATOR)
    if not separator:
        return None
    try:
        body = json.loads(text, parse_constant=_refuse)
        kind = _TYPES[body.pop("message")]
        hints = _HINTS[kind]
        for name, hint in hints.items():
            if dataclasses.is_dataclass(hint):
                body[name] = hint(**body[name])  # type: ignore[operator]  # is_dataclass allows instances; hints are types
            elif hint == list[Source]:
                body[name] = [Source(**item) for item in body[name]]
        message: Message = kind(**body)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProtocolError(f"not a message of version {VERSION}: {text[:200]!r}") from error
    return message


def _fields(value: object) -> dict[str, Any]:
    """The fields of a dataclass of ours; whatever else is no JSON has no place in a message."""
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"{value!r} cannot travel")
    return vars(value)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")
