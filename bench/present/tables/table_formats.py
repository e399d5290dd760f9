"""Rows and columns as text: for a terminal, for Markdown, for a spreadsheet, for a program.

`render` serves every command that lists something, `text_of` those whose table has more to it than rows and columns.
They return text and never look at the terminal themselves: the caller gives the width and says whether to colour.
"""

from __future__ import annotations

import csv
import html
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

from bench.present.tables import terminal_table
from bench.present.tables.terminal_table import Column, TableLine
from bench.present.words.units import DASH
from bench.records import UserError

FORMATS = ("table", "md", "csv", "json")

WIDE = 200
"""Width in characters of a table that goes to no terminal: wide, so that no column is left out."""


PROGRAMS = ("csv", "json")
"""Formats for programs: they have the values as they are, and neither caption nor notes."""


@dataclass(frozen=True)
class Layout:
    """A way in which a table may stand in a terminal."""

    columns: Sequence[Column]
    lines: Sequence[TableLine]


@dataclass(frozen=True)
class Table:
    """A table that has no format yet."""

    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    """By name of a column, the value or the text of each row; json has all of it, other formats have the columns."""
    layouts: Sequence[Layout] = ()
    """For a terminal, the roomiest first; without any, the rows stand there as they are."""
    heading: str = ""
    """A paragraph above."""
    empty: str = ""
    """What people read instead where there are no rows."""
    caption: Sequence[str] = ()
    """Paragraphs above the table in a terminal, and below it in Markdown."""
    notes: Sequence[str] = ()
    """Paragraphs below."""
    then: Table | None = None
    """A table that people find below this one."""


def render(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str | Column],
    format: str,
    *,
    width: int = 100,
    color: bool = False,
) -> str:
    """The rows in one of `FORMATS`, ending in a newline; `width` is in characters. Raises `UserError` on another."""
    wanted = [Column(column) if isinstance(column, str) else column for column in columns]
    return text_of(Table(wanted, rows), format, width=width, color=color)


def text_of(table: Table, format: str, *, width: int = 100, color: bool = False) -> str:
    """The table in one of `FORMATS`, ending in a newline.

    `width` is in characters and `color` asks for ANSI codes; only `table` uses them. Raises `UserError` on another
    format.
    """
    check_format(format)
    if format == "json":
        return as_json(table.rows)
    if format == "csv":
        return as_csv(table.rows, [column.name for column in table.columns])
    if table.empty and not table.rows:
        return f"{table.empty}\n"
    parts = [table] if table.then is None else [table, table.then]
    cells = [
        [{column.name: cell_text(row.get(column.name)) for column in part.columns} for row in part.rows]
        for part in parts
    ]
    if format == "md":
        return "\n".join(_markdown(part, own) for part, own in zip(parts, cells, strict=True))
    return "\n".join(_terminal(part, own, width, color) for part, own in zip(parts, cells, strict=True))


def _markdown(table: Table, cells: Sequence[Mapping[str, str]]) -> str:
    heading = [f"{markdown_text(table.heading)}\n"] if table.heading else []
    below = [f"{markdown_text(text)}\n" for text in (*table.caption, *table.notes)]
    return "\n".join([*heading, as_markdown(cells, table.columns), *below])


def _terminal(table: Table, cells: Sequence[Mapping[str, str]], width: int, color: bool) -> str:
    layouts = table.layouts or [Layout(table.columns, [TableLine(cells=texts) for texts in cells])]
    fitting = (each for each in layouts[:-1] if terminal_table.fits(each.lines, each.columns, width))
    layout = next(fitting, layouts[-1])
    above = [text for text in (table.heading, *table.caption) if text]
    return terminal_table.table(layout.lines, layout.columns, width=width, color=color, above=above, below=table.notes)


def check_format(format: str) -> None:
    """Raises `UserError` if `format` is none of `FORMATS`."""
    if format not in FORMATS:
        raise UserError(f"there is no format '{format}'; choose one of {', '.join(FORMATS)}")


def cell_text(value: Any) -> str:
    """The text of a value in a cell for people: a list as `a, b`, a mapping as `a=1, b=2`, a missing one as a dash."""
    value = plain(value)
    if value is None or value == "":
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={cell_text(item)}" for name, item in value.items()) or DASH
    if isinstance(value, list):
        return ", ".join(cell_text(item) for item in value) or DASH
    return " ".join(str(value).split())


def as_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """Valid JSON: values of pandas and numpy become plain ones, NaN and infinity become null."""
    return json.dumps([plain(row) for row in rows], indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_csv(rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> str:
    """Comma-separated values below a header; a missing value is empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_csv_cell(plain(row.get(name))) for name in names] for row in rows)
    return buffer.getvalue()


def _csv_cell(value: Any) -> Any:
    if isinstance(value, list):
        return ";".join(str(item) for item in value)
    if isinstance(value, Mapping):
        return ";".join(f"{name}={item}" for name, item in value.items())
    return "" if value is None else value


def as_markdown(cells: Iterable[Mapping[str, str]], columns: Sequence[Column]) -> str:
    """A pipe table: a header row, then a row for each entry."""
    lines = ["| " + " | ".join(markdown_text(column.heading) for column in columns) + " |"]
    lines.append("| " + " | ".join("---:" if column.right else "---" for column in columns) + " |")
    lines.extend("| " + " | ".join(markdown_text(cell[column.name]) for column in columns) + " |" for cell in cells)
    return "\n".join(lines) + "\n"


def as_html(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column]) -> str:
    """An HTML table for a page that has its own style; all text in it is escaped."""
    head = _html_row([column.heading for column in columns], columns, "th", ' scope="col"')
    body = "\n".join(_html_row([cell_text(row[column.name]) for column in columns], columns, "td") for row in rows)
    return f"<table>\n<thead>{head}</thead>\n<tbody>\n{body}\n</tbody>\n</table>\n"


def _html_row(texts: Sequence[str], columns: Sequence[Column], tag: str, more: str = "") -> str:
    sides = ["right" if column.right else "left" for column in columns]
    made = [
        f'<{tag}{more} style="text-align: {side}; padding: 2px 8px">{html.escape(text)}</{tag}>'
        for text, side in zip(texts, sides, strict=True)
    ]
    return f"<tr>{''.join(made)}</tr>"


def markdown_text(text: str) -> str:
    r"""Text escaped for a Markdown cell: no `|` ends the cell, no `<` opens a tag, no newline ends the row."""
    escaped = html.escape(" ".join(text.split()), quote=False)
    return escaped.replace("&gt;", ">").replace("\\", "\\\\").replace("|", "\\|")


def plain(value: Any) -> Any:
    """The value in Python's own types, for JSON: NaN, infinity and `pandas.NA` become None, dataclasses dicts."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=str)
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    # A member of an enum is a str as well; JSON needs the text alone.
    return value if value is None or type(value) in (bool, int) else _text_or_none(value)


def _text_or_none(value: Any) -> str | None:
    return None if type(value).__name__ in ("NAType", "NaTType") else str(value)
