"""Checked reading of another tool's file: every error names what is wrong and where."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.records import UserError

YEARS = range(1970, 2262)
"""Years that a pandas Timestamp can represent, from 1970 on."""


def text_of(path: Path) -> str:
    """Read a file as text. Raises `UserError` if it cannot be read, or is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not text (UTF-8)") from None


def parsed(text: str, path: Path) -> Node:
    """Parse JSON. Raises `UserError` if it is not JSON, or holds text that cannot be stored."""
    try:
        value = json.loads(text)
        if "\\ud" in text.lower():  # perhaps half of a surrogate pair, which is not a character
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:  # UnicodeEncodeError is a ValueError
        raise UserError(f"{path} is not JSON: {str(error).splitlines()[0]}") from None
    return Node(value, str(path), "")


@dataclass(frozen=True)
class Node:
    """A value inside a file. Every method raises `UserError` if the value is not of the type that it returns."""

    value: Any
    file: str
    where: str

    def __getitem__(self, name: str) -> Node:
        found = self.get(name)
        if found is None:
            raise UserError(f"{self.file}: {self._place} has no '{name}'")
        return found

    def get(self, name: str) -> Node | None:
        """The entry of this name; None if it is missing or null."""
        value = self.mapping().get(name)
        return None if value is None else Node(value, self.file, f"{self.where}.{name}" if self.where else name)

    def __iter__(self) -> Iterator[Node]:
        if not isinstance(self.value, list):
            raise self.refused("a list")
        for place, value in enumerate(self.value):
            yield Node(value, self.file, f"{self.where}[{place}]")

    def mapping(self) -> dict[str, Any]:
        """The value as an object."""
        if not isinstance(self.value, dict):
            raise self.refused("an object")
        return self.value

    def text(self) -> str:
        """The value as text."""
        if not isinstance(self.value, str):
            raise self.refused("text")
        return self.value

    def number(self) -> float:
        """The value as a finite number."""
        try:
            if isinstance(self.value, int | float) and not isinstance(self.value, bool):
                found = float(self.value)
                if math.isfinite(found):
                    return found
        except OverflowError:
            pass  # an integer too large for a float is refused like infinity
        raise self.refused("a finite number")

    def positive(self) -> float:
        """The value as a finite number above 0."""
        found = self.number()
        if found <= 0:
            raise self.refused("above 0")
        return found

    def count(self) -> int:
        """The value as a whole number from 1 up."""
        found = self.number()
        if found < 1 or found != int(found) or found > 2**53:
            raise self.refused("a whole number from 1 up")
        return int(found)

    def moment(self, unit_s: float) -> datetime:
        """The value as a time in UTC: it counts units of `unit_s` seconds since 1970."""
        try:
            found = datetime.fromtimestamp(self.number() * unit_s, UTC)
        except (OverflowError, OSError, ValueError):
            raise self.refused("a time since 1970") from None
        if found.year not in YEARS:
            raise self.refused("a time since 1970")
        return found

    def date(self) -> datetime:
        """The value, a text of ISO 8601, as a time in UTC; one without a zone is taken as UTC."""
        found = moment_of(self.text())
        if found is None:
            raise self.refused("a date and time (ISO 8601)")
        return found

    def refused(self, wanted: str) -> UserError:
        """Make the error that says what the value should be, and what it is."""
        shown = repr(self.value)
        return UserError(
            f"{self.file}: {self._place} should be {wanted}, but is {shown if len(shown) < 60 else shown[:57] + '…'}"
        )

    @property
    def _place(self) -> str:
        return self.where or "the file"


def moment_of(text: str) -> datetime | None:
    """Parse a time of ISO 8601 as UTC; one without a zone is taken as UTC. None if the text is no such time."""
    try:
        found = datetime.fromisoformat(text.strip())
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year in YEARS else None
