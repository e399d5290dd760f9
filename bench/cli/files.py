"""What `history` and `import` ask about a plain CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bench.records import UserError

if TYPE_CHECKING:
    from bench.interop import TableHints

Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="ROLE=NAME",
        help="Column of a plain CSV for time, commit, branch or value; repeatable.",
    ),
]


def plain(unit: str, column: list[str] | None, higher_is_better: bool = False) -> TableHints:
    """The options as the reader takes them. Raises `UserError` where a column is not given as role=name."""
    from bench.interop import TableHints

    named = {}
    for text in column or []:
        role, equals, name = text.partition("=")
        if not (role and equals and name):
            raise UserError(f"--column {text}: give a role and a name, as in --column commit=revision")
        named[role] = name
    return TableHints(unit, higher_is_better, named)
