"""The chart `history`: did it get slower, and when?

It shows one series: a value for each commit, the levels with their noise, and the level changes. It is drawn
from a history and not from the rows of a run, so it is not in the list of charts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bench.analyse.history.series import HistorySeries, LevelChange, Segment
from bench.present import picture_style
from bench.present.charts import ticks
from bench.present.charts.canvas import LEADING, MARGIN, WIDTH, Page
from bench.present.picture_style import TEXT_PT
from bench.present.tables import history_table
from bench.present.words import units
from bench.stats.level_noise import noise
from bench.stats.robust import spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAND = 2.0
"""Half the width of the band around a level, in standard deviations of a value."""

LOG_FROM = 4.0
"""Largest ÷ smallest value from which the axis is logarithmic: a linear one would press the faster level flat."""

_LINE = TEXT_PT * LEADING


def draw(series: HistorySeries, changes: Sequence[LevelChange], theme_name: str = "light") -> Figure:
    """The picture of a series with its level changes, oldest first. Raises `UserError` on an unknown theme."""
    theme = picture_style.theme(theme_name)
    with picture_style.drawing(theme):
        page = Page(theme)
        page.title(history_table.finding(series, changes))
        page.foot([*_notes(series, changes), _source(series)])
        _draw(page, series, changes)
        return page.figure


def describe(series: HistorySeries, changes: Sequence[LevelChange]) -> str:
    """The chart in words, for those who cannot see it."""
    texts = [history_table.finding(series, changes) + "."]
    texts += [
        f"After {history_table.commit(change.after_commit)} and by {history_table.commit(change.until_commit)}: "
        f"{history_table.quantity(change.before, change.unit)} to {history_table.quantity(change.after, change.unit)}, "
        f"{units.ratio(change.ratio, change.low, change.high)}."
        for change in changes
    ]
    return " ".join([*texts, _source(series) + "."])


def _notes(series: HistorySeries, changes: Sequence[LevelChange]) -> list[str]:
    marked = " Dashed: a change; shaded: the commits that it may be." if changes else ""
    notes = [f"Band: level ± {BAND:g} standard deviations of one commit.{marked}"]
    if history_table.over_to_another_protocol(series):
        notes.append("Another colour: another way to measure, machine or software, which is not compared.")
    elif len(series.segments) > 1:
        what = "machine or software" if history_table.over_to_another_machine(series) else "environment"
        notes.append(f"Another colour: another {what}, which is not compared.")
    return notes


def _source(series: HistorySeries) -> str:
    first, last = (history_table.commit(series.commits[place]) for place in (0, -1))
    return f"{len(series.commits)} commits, {first} to {last} · {history_table.machine(series.machine)}"


def _draw(page: Page, series: HistorySeries, changes: Sequence[LevelChange]) -> None:
    low, high = _limits(series.values)
    logarithmic = low > 0 and high / low > LOG_FROM
    y_ticks = (ticks.round_ticks if logarithmic else ticks.even_ticks)(low, high)
    texts = [units.tick_seconds(tick) if series.unit == "s" else f"{tick:.4g}" for tick in y_ticks]
    left = MARGIN + max(page.width_of(text) for text in texts) + 12
    bottom, top = page.bottom + 2 * _LINE + 14, page.top - _LINE - 10
    unit = "time per step (lower is better)" if series.unit == "s" else _caption(series)
    page.note(MARGIN, page.top, unit, va="top")
    axes = page.axes(left, bottom, WIDTH - MARGIN - 12, top)
    axes.set_xlim(-0.5 - 0.02 * len(series.values), len(series.values) * 1.02 - 0.5)
    axes.set_yscale("log" if logarithmic else "linear")
    axes.set_ylim(low, high)
    axes.minorticks_off()
    axes.set_xticks([])
    axes.set_yticks([])
    for tick, text in zip(y_ticks, texts, strict=True):
        axes.axhline(tick, color=page.theme.grid, linewidth=1.2, zorder=0)
        place = float(axes.transData.transform((0, tick))[1]) * 72 / page.figure.dpi
        page.text(left - 10, place, text, ha="right", va="center_baseline")
    for number, part in enumerate(series.segments):
        _segment(page, axes, series, part, changes, number)
    for change in changes:
        _level_change(page, axes, change)
    _strays(page, axes, series.values, low, high)
    _commits(page, axes, series, changes, bottom)


def _caption(series: HistorySeries) -> str:
    better = "higher" if series.higher_is_better else "lower"
    return f"{series.unit or 'value'} ({better} is better)"


def _limits(values: np.ndarray) -> tuple[float, float]:
    """Limits that hold all but the rarest values, so that a single spike does not press everything else flat."""
    rare_low, rare_high = (float(np.quantile(values, q)) for q in (0.005, 0.995))
    middle, reach = float(np.median(values)), 8 * spread(values)
    low = max(float(values.min()), min(rare_low, middle - reach))
    high = min(float(values.max()), max(rare_high, middle + reach))
    if high / low > LOG_FROM:
        return low / 1.2, high * 1.2
    pad = 0.08 * (high - low) or 0.05 * middle
    return low - pad, high + pad


def _strays(page: Page, axes: Axes, values: np.ndarray, low: float, high: float) -> None:
    """Draws arrows at the edge for values outside the picture."""
    for outside, at, marker in ((values > high, high, "^"), (values < low, low, "v")):
        places = np.flatnonzero(outside)
        axes.plot(
            places, np.full(len(places), at), marker, color=page.theme.faint, markersize=9, clip_on=False, zorder=3
        )


def _segment(
    page: Page, axes: Axes, series: HistorySeries, part: Segment, changes: Sequence[LevelChange], number: int
) -> None:
    places = np.array(part.places)
    color = page.theme.colors[number % len(page.theme.colors)]
    size = 8.0 if len(series.values) < 150 else 5.0
    marker = picture_style.MARKERS[number % len(picture_style.MARKERS)]
    axes.plot(
        places, series.values[places], marker, color=color, markersize=size, linestyle="none", alpha=0.75, zorder=2,
    )  # fmt: skip
    own = {change.place for change in changes if change.series == series.series}
    cuts = [at for at, place in enumerate(part.places) if place in own]
    for chosen in np.split(places, cuts):
        logs = np.log(series.values[chosen])
        level, sd = float(np.median(logs)), noise(logs)
        ends = (chosen[0] - 0.5, chosen[-1] + 0.5)
        axes.fill_between(
            ends, math.exp(level - BAND * sd), math.exp(level + BAND * sd), color=color, alpha=0.15, linewidth=0
        )
        axes.plot(ends, [math.exp(level)] * 2, color=color, linewidth=3, solid_capstyle="butt", zorder=3)


def _level_change(page: Page, axes: Axes, change: LevelChange) -> None:
    axes.axvspan(change.after_place + 0.5, change.until_place + 0.5, color=page.theme.shade, zorder=0)
    axes.axvline(change.place - 0.5, color=page.theme.ink, linewidth=1.6, linestyle="--", zorder=1)


def _commits(page: Page, axes: Axes, series: HistorySeries, changes: Sequence[LevelChange], floor: float) -> None:
    """Names the first and the last commit, and those at which a level changes, if there is room."""
    wanted = [0, len(series.commits) - 1, *(change.place for change in reversed(changes))]
    labels = [history_table.commit(series.commits[place]) for place in wanted]
    widths = [page.width_of(label) for label in labels]
    dots = [float(axes.transData.transform((place, 0))[0]) * 72 / page.figure.dpi for place in wanted]
    taken: list[tuple[float, float]] = []
    for x, width, label in zip(dots, widths, labels, strict=True):
        x = min(max(x, MARGIN + width / 2), WIDTH - MARGIN - width / 2)
        if all(x + width / 2 + 14 < low or x - width / 2 - 14 > high for low, high in taken):
            taken.append((x - width / 2, x + width / 2))
            page.text(x, floor - 10, label, ha="center", va="top")
    page.note((MARGIN + WIDTH) / 2, floor - 12 - _LINE, "commit, in order of time", ha="center", va="top")
