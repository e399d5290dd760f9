"""Checked reading of a TOML file: unknown keys and wrong types are errors with their file and line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.plan.error_messages import fault, near
from bench.plan.presets.toml_lines import Lines, Place
from bench.records import UserError, Value

_AT_LINE = re.compile(r"\s*\(at (?:line (?P<line>\d+), column \d+|end of document)\)")


@dataclass(frozen=True)
class Table:
    """A table of a TOML file, with what error messages need: the file's name and the lines of its keys."""

    label: str
    data: Mapping[str, Any]
    """The table as tomllib returns it; each value is checked when it is read from here."""
    lines: Lines
    place: Place = ()

    @classmethod
    def parse(cls, label: str, text: str) -> Table:
        """The whole file as a table. Raises `UserError` with the line of a syntax error."""
        try:
            return cls(label, tomllib.loads(text), Lines(text))
        except tomllib.TOMLDecodeError as error:
            at = _AT_LINE.search(str(error))
            line = int(at["line"]) if at and at["line"] else max(1, len(text.splitlines()))
            raise fault(label, line, f"this is not valid TOML: {_AT_LINE.sub('', str(error))}") from None
        except RecursionError:
            raise fault(label, 1, "this is nested too deeply") from None

    def only(self, known: Iterable[str]) -> None:
        """Raise `UserError` if the table has an unknown key."""
        options = list(known)
        for key in self.data:
            if key not in options:
                raise self.fault(f"unknown key '{key}'{near(key, options)}", key)

    def fault(self, message: str, *keys: str | int) -> UserError:
        """Make the error about `keys` below this table."""
        return fault(self.label, self.lines.of((*self.place, *keys)), message)

    def origin(self, *keys: str | int) -> str:
        """The beginning of a later error about `keys`: `mine.toml:7: `."""
        return f"{self.label}:{self.lines.of((*self.place, *keys))}: "

    def text(self, key: str, default: str = "") -> str:
        """The text under `key`. Raises `UserError` for any other value."""
        value = self.data.get(key, default)
        if not isinstance(value, str):
            raise self.fault(f"'{key}' must be text, not {value!r}", key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts under `key`; empty if there is none."""
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fault(f"'{key}' must be a list of texts, not {value!r}", key)
        return tuple(value)

    def table(self, key: str) -> Table:
        """The table under `key`; empty if there is none."""
        value = self.data.get(key, {})
        if not isinstance(value, dict):
            raise self.fault(f"'{key}' must be a table, not {value!r}", key)
        return Table(self.label, value, self.lines, (*self.place, key))

    def tables(self, key: str) -> list[Table]:
        """The array of tables under `key`; empty if there is none."""
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.fault(f"'{key}' must be tables, each below a line [[{key}]]", key)
        return [Table(self.label, item, self.lines, (*self.place, key, index)) for index, item in enumerate(value)]

    def values(self, key: str) -> tuple[Value, ...]:
        """One axis value under `key`, or a list of them."""
        given = self.data[key]
        values = given if isinstance(given, list) else [given]
        if not values:
            raise self.fault(f"'{key}' is an empty list: give at least one value", key)
        for value in values:
            if not isinstance(value, str | int | float):  # bool is an int
                raise self.fault(f"'{key}' takes text, numbers, true or false, not {value!r}", key)
        return tuple(values)


def read_text(path: Path) -> str:
    """The text of a TOML file. Raises `UserError` for one that is missing, unreadable or not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{path} does not exist") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text, which TOML is: byte {error.start}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
