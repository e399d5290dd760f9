"""Can I trust one number? Every block of a case by launch."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from bench.present import row_groups, style
from bench.present.charts import chart_cases, ticks
from bench.present.charts.canvas import LEADING, MARGIN, WIDTH, Page
from bench.present.charts.chart_lines import UNRESOLVED, provenance, shown
from bench.present.row_groups import OK, Row
from bench.present.style import TEXT_PT
from bench.present.words import units
from bench.records import UNIVERSAL_AXES, UserError
from bench.stats.missing_numbers import number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

NAME = "distribution"
QUESTION = "How far apart are the blocks of one case, within a launch and between launches?"
NEEDS = ("key", "workload", "params", "outcome", "clock", "value_s", "low_s", "high_s", "samples", "first_call_s")

_LINE = TEXT_PT * LEADING


def selections(records: Sequence[Row]) -> list[chart_cases.Selection]:
    """A chart of that case of a run whose interval is the widest: the one that is trusted least."""
    timed = [row for row in row_groups.one_clock(records) if row["outcome"] == OK and len(_samples(row)) > 1]
    known = [row for row in timed if number(row["low_s"])]
    if not timed:
        return []
    worst = max(known or timed, key=lambda row: (row["high_s"] / row["low_s"]) if number(row["low_s"]) else 0.0)
    return [chart_cases.Selection(str(worst["workload"]), (str(worst["key"]),))]


def draw(frame: pd.DataFrame, theme: str = "light") -> Figure:
    """Blocks as dots by launch, with the median and its interval. Raises `UserError` without two launches."""
    row = _prepared(frame)
    colors = style.theme(theme)
    with style.drawing(colors):
        page = Page(colors)
        page.title(finding(frame))
        page.foot(
            [
                "Dots are blocks, bars medians of launches; shaded is the interval of the median.",
                *([_first_note(row)] if number(row["first_call_s"]) else []),
                provenance([row]),
            ]
        )
        _dots(page, row)
        return page.figure


def finding(frame: pd.DataFrame) -> str:
    """What the data say: how far the launches lie apart, and the blocks of one launch."""
    row = _prepared(frame)
    samples = _samples(row)
    medians = [statistics.median(blocks) for blocks in samples.values()]
    within = statistics.median(float(np.ptp(np.quantile(blocks, (0.1, 0.9)))) for blocks in samples.values())
    name = f"{row['workload']} {_name(row)}".strip()
    if number(row["low_s"]) is None:
        return f"{name}: how sure its median is is {UNRESOLVED}, {len(samples)} launches have no interval"
    apart, inside = 100 * (max(medians) / min(medians) - 1), 100 * within / row["value_s"]
    median = units.interval(row["value_s"], row["low_s"], row["high_s"])
    return f"{name}: launches differ by {apart:.0f} %, most blocks of one by {inside:.0f} %; the median is {median}"


def describe(frame: pd.DataFrame) -> str:
    """The chart in words, for those who cannot see it: the finding, then every launch."""
    row = _prepared(frame)
    told = "; ".join(
        f"launch {launch}: {len(blocks)} blocks from {units.seconds(min(blocks))} to {units.seconds(max(blocks))}, "
        f"median {units.seconds(statistics.median(blocks))}"
        for launch, blocks in _samples(row).items()
    )
    return f"{finding(frame)}. {told}."


def _dots(page: Page, row: Row) -> None:
    samples, first = _samples(row), number(row["first_call_s"])
    values = [value for blocks in samples.values() for value in blocks]
    ends = [end for end in (row["low_s"], row["high_s"]) if number(end)]
    low, high = min([*values, *ends]), max([*values, *ends])
    # A first call a hundred times as long would press all blocks into one line: then it is told, not drawn.
    drawn_first = first if first and first < 20 * high else None
    high = max(high, drawn_first or high)
    pad = max((high / low) ** 0.06, 1.02)
    page.note(MARGIN, page.top, "time per step, by launch (lower is better)", va="top")
    top, bottom = page.top - _LINE - 10, page.bottom + 2 * _LINE + 14
    marks = ticks.round_ticks(low / pad, high * pad)
    left = MARGIN + max(page.width_of(units.tick_seconds(tick)) for tick in marks) + 12
    label = units.interval(row["value_s"], row["low_s"], row["high_s"])
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
    axes.axhline(row["value_s"], color=page.theme.colors[0], linewidth=2.5, zorder=1)
    for place, (launch, blocks) in enumerate(samples.items()):
        # Side by side in the order they were timed, so that a drift within a launch is seen.
        xs = place + np.linspace(-0.3, 0.3, len(blocks))
        axes.plot(xs, blocks, "o", markersize=6, color=page.theme.ink, alpha=0.45, markeredgewidth=0, zorder=2)
        axes.plot(
            [place - 0.36, place + 0.36], [statistics.median(blocks)] * 2, color=page.theme.colors[1], linewidth=4
        )
        page.text(left + (place + 0.5) * (right - left) / len(samples), bottom - 10, launch, ha="center", va="top")
    page.note((left + right) / 2, bottom - 12 - _LINE, f"launch; the median is {label}", ha="center", va="top")
    if drawn_first:
        axes.axhline(drawn_first, color=page.theme.colors[3], linewidth=2, linestyle=":")
        place = float(axes.transData.transform((0, drawn_first))[1]) * scale
        page.text(right + 12, place, "first call", color=page.theme.colors[3], va="center_baseline")


def _first_note(row: Row) -> str:
    times = row["first_call_s"] / row["value_s"]
    return f"The first call took {units.seconds(row['first_call_s'])}, {times:,.3g} times the median."


def _samples(row: Row) -> Mapping[str, list[float]]:
    return row.get("samples") or {}


def _name(row: Row) -> str:
    """What is not the default, and the axes of the workload's own."""
    own = [name for name in row["params"] if row["params"][name] != UNIVERSAL_AXES.get(name)]
    return " ".join(shown(name, row["params"][name]) for name in own)


def _prepared(frame: pd.DataFrame) -> Row:
    records = row_groups.rows(frame)
    advice = chart_cases.command(records, "mode=eager") + " --launches 6"
    chart_cases.require(records, NEEDS, advice)
    timed = [row for row in row_groups.one_clock(records) if row["outcome"] == OK and len(_samples(row)) > 1]
    if not timed:
        raise UserError(f"no case was measured in two launches or more: {advice}")
    return timed[0]
