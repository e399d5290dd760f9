"""Charts as a value that shows itself in a notebook, and saves itself as `bench plot` saves it.

    found = drawn("time_by_size", frame)
    found[0].save("growth.svg")

One type stands for one chart and for several, as a text does for one letter and for several: a question about one
workload is a chart, so that a frame of many workloads gives many.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.analyse.rows.row import Row
from bench.present import charts, row_groups, style
from bench.present.charts.figure_data import FigureData, encode, figure_data, write
from bench.records import UserError
from bench.store import runs

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

PLOTTED = ("svg", "png")
"""What a folder gets of each chart."""


class Drawn(Sequence["Drawn"]):
    """One chart or more, each with the rows that it is drawn from; an item and a slice are `Drawn` too.

    `alt`, `rows`, `figure`, `title` and `slug` are those of one chart. Of several they raise `UserError`, which lists
    them.
    """

    def __init__(self, carried: Sequence[FigureData]) -> None:
        self._carried = tuple(carried)

    def __len__(self) -> int:
        return len(self._carried)

    def __getitem__(self, place: int | slice) -> Drawn:
        found = self._carried[place]
        return Drawn([found] if isinstance(found, FigureData) else found)

    @property
    def alt(self) -> str:
        """The chart in words: its finding, then every number with its interval."""
        return self._one.alt

    @property
    def rows(self) -> pd.DataFrame:
        """What is drawn, a row a case and clock."""
        return self._one.frame()

    @property
    def figure(self) -> Figure:
        """A new matplotlib figure of it. What is changed there is not saved: a file shows what its rows give."""
        return self._one.figure()

    @property
    def title(self) -> str:
        """The finding."""
        return self._one.title

    @property
    def slug(self) -> str:
        """Its name, unique within its frame and fit for a file: `time_by_size-matmul-square`."""
        return self._one.slug

    def save(self, path: str | Path) -> list[Path]:
        """Write it as `bench plot` does, its rows (.csv) and its alt text (.txt) beside it; the paths of the figures.

        path: a name that ends in .svg, .png or .pdf, for one chart; or a folder, in which each chart becomes
        `<slug>.svg` and `<slug>.png`. What is there under one of these names is replaced. Raises `UserError` for
        another suffix, and for one name of several charts.
        """
        path = Path(path)
        if not path.suffix or path.is_dir():
            runs.make_folder(path)
            return [made for each in self._carried for made in write(each, path, each.slug, PLOTTED)]
        found, suffix = self._one, style.format_of(path)
        runs.make_folder(path.parent)
        return write(found, path.parent, path.stem, [suffix])

    def __str__(self) -> str:
        return "\n\n".join(each.alt for each in self._carried)

    def __repr__(self) -> str:
        return "\n".join(f"[{place}] {each.slug}: {each.title}" for place, each in enumerate(self._carried))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """All of them for Jupyter, as pictures with alt texts; of one also a PNG, for what cannot show a page."""
        told = {"text/html": "\n".join(map(_html, self._carried)), "text/plain": str(self)}
        return told if len(self) != 1 else {**told, "image/png": _base64(encode(self._carried[0], "png"))}

    @property
    def _one(self) -> FigureData:
        if len(self) > 1:
            raise UserError(f"these are {len(self)} charts; choose one by its place:\n{self!r}")
        return self._carried[0]


def _html(found: FigureData) -> str:
    """The SVG file itself as the source of an image: it can be saved from the page with what it carries."""
    source = f"data:image/svg+xml;base64,{_base64(encode(found, 'svg'))}"
    return f'<img alt="{escape(found.alt)}" src="{source}" style="max-width: 100%; height: auto">'


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def drawn(name: str, rows: Sequence[Row], theme: str = "light") -> Drawn:
    """Every picture of the chart of this name that these rows allow; rows: with all that the chart draws.

    Raises `UserError` on an unknown chart or theme, for several runs of one machine in a chart that cannot tell them
    apart, and where what it needs was not measured; then the message names the command that would measure it.
    """
    style.theme(theme)
    names = row_groups.runs(rows)
    if len(names) > max(1, len(row_groups.machines(rows))) and name not in charts.TOGETHER:
        held = f"this frame holds {len(names)}: {', '.join(names)}"
        raise UserError(f"'{name}' shows one run, and {held}; take the rows of one: frame[frame['run'] == ID]")
    specs = charts.available(rows, [name])
    if not specs:
        charts.draw(name, rows, theme)  # says what is missing
        raise UserError(f"this frame has too few cases for '{name}'")
    return Drawn([figure_data(spec, rows, theme) for spec in specs])
