"""What every result of a job can do: show itself as text and in a notebook, and say where it is kept."""

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
    """A value that prints as its command prints it. A subclass has its data, and `text`."""

    folder: Path
    """Where it is kept."""
    facts: Mapping[str, Any]
    """`run.json`: machine, versions, settings, and the call that made it."""

    @property
    def id(self) -> str:
        """The id of the run, by which commands find it where it lies in `results/`."""
        return str(self.facts["run"])

    @property
    def status(self) -> str:
        """How measuring ended: `complete`, `interrupted` or `out of budget`."""
        return str(self.facts["status"])

    def text(self, format: Format = "table", *, width: int | None = None, color: bool = False) -> str:
        """What the command prints, without a newline at its end.

        width: characters of a line, those of the terminal without it, and many where there is none; color: with the
        codes of a terminal. Raises `UserError` for a format that the command has not.
        """
        raise NotImplementedError

    def frame(self) -> pd.DataFrame:
        """Its rows, tidy."""
        raise NotImplementedError

    def __str__(self) -> str:
        return f"{self.text()}\n\nkept in {self.folder}"

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        """For Jupyter: the text, in letters of one width."""
        return f'<pre style="white-space: pre; overflow-x: auto">{html.escape(str(self))}</pre>'


def paragraph(text: str) -> str:
    """A line as a paragraph of HTML; what stands between backticks is code."""
    coded = re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(text))
    return f"<p>{coded}</p>\n"


def picture(svg: str, alt: str) -> str:
    """An SVG as an image of HTML: its names and styles then meet no other's on the page."""
    source = base64.b64encode(svg.encode()).decode("ascii")
    return f'<img alt="{html.escape(alt)}" src="data:image/svg+xml;base64,{source}" style="max-width: 100%">'


def columns() -> int:
    """Characters of a line of the terminal; wide where output goes elsewhere, so that nothing is cut."""
    from bench.present.tables.table_formats import WIDE

    return shutil.get_terminal_size((WIDE, 24)).columns
