"""A folder of charts as a page of Markdown: what each asks, what it found, and the picture with its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.present.charts.all_charts import chart_named
from bench.present.tables import table_formats

if TYPE_CHECKING:
    from bench.present.charts.figure_data import FigureData


def page(shown: Sequence[FigureData], machines: Sequence[str]) -> str:
    """The page, for PNGs that lie beside it under their slugs. machines: what the runs were measured on."""
    parts = [
        "# Gallery",
        f"<!-- Made by bench plot --gallery: draw it again, do not edit it. -->\n\nMeasured on {_and(machines)}. Each "
        "picture carries its rows: `bench plot --from PICTURE` draws it again, `--verify` finds a changed digit, and "
        "the `.csv` and `.txt` beside it hold the numbers and the words.",
    ]
    for found in shown:
        asks = table_formats.markdown_text(chart_named(found.chart).question)
        parts += [f"## {asks}", f"![{table_formats.markdown_text(found.title)}]({found.slug}.png)"]
    return "\n\n".join(parts) + "\n"


def _and(names: Sequence[str]) -> str:
    return table_formats.markdown_text(" and ".join(names))
