"""Rows below the axes of a chart for cases without a number: out of memory, skipped, failed and wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.present.charts.canvas import LEADING, Page
from bench.present.charts.chart_lines import ChartLine
from bench.present.charts.line_plot import MOST_SERIES
from bench.present.picture_style import TEXT_PT

LABEL_WIDTH = 250.0
"""Width in points for a name at the right of the axes."""

MOST_STRIP = 110.0
"""Height in points that the rows may take; if they need more, they are merged by outcome."""


@dataclass(frozen=True)
class Strip:
    """A row of losses below the axes."""

    label: str
    xs: tuple[float, ...]
    color: str
    height: float


def strips(series: Sequence[ChartLine], page: Page) -> list[Strip]:
    """A row for each series and outcome; if these are too many, a row for each outcome."""
    rows: dict[tuple[str, str], Strip] = {}
    for place, line in enumerate(series):
        color = page.theme.colors[place] if place < MOST_SERIES else page.theme.faint
        for outcome in dict.fromkeys(loss.outcome for loss in line.losses):
            xs = tuple(loss.x for loss in line.losses if loss.outcome == outcome)
            rows[outcome, line.label] = _strip(page, f"{outcome}: {line.label}" if line.label else outcome, xs, color)
    if sum(strip.height for strip in rows.values()) <= MOST_STRIP:
        return list(rows.values())
    merged: list[Strip] = []
    for outcome in dict.fromkeys(outcome for outcome, _ in rows):
        alike = [strip for (name, _), strip in rows.items() if name == outcome]
        xs = tuple(dict.fromkeys(x for strip in alike for x in strip.xs))
        merged.append(_strip(page, f"{outcome}: {len(alike)} lines", xs, page.theme.ink))
    return merged


def _strip(page: Page, label: str, xs: tuple[float, ...], color: str) -> Strip:
    wrapped = page.wrap(label, LABEL_WIDTH, lines=3)
    return Strip(wrapped, xs, color, height=(wrapped.count("\n") + 1) * LEADING * TEXT_PT + 4)
