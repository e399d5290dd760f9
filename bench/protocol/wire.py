"""How messages travel: RFC 7464 (JSON text sequences), a record separator, one JSON object, a newline.

Whatever else reaches the pipe (a library that prints while it is imported) carries no separator and is passed over,
never mistaken for a message. Each field is checked against its type where a message arrives.
"""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Callable, Mapping
from functools import cache
from types import UnionType
from typing import Any

from bench.protocol import VERSION, Message, Reply, Request
from bench.protocol.rows import TimedBlock
from bench.series import Series

_SEPARATOR = b"\x1e"

_TYPES: Mapping[str, Any] = {kind.__name__: kind for kind in (*typing.get_args(Request), *typing.get_args(Reply))}

_BY_SERIES: Mapping[type[Any], list[str]] = {
    kind: [name for name, hint in typing.get_type_hints(kind).items() if typing.get_args(hint)[:1] == (Series,)]
    for kind in _TYPES.values()
}
"""By type of message: fields that are a dict by series, whose keys become text in JSON."""

STARTER_READY = b"ready\n"
"""What a starter prints once it can fork workers."""

Reader = Callable[[Any], Any]
"""Makes the value of a field out of JSON. Raises `TypeError` or `ValueError` where it is of another type."""


class ProtocolError(Exception):
    """A line of the pipe that is no message of this version."""


def encode(message: Message) -> bytes:
    """The message as it travels, separator and newline included. Raises `ValueError` where a number is not finite."""
    # vars, not dataclasses.asdict: its deep copies were half of what the parent did while a case was timed.
    body = {"message": type(message).__name__, **vars(message)}
    for name in _BY_SERIES[type(message)]:
        body[name] = {series.text: value for series, value in body[name].items()}
    return _SEPARATOR + json.dumps(body, allow_nan=False, default=_plain).encode() + b"\n"


def decode(line: bytes) -> Message | None:
    """Read one line of the pipe; None where it holds no message. Raises `ProtocolError` for a malformed one."""
    _, separator, text = line.rpartition(_SEPARATOR)
    if not separator:
        return None
    try:
        body = json.loads(text, parse_constant=_refuse)
        message: Message = _reader(_TYPES[body.pop("message")])(body)
    except (ValueError, OverflowError, KeyError, TypeError, AttributeError) as error:
        raise ProtocolError(f"not a message of version {VERSION}: {text[:200]!r}") from error
    return message


def _plain(value: object) -> Any:
    """A series as its text, a dataclass as its fields. Raises `TypeError` for anything else that is no JSON."""
    if isinstance(value, TimedBlock):  # by far the most frequent; its series spares json another call
        return {**vars(value), "series": value.series.text}
    if isinstance(value, Series):
        return value.text
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"{value!r} cannot travel")
    return vars(value)


# Made once for each type: to look at the types for each message would be most of what the parent does while a case is
# timed.
@cache
def _reader(hint: Any) -> Reader:
    """The reader of a field of this type."""
    kind, of = typing.get_origin(hint) or hint, typing.get_args(hint)
    if kind is Any:
        return lambda value: value
    if kind is Series:
        return lambda value: _series(_exactly(str, value))
    if dataclasses.is_dataclass(kind):
        return _fields(kind)
    if kind in (UnionType, typing.Union):
        (some,) = (each for each in of if each is not type(None))
        read = _reader(some)
        return lambda value: None if value is None else read(value)
    if kind is list:
        item = _reader(of[0])
        return lambda value: [item(each) for each in _exactly(list, value)]
    if kind is dict:
        key, item_of = _reader(of[0]), _reader(of[1])
        return lambda value: {key(name): item_of(each) for name, each in _exactly(dict, value).items()}
    if kind is float:
        return lambda value: float(value) if type(value) is int else _exactly(float, value)
    return lambda value: _exactly(kind, value)


def prepare() -> None:
    """Make the readers of all messages now, before the modules that name their types cannot be found any more."""
    for kind in _TYPES.values():
        _reader(kind)


def _fields(kind: Any) -> Reader:
    """The reader of a dataclass. Plain fields are checked in place, for speed: a visit has twenty blocks."""
    hints = typing.get_type_hints(kind)
    plain = {name: hint for name, hint in hints.items() if hint in (str, int, bool)}
    others = {name: _reader(hint) for name, hint in hints.items() if name not in plain}

    def read(value: Any) -> Any:
        fields = {**_exactly(dict, value)}
        for name, each in fields.items():
            if name not in plain:
                fields[name] = others[name](each)
            elif type(each) is not plain[name]:  # True is an int to Python, and to nobody else
                raise TypeError(f"{name}: {each!r} is no {plain[name].__name__}")
        return kind(**fields)

    return read


def _exactly(kind: Any, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


_series = cache(Series.from_text)
"""Cached: a case has a few series, and each of its blocks names one."""


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")
