"""A chart of lines: something against a swept axis, every point with its interval, every loss in a strip below.

Labels stand at the ends of their lines. All text is placed by measured size, so that none is clipped or covered.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.present import style, units
from bench.present.charts import ticks
from bench.present.charts.page import LEADING, MARGIN, WIDTH, Page, spread
from bench.present.charts.series import Point, Series
from bench.present.style import MARKERS, TEXT_PT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_SERIES = 8
"""Colours and markers that can be told apart from the back of a room."""

LABEL_LETTERS = 23
"""What fits on a line of a label, about."""

_LABEL_WIDTH = 250.0
_CAPTION_WIDTH = 560.0
"""Points of width that leave the labels at the right alone."""
_LINE = TEXT_PT * LEADING
_MOST_STRIP = 110.0
"""Points of height that losses may take before they are told by outcome alone."""
_HOLLOW_NOTE = "Hollow mark: no interval (one launch)."


@dataclass(frozen=True)
class Plot:
    """What to draw."""

    title: str
    series: Sequence[Series]
    x_label: str
    y_label: str
    y_text: Callable[[float], str]
    footer: str
    notes: tuple[str, ...] = ()
    y_from_zero: bool = False
    """A linear axis from zero where the values span less than a factor of 20, else logarithmic."""


@dataclass(frozen=True)
class _Strip:
    """A row of losses below the axes."""

    label: str
    xs: tuple[float, ...]
    color: str
    height: float


def draw(plot: Plot, theme_name: str) -> Figure:
    """The picture. Raises `UserError` on an unknown theme."""
    theme = style.theme(theme_name)
    with style.drawing(theme):
        page = Page(theme)
        page.title(plot.title)
        shown, strips = plot.series[:MOST_SERIES], _strips(plot.series, page)
        page.foot([*_notes(plot), *plot.notes, plot.footer])
        labels = [page.wrap(line.label, _LABEL_WIDTH, lines=3) if line.points else "" for line in shown]
        _Chart(page, plot, shown, labels, strips).draw()
        return page.figure


def _notes(plot: Plot) -> list[str]:
    notes = []
    points = [point for line in plot.series for point in line.points]
    if any(not point.bounded for point in points):
        notes.append(_HOLLOW_NOTE if any(point.bounded for point in points) else "One launch a case: no interval.")
    elif points and not plot.y_from_zero and _hidden(points):
        notes.append("Intervals are narrower than the marks.")
    if len(plot.series) > MOST_SERIES:
        notes.append(f"{len(plot.series) - MOST_SERIES} more lines stand on further charts.")
    return notes


def _hidden(points: Sequence[Point]) -> bool:
    """Whether every interval vanishes behind its mark, which covers about a twentieth of a logarithmic axis."""
    low, high = _y_limits(points, logarithmic=True)
    widest = max(math.log(point.high / point.low) for point in points if point.low and point.high)
    return widest < math.log(high / low) / 20


def _strips(series: Sequence[Series], page: Page) -> list[_Strip]:
    """A row for each series and outcome; where these are many, a row for each outcome."""
    rows: dict[tuple[str, str], _Strip] = {}
    for place, line in enumerate(series):
        color = page.theme.colors[place] if place < MOST_SERIES else page.theme.faint
        for outcome in dict.fromkeys(loss.outcome for loss in line.losses):
            xs = tuple(loss.x for loss in line.losses if loss.outcome == outcome)
            rows[outcome, line.label] = _strip(page, f"{outcome}: {line.label}" if line.label else outcome, xs, color)
    if sum(strip.height for strip in rows.values()) <= _MOST_STRIP:
        return list(rows.values())
    merged: list[_Strip] = []
    for outcome in dict.fromkeys(outcome for outcome, _ in rows):
        of = [strip for (name, _), strip in rows.items() if name == outcome]
        xs = tuple(dict.fromkeys(x for strip in of for x in strip.xs))
        merged.append(_strip(page, f"{outcome}: {len(of)} lines", xs, page.theme.ink))
    return merged


def _strip(page: Page, label: str, xs: tuple[float, ...], color: str) -> _Strip:
    wrapped = page.wrap(label, _LABEL_WIDTH, lines=3)
    return _Strip(wrapped, xs, color, height=(wrapped.count("\n") + 1) * _LINE + 4)


@dataclass
class _Chart:
    """The axes with everything around them; edges in points."""

    page: Page
    plot: Plot
    series: Sequence[Series]
    labels: Sequence[str]
    strips: Sequence[_Strip]

    def draw(self) -> None:
        page, points = self.page, [point for line in self.series for point in line.points]
        self.logarithmic = _is_log(points, self.plot.y_from_zero)
        self.y_low, self.y_high = _y_limits(points, self.logarithmic)
        y_ticks = (
            (ticks.round_ticks if self.logarithmic else ticks.even_ticks)(self.y_low, self.y_high) if points else []
        )
        y_texts = [self.plot.y_text(tick) for tick in y_ticks]
        self.left = MARGIN + max((page.width_of(text) for text in y_texts), default=0) + 12
        words = [page.width_of(text) for text in [*self.labels, *(strip.label for strip in self.strips)] if text]
        self.right = WIDTH - MARGIN - (max(words) + 48 if words else 12)
        page.note(MARGIN, page.top, page.wrap(self.plot.y_label, _CAPTION_WIDTH, lines=1), va="top")
        self.top = page.top - _LINE - 10
        floor = page.bottom + 2 * _LINE + 14
        self.bottom = floor + sum(strip.height for strip in self.strips)
        axes = page.axes(self.left, self.bottom, self.right, self.top)
        self._scale(axes)
        for tick, text in zip(y_ticks, y_texts, strict=True):
            axes.axhline(tick, color=page.theme.grid, linewidth=1.2, zorder=0)
            page.text(self.left - 10, self._y(axes, tick), text, ha="right", va="center_baseline")
        self._x_ticks(axes, floor)
        for place, line in enumerate(self.series):
            self._line(axes, line, place)
        if not points:
            page.note(
                (self.left + self.right) / 2,
                (self.top + self.bottom) / 2,
                "nothing measured",
                ha="center",
                va="center_baseline",
            )
        self._labels(axes)
        self._losses(axes, floor)

    def _scale(self, axes: Axes) -> None:
        xs = [point.x for line in self.series for point in line.points] + [x for strip in self.strips for x in strip.xs]
        low, high = (min(xs), max(xs)) if xs else (1.0, 1.0)
        axes.set_yscale("log" if self.logarithmic else "linear")
        if low > 0:
            axes.set_xscale("log")
            pad = (high / low) ** 0.04 if high > low else 2.0
            axes.set_xlim(low / pad, high * pad)
        else:
            pad = (high - low) * 0.04 or 1.0
            axes.set_xlim(low - pad, high + pad)
        axes.set_ylim(self.y_low, self.y_high)
        axes.minorticks_off()
        axes.set_xticks([])
        axes.set_yticks([])

    def _x(self, axes: Axes, x: float) -> float:
        return float(axes.transData.transform((x, self.y_high))[0]) * 72 / self.page.figure.dpi

    def _y(self, axes: Axes, y: float) -> float:
        return float(axes.transData.transform((axes.get_xlim()[1], y))[1]) * 72 / self.page.figure.dpi

    def _x_ticks(self, axes: Axes, floor: float) -> None:
        values = sorted(
            {point.x for line in self.series for point in line.points} | {x for strip in self.strips for x in strip.xs}
        )
        texts = [units.short(value) for value in values]
        places = [self._x(axes, value) for value in values]
        kept = ticks.thinned(values, places, [self.page.width_of(text) for text in texts], gap=14)
        for value, place, text in zip(values, places, texts, strict=True):
            self.page.rule([(place, floor), (place, floor - (7 if value in kept else 4))], self.page.theme.faint)
            if value in kept:
                self.page.text(place, floor - 10, text, ha="center", va="top")
        self.page.note((self.left + self.right) / 2, floor - 12 - _LINE, self.plot.x_label, ha="center", va="top")

    def _line(self, axes: Axes, line: Series, place: int) -> None:
        color, marker = self.page.theme.colors[place], MARKERS[place]
        xs = [point.x for point in line.points]
        axes.plot(xs, [point.value for point in line.points], color=color, zorder=2 + place)
        for point in line.points:
            if point.low is not None and point.high is not None:
                ends = [[max(0.0, point.value - point.low)], [max(0.0, point.high - point.value)]]
                axes.errorbar(
                    [point.x], [point.value], yerr=ends, color=color, capsize=9, capthick=2.5, elinewidth=2.5,
                    zorder=2 + place,
                )  # fmt: skip
            axes.plot(
                [point.x], [point.value], marker=marker, color=color, markeredgewidth=2.5, zorder=20 + place,
                clip_on=False, markerfacecolor=color if point.bounded else self.page.theme.paper,
            )  # fmt: skip

    def _labels(self, axes: Axes) -> None:
        named = [place for place, text in enumerate(self.labels) if text]
        heights = [(self.labels[place].count("\n") + 1) * _LINE for place in named]
        # Lines too many to be named beside the axes keep their colour and marker, and the table names them.
        while sum(heights) > self.top - self.bottom + _LINE and heights:
            named.pop()
            heights.pop()
        ends = [self.series[place].points[-1] for place in named]
        centres = spread([self._y(axes, end.value) for end in ends], heights, self.bottom - 2, self.top + _LINE)
        for place, end, centre in zip(named, ends, centres, strict=True):
            color = self.page.theme.colors[place]
            start = (self._x(axes, end.x) + 9, self._y(axes, end.value))
            # A line that ends early must not look as if it went on: its label hangs on a dotted thread.
            early = self._x(axes, end.x) < max(self._x(axes, other.x) for other in ends) - 1
            self.page.rule([start, (self.right + 4, start[1]), (self.right + 16, centre)], color, dotted=early)
            self.page.mark(self.right + 24, centre, MARKERS[place], color, hollow=not end.bounded)
            self.page.text(self.right + 38, centre, self.labels[place], va="center_baseline", ha="left")

    def _losses(self, axes: Axes, floor: float) -> None:
        at = self.bottom
        for strip in self.strips:
            centre = at - strip.height / 2
            band = self.page.axes(self.left, at - strip.height + 1, self.right, at - 1)
            band.set_facecolor(self.page.theme.shade)
            band.spines[:].set_visible(False)
            band.set_xticks([])
            band.set_yticks([])
            for x in strip.xs:
                self.page.mark(self._x(axes, x), centre, "x", strip.color)
            self.page.text(self.right + 12, centre, strip.label, va="center_baseline", ha="left")
            at -= strip.height


def _is_log(points: Sequence[Point], from_zero: bool) -> bool:
    if not from_zero:
        return True
    ends = [end for p in points for end in (p.value, p.low, p.high) if end is not None]
    return bool(ends) and max(ends) / min(ends) > 20


def _y_limits(points: Sequence[Point], logarithmic: bool) -> tuple[float, float]:
    """The range of the values and their intervals, with some air."""
    ends = [end for p in points for end in (p.value, p.low, p.high) if end is not None]
    if not ends:
        return (1.0, 10.0)
    low, high = min(ends), max(ends)
    if not logarithmic:
        return 0.0, high * 1.08
    pad = max((high / low) ** 0.06, 1.05)
    return low / pad, high * pad


def in_words(
    finding: str, series: Sequence[Series], axis: str, text: Callable[[float, float | None, float | None], str]
) -> str:
    """A chart of lines as a paragraph: the finding, then for each line its points and losses."""
    sentences = [f"{finding}."]
    for line in series:
        said = [f"{units.short(point.x)}: {text(point.value, point.low, point.high)}" for point in line.points]
        said += [f"{units.short(loss.x)}: {loss.outcome}" for loss in line.losses]
        sentences.append(f"{line.label + ', by ' if line.label else 'By '}{axis}: {'; '.join(said)}.")
    return " ".join(sentences)
