"""A table for a terminal of a given width, as a string.

Nothing is ever truncated and no cell wraps in the middle of a word. If the width does not suffice, lesser columns are
left out (and named below the table), then text columns marked `wrap` get narrower, and if even the essential ones do
not fit, each row is stacked: one field per line.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

GAP = 2
"""Blanks between two columns."""

_NARROWEST_WRAP = 20
"""Width in characters below which a wrapped column is hard to read."""

_STYLES = {"ok": "", "skipped": "yellow", "head": "bold", "section": "bold", "faint": "dim", "bad": "bold red"}


@dataclass(frozen=True)
class Column:
    """A column: the field it shows, its heading, and what may happen to it if there is little room."""

    name: str
    title: str = ""
    right: bool = False
    drop: int = 0
    """0 for a column that is never left out; columns with higher numbers are left out sooner."""
    wrap: bool = False

    @property
    def heading(self) -> str:
        """The text above the column."""
        return self.title or self.name.replace("_", " ")


@dataclass(frozen=True)
class TableLine:
    """A row of cells, or a heading across the table (`section`).

    `note` says why there are no numbers. It replaces all cells from the first column of `note_from` that is shown.
    """

    cells: Mapping[str, str] = field(default_factory=dict)
    section: str = ""
    note: str = ""
    note_from: tuple[str, ...] = ()
    style: str = "ok"


def table(
    lines: Sequence[TableLine],
    columns: Sequence[Column],
    *,
    width: int = 100,
    color: bool = False,
    above: Sequence[str] = (),
    below: Sequence[str] = (),
) -> str:
    """The lines under a header, between the paragraphs `above` and `below`; `width` in characters."""
    page: list[tuple[str, str]] = [(text, "faint") for paragraph in above for text in _wrapped(paragraph, width)]
    if page:
        page.append(("", "ok"))
    kept, dropped, widths = _fit(lines, columns, width)
    page += _grid(lines, kept, widths, width) if kept else _stack(lines, columns, width)
    notes = list(below)
    if dropped:
        names = ", ".join(column.heading for column in dropped)
        notes.append(f"Not shown at this width: {names} (a wider terminal or --format csv has them).")
    for paragraph in notes:
        page.append(("", "ok"))
        page += [(text, "ok") for text in _wrapped(paragraph, width)]
    return painted(page, color)


def _fit(
    lines: Sequence[TableLine], columns: Sequence[Column], width: int
) -> tuple[list[Column], list[Column], dict[str, int]]:
    """The columns to show, those left out, and the width of each; no columns if only stacking helps."""
    widths = {column.name: _natural(lines, column) for column in columns}
    kept, dropped = list(columns), list[Column]()

    def excess() -> int:
        return sum(widths[column.name] + GAP for column in kept) - GAP - width

    while excess() > 0 and any(column.drop for column in kept):
        least = max((column for column in kept if column.drop), key=lambda column: column.drop)
        kept.remove(least)
        dropped.insert(0, least)
    for column in sorted(kept, key=lambda column: -widths[column.name]):
        if column.wrap and excess() > 0:
            least_width = max(_NARROWEST_WRAP, len(column.heading), _longest_word(lines, column))
            widths[column.name] -= max(0, min(excess(), widths[column.name] - least_width))
    return (kept, dropped, widths) if excess() <= 0 else ([], [], {})


def fits(lines: Sequence[TableLine], columns: Sequence[Column], width: int) -> bool:
    """True if the essential columns fit side by side in `width` characters."""
    return bool(_fit(lines, columns, width)[0])


def _longest_word(lines: Sequence[TableLine], column: Column) -> int:
    """Characters of the longest word and the indent before it, the least width that wrapping can reach."""
    texts = [_cell(line, column) for line in lines]
    return max((len(text) - len(text.lstrip()) + len(word) for text in texts for word in text.split()), default=0)


def _natural(lines: Sequence[TableLine], column: Column) -> int:
    return max([len(column.heading), *(len(cell) for line in lines for cell in [_cell(line, column)])])


def _cell(line: TableLine, column: Column) -> str:
    return line.cells.get(column.name, "")


def _grid(
    lines: Sequence[TableLine], columns: Sequence[Column], widths: Mapping[str, int], width: int
) -> list[tuple[str, str]]:
    page = [(_joined([column.heading for column in columns], columns, widths), "head")]
    page.append(("─" * (sum(widths[column.name] + GAP for column in columns) - GAP), "faint"))
    for line in lines:
        if line.section:
            page.append((line.section, "section"))
        elif line.note:
            page += _noted(line, columns, widths, width)
        else:
            cells = [_wrapped(_cell(line, column), widths[column.name]) or [""] for column in columns]
            for place in range(max(len(cell) for cell in cells)):
                texts = [cell[place] if place < len(cell) else "" for cell in cells]
                page.append((_joined(texts, columns, widths), line.style))
    return page


def _noted(line: TableLine, columns: Sequence[Column], widths: Mapping[str, int], width: int) -> list[tuple[str, str]]:
    """The cells before `note_from`, then the note over the rest of the width; its further lines are indented."""
    names = [column.name for column in columns]
    start_at = next((names.index(name) for name in line.note_from if name in names), len(names))
    before = columns[:start_at]
    start = _joined([_cell(line, column) for column in before], before, widths, strip=False)
    indent = len(start) + GAP
    if width - indent < _NARROWEST_WRAP:
        return [(start.rstrip(), line.style)] + [("  " + text, line.style) for text in _wrapped(line.note, width - 2)]
    texts = _wrapped(line.note, width - indent)
    page = [(start + " " * GAP + texts[0], line.style)]
    return page + [(" " * indent + text, line.style) for text in texts[1:]]


def _joined(texts: Sequence[str], columns: Sequence[Column], widths: Mapping[str, int], strip: bool = True) -> str:
    padded = [
        text.rjust(widths[column.name]) if column.right else text.ljust(widths[column.name])
        for text, column in zip(texts, columns, strict=True)
    ]
    row = (" " * GAP).join(padded)
    return row.rstrip() if strip else row


def _stack(lines: Sequence[TableLine], columns: Sequence[Column], width: int) -> list[tuple[str, str]]:
    """One field per line, below the name of the row."""
    page: list[tuple[str, str]] = []
    label = max((len(column.heading) for column in columns[1:]), default=0)
    for line in lines:
        if line.section:
            page.append((line.section, "section"))
            continue
        # A row with a literal key is named by the whole key, so that it can be copied.
        page.append((line.cells.get("key") or _cell(line, columns[0]), line.style))
        fields = [(column.heading, _cell(line, column)) for column in columns[1:]]
        fields = [(name, text) for name, text in fields if text not in ("", "–")]
        for name, text in [*fields, *([("why", line.note)] if line.note else [])]:
            texts = _wrapped(text, max(_NARROWEST_WRAP, width - label - 4))
            page.append((f"  {name.ljust(label)}  {texts[0]}", line.style))
            page += [(" " * (label + 4) + more, line.style) for more in texts[1:]]
    return page


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` characters if words allow it: a longer key stays whole."""
    indent = " " * (len(text) - len(text.lstrip()))
    return textwrap.wrap(
        text, max(1, width), break_long_words=False, break_on_hyphens=False, subsequent_indent=indent * 2
    )


def painted(page: Sequence[tuple[str, str]], color: bool) -> str:
    """The lines of a page, each with the name of its style, as text; styled if `color` is set."""
    if not color:
        return "".join(f"{text.rstrip()}\n" for text, _ in page)
    # rich is loaded only for a coloured terminal; text is given as Text, so that [..] in a key is never markup.
    from rich.console import Console
    from rich.text import Text

    def styled(text: str, style: str) -> Text:
        return Text(text.rstrip(), style=_STYLES.get(style, ""))

    buffer = io.StringIO()
    console = Console(file=buffer, force_terminal=True, color_system="standard", no_color=False, highlight=False)
    for text, style in page:
        console.print(styled(text, style), soft_wrap=True)
    return buffer.getvalue()
