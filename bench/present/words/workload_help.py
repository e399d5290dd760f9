"""One workload in full, as text for a terminal, from its source and its docstring."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from bench.plan.since_claims import Release, said_of
from bench.plan.workload_parser import Workload
from bench.present.tables.terminal_table import painted

SINCE = "Since"
"""The section of which a release of torch has its own paragraphs."""

HEADINGS = {
    "Course": "In the course",
    "Answer": "Known answer",
    "Work": "Work",
    "Expect": "What to expect, and why",
    SINCE: "What broke since the course was written",
}
"""The sections of a docstring in reading order, each with its heading."""

_INDENT = "  "
_QUICK = "*"


def explained(item: Workload, torch: Release | None = None, *, width: int = 100, color: bool = False) -> str:
    """An explanation: what is timed, axes, known answer, work, what to expect and why, and the family's lesson.

    torch: the release of which to say what broke since the course; all that is known of any without one. width:
    characters of a line; words are never broken.
    """
    page = [(f"{item.name} · {item.lesson}", "head"), *_section("What is timed", item.about.paragraphs, width)]
    page += _swept(item, width)
    for name, heading in HEADINGS.items():
        paragraphs = item.sections.get(name, "").split("\n\n")
        if name == SINCE and torch is not None:
            heading, paragraphs = f"{heading} (torch {torch[0]}.{torch[1]})", said_of("\n\n".join(paragraphs), torch)
        page += _section(heading, paragraphs, width)
    page += _section(f"The lesson of {item.family}", item.family_about.paragraphs, width)
    page += [("", ""), (f"Source: {item.source.dotted or item.source.path}, line {item.line}", "faint")]
    return painted(page, color)


def _section(heading: str, paragraphs: Iterable[str], width: int) -> list[tuple[str, str]]:
    """The paragraphs below their heading, with an empty line between two; nothing if all are empty."""
    lines = [("", "")] * 0
    for text in filter(None, paragraphs):
        lines += [("", ""), *((line, "") for line in _wrapped(text, width, _INDENT))]
    return [("", ""), (heading, "section"), *lines[1:]] if lines else []


def _swept(item: Workload, width: int) -> list[tuple[str, str]]:
    """The axes with their values, and the modes and dtypes that make sense."""
    rows = {
        axis: " ".join(f"{value}{_QUICK * (value in item.quick[axis])}" for value in values)
        for axis, values in item.axes.items()
    }
    heading = "Axes"
    if rows:
        heading += f" (the first value is the default, {_QUICK} is in a quick sweep)"
    rows |= {"mode": " ".join(item.modes), "dtype": " ".join(item.dtypes)}
    label = max(map(len, rows)) + len(_INDENT)
    lines = [("", ""), *((line, "section") for line in _wrapped(heading, width, "", ""))]
    for axis, values in rows.items():
        first = f"{_INDENT}{axis.ljust(label)}"
        lines += [(line, "") for line in _wrapped(values, width, first, " " * len(first))]
    return lines


def _wrapped(text: str, width: int, first: str, later: str = _INDENT) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )
