"""The chart `distribution`: can I trust one number? Every block of a case by launch."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from bench.analyse.rows.row import Row
from bench.present import picture_style, row_groups
from bench.present.charts import chart_cases, ticks
from bench.present.charts.canvas import LEADING, MARGIN, WIDTH, Page
from bench.present.charts.chart import Chart, Selection
from bench.present.charts.chart_lines import UNRESOLVED, provenance, shown
from bench.present.picture_style import TEXT_PT
from bench.present.words import units
from bench.records import UNIVERSAL_AXES, UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_LINE = TEXT_PT * LEADING


def _dots(page: Page, row: Row) -> None:
    samples, first = _samples(row), row.first_call.value if row.first_call else None
    values = [value for blocks in samples.values() for value in blocks]
    ends = [end for end in (row.step.low, row.step.high) if end]
    low, high = min([*values, *ends]), max([*values, *ends])
    # A first call a hundred times as long would press all blocks into one line: then a note gives it instead.
    drawn_first = first if first and first < 20 * high else None
    high = max(high, drawn_first or high)
    pad = max((high / low) ** 0.06, 1.02)
    page.note(MARGIN, page.top, "time per step, by launch (lower is better)", va="top")
    top, bottom = page.top - _LINE - 10, page.bottom + 2 * _LINE + 14
    marks = ticks.round_ticks(low / pad, high * pad)
    left = MARGIN + max(page.width_of(units.tick_seconds(tick)) for tick in marks) + 12
    label = units.interval(*units.ends(row.time))
    right = WIDTH - MARGIN - page.width_of("first call") - 20
    axes = page.axes(left, bottom, right, top)
    axes.set_yscale("log")
    axes.set_ylim(low / pad, high * pad)
    axes.set_xlim(-0.5, len(samples) - 0.5)
    axes.minorticks_off()
    axes.set_xticks([])
    axes.set_yticks([])
    scale = 72 / page.figure.dpi
    for tick in marks:
        axes.axhline(tick, color=page.theme.grid, linewidth=1.2, zorder=0)
        place = float(axes.transData.transform((0, tick))[1]) * scale
        page.text(left - 10, place, units.tick_seconds(tick), ha="right", va="center_baseline")
    if len(ends) == 2:
        axes.axhspan(ends[0], ends[1], color=page.theme.colors[0], alpha=0.18, zorder=0.5, linewidth=0)
    axes.axhline(row.step.value, color=page.theme.colors[0], linewidth=2.5, zorder=1)
    for place, (launch, blocks) in enumerate(samples.items()):
        # Side by side in the order in which they were timed, so that a drift within a launch is visible.
        xs = place + np.linspace(-0.3, 0.3, len(blocks))
        axes.plot(xs, blocks, "o", markersize=6, color=page.theme.ink, alpha=0.45, markeredgewidth=0, zorder=2)
        axes.plot(
            [place - 0.36, place + 0.36], [statistics.median(blocks)] * 2, color=page.theme.colors[1], linewidth=4
        )
        page.text(left + (place + 0.5) * (right - left) / len(samples), bottom - 10, launch, ha="center", va="top")
    page.note((left + right) / 2, bottom - 12 - _LINE, f"launch; the {_called(row)} is {label}", ha="center", va="top")
    if drawn_first:
        axes.axhline(drawn_first, color=page.theme.colors[3], linewidth=2, linestyle=":")
        place = float(axes.transData.transform((0, drawn_first))[1]) * scale
        page.text(right + 12, place, "first call", color=page.theme.colors[3], va="center_baseline")


def _first_note(first_s: float, row: Row) -> str:
    factor = f"{first_s / row.step.value:,.3g}"
    return f"The first call took {units.seconds(first_s)}, {factor} times the {_called(row)}."


def _samples(row: Row) -> Mapping[str, Sequence[float]]:
    return row.samples or {}


def _width(row: Row) -> float:
    """High ÷ low of the interval of the median; 0 if there is none."""
    return row.step.high / row.step.low if row.step.low and row.step.high else 0.0


def _name(row: Row) -> str:
    """The values that are not the default, and the workload's own axes."""
    own = [name for name in row.params if row.params[name] != UNIVERSAL_AXES.get(name)]
    return " ".join(shown(name, row.params[name]) for name in own)


def _prepared(rows: Sequence[Row]) -> Row:
    advice = chart_cases.command(rows, "mode=eager") + " --launches 6"
    chart_cases.require(rows, advice)
    timed = [row for row in row_groups.one_clock(rows) if row.ok and len(_samples(row)) > 1]
    if not timed:
        raise UserError(f"no case was measured in two launches or more: {advice}")
    return timed[0]


def _called(row: Row) -> str:
    """What the time of a row is."""
    return {"min": "fastest block"}.get(row.statistic, row.statistic)


class DistributionChart(Chart):
    """The chart `distribution`: can I trust one number? Every block of a case by launch."""

    name = "distribution"
    question = "How far apart are the blocks of one case, within a launch and between launches?"
    needs = ("key", "workload", "params", "outcome", "clock", "value_s", "low_s", "high_s", "samples", "first_call_s")

    def selections(self, rows: Sequence[Row]) -> list[Selection]:
        """A chart of the case with the widest interval of the run: the one that is trusted least."""
        timed = [row for row in row_groups.one_clock(rows) if row.ok and len(_samples(row)) > 1]
        known = [row for row in timed if row.step.low]
        if not timed:
            return []
        worst = max(known or timed, key=_width)
        return [Selection(worst.workload, (worst.key,))]

    def draw(self, rows: Sequence[Row], theme: str = "light") -> Figure:
        """Blocks as dots by launch, with the median and its interval. Raises `UserError` without two launches."""
        row = _prepared(rows)
        colors = picture_style.theme(theme)
        with picture_style.drawing(colors):
            page = Page(colors)
            page.title(self.finding(rows))
            page.foot(
                [
                    f"Dots are blocks, bars medians of launches; shaded is the interval of the {_called(row)}.",
                    *([_first_note(row.first_call.value, row)] if row.first_call else []),
                    provenance([row]),
                ]
            )
            _dots(page, row)
            return page.figure

    def finding(self, rows: Sequence[Row]) -> str:
        """The finding: how far the launches lie apart, and the blocks of one launch."""
        row = _prepared(rows)
        samples = _samples(row)
        medians = [statistics.median(blocks) for blocks in samples.values()]
        within = statistics.median(float(np.ptp(np.quantile(blocks, (0.1, 0.9)))) for blocks in samples.values())
        name = f"{row.workload} {_name(row)}".strip()
        if row.step.low is None:
            return f"{name}: how sure its {_called(row)} is is {UNRESOLVED}, {len(samples)} launches have no interval"
        apart, inside = 100 * (max(medians) / min(medians) - 1), 100 * within / row.step.value
        median = units.interval(*units.ends(row.time))
        spread = f"launches differ by {apart:.0f} %, most blocks of one by {inside:.0f} %"
        return f"{name}: {spread}; the {_called(row)} is {median}"

    def describe(self, rows: Sequence[Row]) -> str:
        """The chart in words, for those who cannot see it: the finding, then every launch."""
        row = _prepared(rows)
        launches = "; ".join(
            f"launch {launch}: {len(blocks)} blocks from {units.seconds(min(blocks))} to {units.seconds(max(blocks))}, "
            f"median {units.seconds(statistics.median(blocks))}"
            for launch, blocks in _samples(row).items()
        )
        return f"{self.finding(rows)}. {launches}."


CHART = DistributionChart()
