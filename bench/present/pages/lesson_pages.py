"""The lesson pages as Markdown: one for each family of workloads, and an index that maps the course to them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

from bench.plan.course_blocks import Block
from bench.plan.workload_source import Workload
from bench.present.words.workload_help import HEADINGS

INDEX = "index.md"
_WIDTH = 120
_LONGEST_TITLE = 60
_CODE = re.compile(r"(`[^`]+`)")
_BOLD = re.compile(r"(?<![\w*])\*\*([^\s*](?:[^*]*[^\s*])?)\*\*(?![\w*])")
_BLANK = "\0"
"""A blank inside code while lines are wrapped: code must not be broken, because markup cannot be escaped in it."""
# Text that would become markup at the start of a wrapped line: a list, a heading, a quotation, a rule.
_MARKUP = re.compile(r"([-+#>=]+|\d+[.)])(\s|$)")


def pages(workloads: Sequence[Workload], course: Sequence[Block] = ()) -> dict[str, str]:
    """Name and text of every page: the index, and one for each family in the order given.

    course: the blocks of the course, each with the workloads that reproduce it; without them the index has no table of
    the course.
    """
    families: dict[str, list[Workload]] = {}
    for item in workloads:
        families.setdefault(item.family, []).append(item)
    links = {item.name: _link(item) for item in workloads}
    return {INDEX: _index(families, course, links)} | {
        f"{family}.md": _page(members, links) for family, members in families.items()
    }


def title(item: Workload) -> str:
    """The title of the page of its family: the module's docstring up to its first colon, or the name of the family."""
    head, colon, _ = next(iter(item.family_about.paragraphs), "").partition(":")
    return head if colon and len(head) <= _LONGEST_TITLE else item.family


def _index(families: Mapping[str, Sequence[Workload]], course: Sequence[Block], links: Mapping[str, str]) -> str:
    parts = ["# Lessons", _made_from("the docstrings of the workloads" + " and course.toml" * bool(course))]
    if course:
        rows = [
            {
                "lesson": block.lesson,
                "block": block.name,
                "code": f"`{block.code}`",
                "shown by": _shown_by(block, links),
            }
            for block in course
        ]
        parts += ["## Every code block of the course", _table(rows)]
    rows = [
        {
            "family": f"[{family}]({family}.md)",
            "lesson": _escaped(title(members[0])),
            "workloads": ", ".join(links[item.name] for item in members),
        }
        for family, members in families.items()
    ]
    parts += ["## The families", _table(rows)]
    broken = [item for members in families.values() for item in members if "Since" in item.sections]
    if broken:
        parts.append(f"## {HEADINGS['Since']}")
        parts += [f"{links[item.name]}: {_prose(item.sections['Since'], links)}" for item in broken]
    return _joined(parts)


def _shown_by(block: Block, links: Mapping[str, str]) -> str:
    return ", ".join([*(links[item.name] for item in block.workloads), *filter(None, [block.by])])


def _page(members: Sequence[Workload], links: Mapping[str, str]) -> str:
    first = members[0]
    files = ", ".join(dict.fromkeys(map(_file, members)))
    parts = [f"# {_escaped(title(first))}", _made_from(f"the docstrings of {files}"), f"[All lessons]({INDEX})"]
    parts += [_prose(text, links) for text in first.family_about.paragraphs]
    for item in members:
        parts += _part(item, links)
    return _joined(parts)


def _part(item: Workload, links: Mapping[str, str]) -> list[str]:
    """The part of a page about one workload."""
    # A link from a part to itself would be of no use.
    others = {name: link for name, link in links.items() if name != item.name}
    own = "" if item.source.dotted else f"--workloads {_file(item)} "
    return [
        f"## {item.name}",
        *(_prose(text, others) for text in item.about.paragraphs),
        f"```\nbench run {own}'{item.name}'\n```",
        *_swept(item),
        *(_prose(item.sections[name], others, name=HEADINGS[name]) for name in HEADINGS if name in item.sections),
    ]


def _swept(item: Workload) -> list[str]:
    """The lesson, the axes as a table, and the modes and dtypes that make sense."""
    rows = [
        {"axis": f"`{axis}`", "values": _codes(values), "in a quick sweep": _codes(item.quick[axis])}
        for axis, values in item.axes.items()
    ]
    facts = {"Lesson": _escaped(item.lesson), "Modes": _codes(item.modes), "Dtypes": _codes(item.dtypes)}
    if rows:
        facts["Axes"] = "the first value of each is its default."
    return ["\n".join(f"- {name}: {text}" for name, text in facts.items()), *([_table(rows)] if rows else [])]


def _codes(values: Iterable[object]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _table(rows: Sequence[Mapping[str, str]]) -> str:
    """A pipe table of cells that are already Markdown."""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _prose(text: str, links: Mapping[str, str], name: str = "") -> str:
    """Paragraphs of a docstring as Markdown that shows them unchanged; the name of a workload becomes a link."""
    pieces = _CODE.split(text)
    marked = [_code(piece, links) if _CODE.fullmatch(piece) else _escaped(piece) for piece in pieces]
    paragraphs = (f"**{name}:** " * bool(name) + "".join(marked)).split("\n\n")
    return "\n\n".join("\n".join(map(_plain_start, _wrapped(paragraph))) for paragraph in paragraphs)


def _code(piece: str, links: Mapping[str, str]) -> str:
    return links.get(piece.strip("`"), piece).replace(" ", _BLANK)


def _wrapped(paragraph: str) -> list[str]:
    lines = textwrap.wrap(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_BLANK, " ") for line in lines]


def _escaped(text: str) -> str:
    """Text without code, escaped so that only **bold** words are markup: no tag, no link, no heading."""
    pieces = _BOLD.split(text)
    return "".join(f"**{_literal(piece)}**" if place % 2 else _literal(piece) for place, piece in enumerate(pieces))


def _literal(text: str) -> str:
    text = re.sub(r"([\\*`]|(?<![^\W_])_|_(?![^\W_])|\](?=\())", r"\\\1", text)
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _plain_start(line: str) -> str:
    match = _MARKUP.match(line)
    return f"{line[: match.end(1) - 1]}\\{line[match.end(1) - 1 :]}" if match else line


def _made_from(source: str) -> str:
    return f"<!-- Made by bench list --pages from {source}: edit those, not this page. -->"


def _link(item: Workload) -> str:
    # GitHub makes the anchor of a heading from its letters in lower case, digits, hyphens and underscores.
    anchor = re.sub(r"[^\w-]", "", item.name.lower())
    return f"[{item.name}]({item.family}.md#{anchor})"


def _file(item: Workload) -> str:
    """The file as the reader knows it: a path on somebody's machine does not belong on a page."""
    return f"{item.source.dotted.replace('.', '/')}.py" if item.source.dotted else PurePath(item.source.path).name


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(parts) + "\n"
