"""What every result of a job has: its text, its display in a notebook, and its folder."""

from __future__ import annotations

import base64
import html
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

Format = Literal["table", "md", "csv", "json"]


@dataclass(frozen=True, repr=False, eq=False)
class Result:
    """A value that prints the output of its command. A subclass adds its data and `text`."""

    folder: Path
    """Folder of the result."""
    facts: Mapping[str, Any]
    """`run.json`: machine, versions, settings, and the call that made it."""

    @property
    def id(self) -> str:
        """The id of the run, by which commands find it in `results/`."""
        return str(self.facts["run"])

    @property
    def status(self) -> str:
        """How measuring ended: `complete`, `interrupted` or `out of budget`."""
        return str(self.facts["status"])

    def text(self, format: Format = "table", *, width: int | None = None, color: bool = False) -> str:
        """The output of the command, without a newline at the end.

        width: characters in a line (default: the width of the terminal, wide if there is none); color: use the colour
        codes of a terminal. Raises `UserError` for a format that the command does not have.
        """
        raise NotImplementedError

    def frame(self) -> pd.DataFrame:
        """Its rows as a tidy frame."""
        raise NotImplementedError

    def __str__(self) -> str:
        return f"{self.text()}\n\nkept in {self.folder}"

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        """For Jupyter: the text in a fixed-width font."""
        return f'<pre style="white-space: pre; overflow-x: auto">{html.escape(str(self))}</pre>'


def paragraph(text: str) -> str:
    """A line as a paragraph of HTML; text between backticks becomes code."""
    coded = re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(text))
    return f"<p>{coded}</p>\n"


def picture(svg: str, alt: str) -> str:
    """An SVG as an image of HTML, so that its names and styles cannot clash with others on the page."""
    source = base64.b64encode(svg.encode()).decode("ascii")
    return f'<img alt="{html.escape(alt)}" src="data:image/svg+xml;base64,{source}" style="max-width: 100%">'


def columns() -> int:
    """Characters in a line of the terminal; a wide value for other output, so that nothing is cut off."""
    from bench.present.tables.table_formats import WIDE

    return shutil.get_terminal_size((WIDE, 24)).columns
