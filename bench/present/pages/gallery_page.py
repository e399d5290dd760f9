"""A folder of charts as a page of Markdown: the question of each chart, and the picture with its finding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.present.charts.all_charts import chart_named
from bench.present.tables import table_formats

if TYPE_CHECKING:
    from bench.present.charts.embedded_data import FigureData


def page(shown: Sequence[FigureData], machines: Sequence[str]) -> str:
    """The page, for PNGs named by their slugs in the same folder. machines: the machines of the runs."""
    parts = [
        "# Gallery",
        f"<!-- Made by bench plot --gallery: draw it again, do not edit it. -->\n\nMeasured on {_and(machines)}. Each "
        "picture carries its rows: `bench plot --from PICTURE` draws it again, `--verify` finds a changed digit, and "
        "the `.csv` and `.txt` beside it hold the numbers and the words.",
    ]
    for data in shown:
        asks = table_formats.markdown_text(chart_named(data.chart).question)
        parts += [f"## {asks}", f"![{table_formats.markdown_text(data.title)}]({data.slug}.png)"]
    return "\n\n".join(parts) + "\n"


def _and(names: Sequence[str]) -> str:
    return table_formats.markdown_text(" and ".join(names))
