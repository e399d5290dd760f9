"""The line of each key of a TOML text, which errors need: tomllib gives values without lines."""

from __future__ import annotations

import re

Place = tuple[str | int, ...]
"""Keys from the top down; a number counts the tables of an array: `("cases", 0, "set", "size")`."""

_PART = r"(?:[\w-]+|\"[^\"]*\"|'[^']*')"
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_TABLE = re.compile(rf"\s*(?P<array>\[?)\[\s*(?P<key>{_DOTTED})\s*\]\]?\s*(?:#.*)?")
_ASSIGNED = re.compile(rf"\s*(?P<key>{_DOTTED})\s*=")


class Lines:
    """The lines of the keys of a text. Keys inside an inline table have the line of that table."""

    def __init__(self, text: str) -> None:
        self._first: dict[Place, int] = {(): 1}
        self._tables: dict[Place, int] = {}
        prefix: Place = ()
        quoted = False
        for number, line in enumerate(text.splitlines(), start=1):
            if not quoted:
                if table := _TABLE.fullmatch(line):
                    prefix = self._enter(_parts(table["key"]), array=bool(table["array"]))
                    self._note(prefix, number)
                elif assigned := _ASSIGNED.match(line):
                    self._note((*prefix, *_parts(assigned["key"])), number)
            # Text that looks like a key inside a multi-line string is not one.
            quoted ^= (line.count('"""') + line.count("'''")) % 2 == 1

    def of(self, place: Place) -> int:
        """The line where `place` begins, from 1; if it has none of its own, that of the nearest table around it."""
        while place not in self._first:
            place = place[:-1]
        return self._first[place]

    def _enter(self, parts: tuple[str, ...], array: bool) -> Place:
        place: Place = ()
        for index, part in enumerate(parts):
            place = (*place, part)
            if array and index == len(parts) - 1:
                self._tables[place] = self._tables.get(place, 0) + 1
            if place in self._tables:
                place = (*place, self._tables[place] - 1)
        return place

    def _note(self, place: Place, number: int) -> None:
        for length in range(1, len(place) + 1):
            self._first.setdefault(place[:length], number)


def _parts(key: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, key))
