"""A chart of lines: values by a swept axis, every point with its interval, cases without a number in a strip below.

Labels stand at the ends of their lines. All text is placed by measured size, so none is clipped or covered.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.present import picture_style
from bench.present.charts import ticks
from bench.present.charts.canvas import LEADING, MARGIN, WIDTH, Page, spread
from bench.present.charts.chart_lines import ChartLine, LinePoint
from bench.present.charts.line_plot import MOST_SERIES, Plot
from bench.present.charts.loss_strips import LABEL_WIDTH, Strip
from bench.present.charts.loss_strips import strips as strips_of
from bench.present.picture_style import MARKERS, TEXT_PT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CAPTION_WIDTH = 560.0
"""Width in points that stays clear of the labels at the right."""
_LINE = TEXT_PT * LEADING
_HOLLOW_NOTE = "Hollow mark: no interval (one launch, or not known)."


@dataclass(frozen=True)
class _End:
    """The end of a line, and the label there."""

    x: float
    y: float
    text: str
    color: str
    marker: str
    hollow: bool


def draw(plot: Plot, theme_name: str) -> Figure:
    """The picture. Raises `UserError` on an unknown theme."""
    theme = picture_style.theme(theme_name)
    with picture_style.drawing(theme):
        page = Page(theme)
        page.title(plot.title)
        groups = list(dict.fromkeys(_group(line) for line in plot.series))
        places = {name: place for place, name in enumerate(groups[:MOST_SERIES])}
        shown, strips = [line for line in plot.series if _group(line) in places], strips_of(plot.series, page)
        page.foot([*_notes(plot), *plot.notes, plot.footer])
        # The guides come first: if there is no room for all, they keep their names.
        ends = [
            _End(guide.xs[-1], guide.ys[-1], page.wrap(guide.label, LABEL_WIDTH, lines=3), theme.faint, "", False)
            for guide in plot.guides
        ]
        ends += [
            _End(
                line.points[-1].x, line.points[-1].value, page.wrap(line.label, LABEL_WIDTH, lines=3),
                theme.colors[places[_group(line)]], MARKERS[places[_group(line)]], not line.points[-1].bounded,
            )
            for line in shown if line.points and line.label
        ]  # fmt: skip
        _Chart(page, plot, shown, places, ends, strips).draw()
        return page.figure


def _group(line: ChartLine) -> object:
    return line.group or (line.label, line.keys, line.machine, line.run)


def _notes(plot: Plot) -> list[str]:
    notes = []
    points = [point for line in plot.series for point in line.points]
    if any(not point.bounded for point in points):
        notes.append(
            _HOLLOW_NOTE if any(point.bounded for point in points) else "No interval: one launch a case, or not known."
        )
    elif points and not plot.y_from_zero and plot.y_from is None and _hidden(points):
        notes.append("Intervals are narrower than the marks.")
    beyond = len({_group(line) for line in plot.series}) - MOST_SERIES
    if beyond > 0:
        notes.append(f"{beyond} more lines stand on further charts.")
    return notes


def _hidden(points: Sequence[LinePoint]) -> bool:
    """True if every interval is hidden by its mark, which covers about a twentieth of a logarithmic axis."""
    low, high = _y_limits(points, logarithmic=True)
    widest = max(math.log(point.high / point.low) for point in points if point.low and point.high)
    return widest < math.log(high / low) / 20


@dataclass
class _Chart:
    """The axes with everything around them; edges in points."""

    page: Page
    plot: Plot
    series: Sequence[ChartLine]
    places: Mapping[object, int]
    """Place of the colour and marker of each group of lines."""
    ends: Sequence[_End]
    strips: Sequence[Strip]

    def draw(self) -> None:
        page, points = self.page, [point for line in self.series for point in line.points]
        points += [
            LinePoint(x, y, None, None) for line in self.plot.guides for x, y in zip(line.xs, line.ys, strict=True)
        ]
        self.logarithmic = self.plot.y_from is None and _is_log(points, self.plot.y_from_zero)
        self.y_low, self.y_high = _y_limits(points, self.logarithmic, self.plot.y_from or 0.0)
        y_ticks = (
            (ticks.round_ticks if self.logarithmic else ticks.even_ticks)(self.y_low, self.y_high) if points else []
        )
        y_texts = [self.plot.y_text(tick) for tick in y_ticks]
        self.left = MARGIN + max((page.width_of(text) for text in y_texts), default=0) + 12
        names = [*(end.text for end in self.ends), *(strip.label for strip in self.strips)]
        names += [name for name, _ in self.plot.below]
        words = [page.width_of(text) for text in names if text]
        self.right = WIDTH - MARGIN - (max(words) + 48 if words else 12)
        page.note(MARGIN, page.top, page.wrap(self.plot.y_label, _CAPTION_WIDTH, lines=1), va="top")
        self.top = page.top - _LINE - 10 - (_LINE if self.plot.bands else 0)
        floor = page.bottom + (2 + len(self.plot.below)) * _LINE + 14
        self.bottom = floor + sum(strip.height for strip in self.strips)
        axes = page.axes(self.left, self.bottom, self.right, self.top)
        self._scale(axes)
        for tick, text in zip(y_ticks, y_texts, strict=True):
            axes.axhline(tick, color=page.theme.grid, linewidth=1.2, zorder=0)
            page.text(self.left - 10, self._y(axes, tick), text, ha="right", va="center_baseline")
        self._x_ticks(axes, floor)
        self._bands(axes)
        for guide in self.plot.guides:
            axes.plot(guide.xs, guide.ys, color=page.theme.faint, linestyle=(0, (4, 2)), linewidth=2.2, zorder=1.5)
        for line in self.series:
            self._line(axes, line, self.places[_group(line)])
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
        xs += [x for guide in self.plot.guides for x in guide.xs]
        xs += [x for line in self.series for p in line.points for x in (p.x_low, p.x_high) if x is not None]
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
        if self.plot.round_x:
            values = ticks.round_ticks(*axes.get_xlim())
        columns = [
            [self.plot.x_text(value), *(texts.get(value, "") for _, texts in self.plot.below)] for value in values
        ]
        places = [self._x(axes, value) for value in values]
        widths = [max(map(self.page.width_of, column)) for column in columns]
        kept = ticks.thinned(values, places, widths, gap=14)
        for value, place, column in zip(values, places, columns, strict=True):
            self.page.rule([(place, floor), (place, floor - (7 if value in kept else 4))], self.page.theme.faint)
            for line, text in enumerate(column if value in kept else ()):
                self.page.text(place, floor - 10 - line * _LINE, text, ha="center", va="top")
        for line, (name, _) in enumerate(self.plot.below, start=1):
            self.page.note(self.right + 38, floor - 10 - line * _LINE, name, va="top")
        under = floor - 12 - (1 + len(self.plot.below)) * _LINE
        self.page.note((self.left + self.right) / 2, under, self.plot.x_label, ha="center", va="top")

    def _line(self, axes: Axes, line: ChartLine, place: int) -> None:
        color, marker = self.page.theme.colors[place], MARKERS[place]
        xs = [point.x for point in line.points]
        if self.plot.joined:
            axes.plot(xs, [point.value for point in line.points], color=color, zorder=2 + place)
        for point in line.points[-1:] if self.plot.ends_marked else line.points:
            if (bars := _bars(point)) is not None:
                axes.errorbar(
                    [point.x], [point.value], **bars, color=color, capsize=9, capthick=2.5, elinewidth=2.5,
                    zorder=2 + place,
                )  # fmt: skip
            axes.plot(
                [point.x], [point.value], marker=marker, color=color, markeredgewidth=2.5, zorder=20 + place,
                clip_on=False, markerfacecolor=color if point.bounded else self.page.theme.paper,
            )  # fmt: skip

    def _bands(self, axes: Axes) -> None:
        """Draws shades with a name above each; a name that would touch its left neighbour is left out."""
        page, taken = self.page, MARGIN
        for band in sorted(self.plot.bands, key=lambda band: band.low or 0.0):
            low, high = axes.get_xlim()
            low, high = max(low, band.low or low), min(high, band.high or high)
            axes.axvspan(low, high, color=page.theme.shade, zorder=0, linewidth=0)
            for edge in (band.low, band.high):
                if edge is not None:
                    axes.axvline(edge, color=page.theme.faint, linewidth=1.2, linestyle=":", zorder=0.5)
            text = page.wrap(band.label, _CAPTION_WIDTH, lines=1)
            half = page.width_of(text) / 2
            centre = (self._x(axes, low) + self._x(axes, high)) / 2
            centre = max(min(centre, self.right - half), MARGIN + half)
            if centre - half >= taken:
                page.note(centre, self.top + 6, text, ha="center", va="bottom")
                taken = centre + half + 14

    @property
    def _ceiling(self) -> float:
        """The height up to which labels may reach: next to the caption of the axis, but not next to names of bands."""
        return self.top + (0 if self.plot.bands else _LINE)

    def _labels(self, axes: Axes) -> None:
        named = list(self.ends)
        heights = [(end.text.count("\n") + 1) * _LINE for end in named]
        # If there are too many lines to name, the last ones keep colour and marker only, and the table names them.
        while sum(heights) > self._ceiling - self.bottom and heights:
            named.pop()
            heights.pop()
        centres = spread([self._y(axes, end.y) for end in named], heights, self.bottom - 2, self._ceiling)
        for end, centre in zip(named, centres, strict=True):
            start = (self._x(axes, end.x) + 9, self._y(axes, end.y))
            # A line that ends early must not look as if it went on: a dotted line leads to its label.
            early = self._x(axes, end.x) < max(self._x(axes, other.x) for other in named) - 1
            self.page.rule([start, (self.right + 4, start[1]), (self.right + 16, centre)], end.color, dotted=early)
            if end.marker:
                self.page.mark(self.right + 24, centre, end.marker, end.color, hollow=end.hollow)
            else:
                self.page.rule([(self.right + 16, centre), (self.right + 34, centre)], end.color)
            self.page.text(self.right + 38, centre, end.text, va="center_baseline", ha="left")

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


def _bars(point: LinePoint) -> dict[str, Any] | None:
    """The interval of a point as `errorbar` takes it: that of x if x was measured, else that of the value."""
    for name, value, low, high in (
        ("xerr", point.x, point.x_low, point.x_high),
        ("yerr", point.value, point.low, point.high),
    ):
        if low is not None and high is not None:
            return {name: [[max(0.0, value - low)], [max(0.0, high - value)]]}
    return None


def _is_log(points: Sequence[LinePoint], from_zero: bool) -> bool:
    if not from_zero:
        return True
    ends = [end for p in points for end in (p.value, p.low, p.high) if end is not None]
    return bool(ends) and max(ends) / min(ends) > 20


def _y_limits(points: Sequence[LinePoint], logarithmic: bool, start: float = 0.0) -> tuple[float, float]:
    """The range of the values and their intervals, with some space; a linear range begins at `start`."""
    ends = [end for p in points for end in (p.value, p.low, p.high) if end is not None]
    if not ends:
        return (1.0, 10.0)
    low, high = min(ends), max(ends)
    if not logarithmic:
        return start, high + (high - start) * 0.08
    pad = max((high / low) ** 0.06, 1.05)
    return low / pad, high * pad
