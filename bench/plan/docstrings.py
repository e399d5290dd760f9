"""Splits a docstring into paragraphs and the sections that a workload may have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

SECTIONS = ("Course", "Answer", "Work", "Expect", "Since")
"""Sections of a docstring: the blocks of the course it reproduces, the known answer, the formula of the work, what to
expect and why, and what changed since the course was written."""
_SECTION = re.compile(rf"({'|'.join(SECTIONS)}):(?:\s+(.*))?")


@dataclass(frozen=True)
class Docstring:
    """A docstring, its lines joined: a paragraph is one line, however long."""

    paragraphs: tuple[str, ...]
    """Paragraphs outside any section, in their order; the first is the summary."""
    sections: Mapping[str, str]
    """The text of each of `SECTIONS` that is there; its paragraphs are separated by an empty line."""

    @classmethod
    def read(cls, about: str) -> Docstring:
        """Read a docstring. A section is its header and the lines below it, up to the next header, or to a blank line
        after which the text is no longer indented below the header."""
        parts: dict[str, list[list[str]]] = {"": [[]]}
        name, header_indent, after_blank = "", 0, False
        for line in about.splitlines():
            text, indent = line.strip(), len(line) - len(line.lstrip())
            if not text:
                after_blank = True
                continue
            if header := _SECTION.fullmatch(text):
                name, header_indent = header[1], indent
                parts.setdefault(name, []).append([header[2] or ""])
            else:
                if after_blank:
                    name = name if indent > header_indent else ""
                    parts[name].append([])
                parts[name][-1].append(text)
            after_blank = False
        joined = {name: tuple(filter(None, map(_one_line, found))) for name, found in parts.items()}
        return cls(joined.pop(""), {name: "\n\n".join(found) for name, found in joined.items()})


def _one_line(lines: list[str]) -> str:
    return " ".join(filter(None, lines))
