"""A chart of dots: each case has a row with its value on a logarithmic scale, its interval, and a verdict in words.

A case without a number has a row too, with its outcome. A dot is hollow if its value has no interval, or if the
interval contains the line that the value is compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.present import picture_style
from bench.present.charts import ticks
from bench.present.charts.canvas import LEADING, MARGIN, WIDTH, Page
from bench.present.picture_style import TEXT_PT, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS = 7
"""Rows of 18 pt that fit on a slide between a title and a footer of usual length; further charts hold the rest."""

LABEL_LETTERS = 31
"""Letters that fit on a line of a label, about."""

ABOVE, BELOW, OPEN, BARE, LOST, PLAIN = "above", "below", "cannot tell", "no interval", "lost", "plain"
"""Verdicts on a dot: its interval is above, below or around the line, or missing; it has no value; there is no line."""

_LINE = TEXT_PT * LEADING
_LABEL_WIDTH = 330.0


@dataclass(frozen=True)
class Dot:
    """A case, its value with the interval, and the word at the end of its row."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    word: str
    line: float | None = None
    """The value that it is compared with; None if it is compared with nothing."""
    stated: str = ""
    """One of the verdicts above, if it does not follow from the interval and the line."""

    @property
    def verdict(self) -> str:
        """The conclusion from its interval, or the stated one."""
        if self.value is None:
            return LOST
        if self.stated:
            return self.stated
        if self.low is None or self.high is None:
            return BARE
        if self.line is None:
            return PLAIN
        return ABOVE if self.low > self.line else BELOW if self.high < self.line else OPEN


@dataclass(frozen=True)
class Plot:
    """The content of the chart."""

    title: str
    dots: Sequence[Dot]
    caption: str
    """The meaning of the scale, and which way is better."""
    text: Callable[[float], str]
    """The label of a tick."""
    footer: str
    notes: tuple[str, ...] = ()
    line: float | None = None
    good: str = ABOVE
    """The better side of the line."""
    marks: tuple[float, ...] = ()
    """Further values that are marked by dashed lines."""
    hollow: str = ""
    """The meaning of a hollow dot, if it is not that its interval crosses the line."""


def draw(plot: Plot, theme_name: str) -> Figure:
    """The picture. Raises `UserError` on an unknown theme."""
    theme = picture_style.theme(theme_name)
    with picture_style.drawing(theme):
        page = Page(theme)
        page.title(plot.title)
        labels = [page.wrap(dot.label, _LABEL_WIDTH, lines=3) for dot in plot.dots]
        page.foot([*_notes(plot), *plot.notes, plot.footer])
        kept = _fitting(labels, page.top - page.bottom - 3 * _LINE - 24)
        if kept < len(plot.dots):
            text = f"{kept} of {len(plot.dots)} cases, all in the table"
            page.note(WIDTH - MARGIN, page.top, text, ha="right", va="top")
        _rows(page, plot, plot.dots[:kept], labels[:kept])
        return page.figure


def _notes(plot: Plot) -> list[str]:
    verdicts = {dot.verdict for dot in plot.dots}
    notes = []
    if OPEN in verdicts and plot.line is not None:
        notes.append(plot.hollow or f"Hollow: the interval crosses {plot.line:g}, so the data cannot tell.")
    if BARE in verdicts:
        notes.append("Hollow without a bar: no interval (one launch, or not known).")
    return notes


def _fitting(labels: Sequence[str], room: float) -> int:
    """The number of rows that fit, at least one."""
    used, kept = 0.0, 0
    for label in labels:
        used += (label.count("\n") + 1) * _LINE + 4
        kept += used <= room
    return max(1, kept)


def _rows(page: Page, plot: Plot, dots: Sequence[Dot], labels: Sequence[str]) -> None:
    page.note(MARGIN, page.top, plot.caption, va="top")
    top, bottom = page.top - _LINE - 8, page.bottom + _LINE + 16
    left = MARGIN + max(page.width_of(label) for label in labels) + 20
    right = WIDTH - MARGIN - max(page.width_of(dot.word) for dot in dots) - 16
    axes = page.axes(left, bottom, right, top)
    low, high = _limits(dots, [*plot.marks, *([] if plot.line is None else [plot.line])])
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(bottom, top)
    axes.minorticks_off()
    axes.set_xticks([])
    axes.set_yticks([])
    _scale(page, plot, axes, bottom)
    for mark in plot.marks:
        axes.axvline(mark, color=page.theme.faint, linewidth=1.8, linestyle=(0, (4, 3)))
    heights = [(label.count("\n") + 1) * _LINE + 4 for label in labels]
    air = (top - bottom - sum(heights)) / len(dots)
    at = top
    for dot, label, height in zip(dots, labels, heights, strict=True):
        centre = at - (height + air) / 2
        at -= height + air
        page.text(left - 14, centre, label, ha="right", va="center_baseline")
        page.text(right + 16, centre, dot.word, ha="left", va="center_baseline")
        _dot(page, plot, axes, dot, centre)


def _scale(page: Page, plot: Plot, axes: Axes, bottom: float) -> None:
    low, high = axes.get_xlim()
    line = [] if plot.line is None else [plot.line]
    values = sorted({*line, *ticks.round_ticks(low, high)})
    places = [float(axes.transData.transform((value, bottom))[0]) * 72 / page.figure.dpi for value in values]
    kept = {*ticks.thinned(values, places, [page.width_of(plot.text(value)) for value in values], gap=14)}
    for value, place in zip(values, places, strict=True):
        main = value == plot.line
        axes.axvline(value, color=page.theme.ink if main else page.theme.grid, linewidth=2.5 if main else 1.2)
        if value in kept:
            page.text(place, bottom - 8, plot.text(value), ha="center", va="top")


def _dot(page: Page, plot: Plot, axes: Axes, dot: Dot, centre: float) -> None:
    color, marker = _look(dot, plot, page.theme)
    low, high = axes.get_xlim()
    if dot.value is None:
        axes.axhspan(centre - 12, centre + 12, color=page.theme.shade, zorder=0)
        # At the edge, not on the scale, because there is no value to read.
        axes.plot([low * (high / low) ** 0.03], [centre], marker=marker, color=color, markeredgewidth=3, clip_on=False)
        return
    if dot.low is not None and dot.high is not None:
        axes.plot([dot.low, dot.high], [centre, centre], color=color, linewidth=3.5, solid_capstyle="butt")
        axes.plot([dot.low, dot.high], [centre, centre], marker="|", markersize=16, color=color, linestyle="none",
                  markeredgewidth=3)  # fmt: skip
    hollow = dot.verdict in (OPEN, BARE)
    axes.plot([dot.value], [centre], marker=marker, color=color, markersize=13, markeredgewidth=2.5, zorder=5,
              markerfacecolor=page.theme.paper if hollow else color)  # fmt: skip


def _look(dot: Dot, plot: Plot, theme: Theme) -> tuple[str, str]:
    if dot.verdict in (ABOVE, BELOW):
        return (theme.colors[0], "o") if dot.verdict == plot.good else (theme.colors[1], "s")
    return {PLAIN: (theme.colors[0], "o"), LOST: (theme.faint, "x")}.get(dot.verdict, (theme.faint, "D"))


def _limits(dots: Sequence[Dot], marks: Sequence[float]) -> tuple[float, float]:
    ends = [end for dot in dots for end in (dot.value, dot.low, dot.high) if end is not None and end > 0]
    ends += marks
    low, high = (min(ends), max(ends)) if ends else (1.0, 10.0)
    pad = max((high / low) ** 0.06, 1.02)
    return low / pad, high * pad


def in_words(dots: Sequence[Dot], text: Callable[[float | None, float | None, float | None], str]) -> str:
    """Every dot in words: `script: 1.01× [0.97, 1.04] (cannot tell); …`."""
    return "; ".join(
        f"{dot.label}: {dot.word if dot.value is None else text(dot.value, dot.low, dot.high)}"
        + (f" ({dot.word if dot.stated else dot.verdict})" if dot.stated or dot.verdict in (OPEN, BARE) else "")
        for dot in dots
    )
