"""Charts as a value that shows itself in a notebook, and saves itself as `bench plot` does.

    charts = drawn("time_by_size", rows)
    charts[0].save("growth.svg")

One type stands for one chart and for several, as a string does for one letter and for several: a chart shows one
workload, so rows of many workloads give many charts.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.analyse.rows.row import Row
from bench.present import charts, picture_style, row_groups
from bench.present.charts.embedded_data import FigureData, encode, figure_data, write
from bench.records import UserError
from bench.store import runs

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

PLOTTED = ("svg", "png")
"""Suffixes of the files of each chart in a folder."""


class Drawn(Sequence["Drawn"]):
    """One chart or more, each with the rows that it is drawn from; an item and a slice are `Drawn` too.

    `alt`, `rows`, `figure`, `title` and `slug` are those of one chart. With several charts they raise `UserError`, with
    a list of the charts.
    """

    def __init__(self, carried: Sequence[FigureData]) -> None:
        self._carried = tuple(carried)

    def __len__(self) -> int:
        return len(self._carried)

    def __getitem__(self, place: int | slice) -> Drawn:
        chosen = self._carried[place]
        return Drawn([chosen] if isinstance(chosen, FigureData) else chosen)

    @property
    def alt(self) -> str:
        """The chart in words: its finding, then every number with its interval."""
        return self._one.alt

    @property
    def rows(self) -> pd.DataFrame:
        """The rows that are drawn, one for each case and clock."""
        return self._one.frame()

    @property
    def figure(self) -> Figure:
        """A new matplotlib figure. Changes made to it are not saved: `save` draws the rows again."""
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
        """Writes it as `bench plot` does, with its rows (.csv) and alt text (.txt); returns the paths of the figures.

        path: a name that ends in .svg, .png or .pdf, for one chart; or a folder, in which each chart becomes
        `<slug>.svg` and `<slug>.png`. Files of these names are replaced. Raises `UserError` for another suffix, and for
        several charts with the name of one file.
        """
        path = Path(path)
        if not path.suffix or path.is_dir():
            runs.make_folder(path)
            return [made for each in self._carried for made in write(each, path, each.slug, PLOTTED)]
        chart, suffix = self._one, picture_style.format_of(path)
        runs.make_folder(path.parent)
        return write(chart, path.parent, path.stem, [suffix])

    def __str__(self) -> str:
        return "\n\n".join(each.alt for each in self._carried)

    def __repr__(self) -> str:
        return "\n".join(f"[{place}] {each.slug}: {each.title}" for place, each in enumerate(self._carried))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """All charts for Jupyter, as pictures with alt texts; a single one also as a PNG, for viewers without HTML."""
        bundle = {"text/html": "\n".join(map(_html, self._carried)), "text/plain": str(self)}
        return bundle if len(self) != 1 else {**bundle, "image/png": _base64(encode(self._carried[0], "png"))}

    @property
    def _one(self) -> FigureData:
        if len(self) > 1:
            raise UserError(f"these are {len(self)} charts; choose one by its place:\n{self!r}")
        return self._carried[0]


def _html(data: FigureData) -> str:
    """The SVG file itself as the source of an image, so that it can be saved from the page with the data it carries."""
    source = f"data:image/svg+xml;base64,{_base64(encode(data, 'svg'))}"
    return f'<img alt="{escape(data.alt)}" src="{source}" style="max-width: 100%; height: auto">'


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def drawn(name: str, rows: Sequence[Row], theme: str = "light") -> Drawn:
    """All pictures of the chart of this name that these rows can fill; the rows need every column that the chart draws.

    Raises `UserError` on an unknown chart or theme, for several runs of one machine in a chart that cannot tell them
    apart, and if the data it needs were not measured; then the message names the command that would measure them.
    """
    picture_style.theme(theme)
    names = row_groups.runs(rows)
    if len(names) > max(1, len(row_groups.machines(rows))) and name not in charts.TOGETHER:
        held = f"this frame holds {len(names)}: {', '.join(names)}"
        raise UserError(f"'{name}' shows one run, and {held}; take the rows of one: frame[frame['run'] == ID]")
    specs = charts.available(rows, [name])
    if not specs:
        charts.draw(name, rows, theme)  # raises an error that says what is missing
        raise UserError(f"this frame has too few cases for '{name}'")
    return Drawn([figure_data(spec, rows, theme) for spec in specs])
