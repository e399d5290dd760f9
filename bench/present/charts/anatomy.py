"""The chart `anatomy`: where did my ten milliseconds go?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.analyse.curves.curve_points import Ends, ends_of
from bench.analyse.rows.once import ONCE
from bench.analyse.rows.row import Row
from bench.present import picture_style, row_groups
from bench.present.charts import chart_cases
from bench.present.charts.canvas import LEADING, MARGIN, WIDTH, Page
from bench.present.charts.chart import Chart, Selection
from bench.present.charts.chart_lines import UNRESOLVED, provenance, reasons, shown
from bench.present.picture_style import TEXT_PT
from bench.present.words import units
from bench.records import UserError
from bench.stats.intervals import ratio_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


MOST_ROWS = 6
_LINE = TEXT_PT * LEADING
_LABEL_WIDTH, _LABEL_LETTERS = 250.0, 23
_GAP = "gap"


@dataclass(frozen=True)
class Bar:
    """A case: its phases in order, and the whole step, which was timed apart."""

    label: str
    phases: tuple[tuple[str, float], ...]
    """Name and seconds."""
    shares: tuple[Ends, ...]
    """Share of the step for each phase: value, low, high; NaN if there is no interval."""
    wall: tuple[float, float | None, float | None] | None
    """Seconds per step: value, low, high; None if the case has no time."""
    outcome: str

    @property
    def gap(self) -> float:
        """Seconds of the step that no phase accounts for; negative where the phases overlap within a step."""
        return (self.wall[0] if self.wall else 0.0) - sum(seconds for _, seconds in self.phases)


def _rows(page: Page, bars: Sequence[Bar]) -> None:
    names = list(dict.fromkeys(name for bar in bars for name, _ in bar.phases))
    colors = dict(zip(names, page.theme.colors, strict=False))
    _legend(page, [*colors.items(), (_GAP, page.theme.grid)])
    labels = [page.wrap(bar.label, _LABEL_WIDTH, lines=2) for bar in bars]
    words = [units.interval(*bar.wall) if bar.wall else bar.outcome for bar in bars]
    left = MARGIN + max(page.width_of(label) for label in labels) + 20
    right = WIDTH - MARGIN - max(page.width_of(word) for word in words) - 20
    top, bottom = page.top - _LINE - 16, page.bottom + _LINE + 16
    axes = page.axes(left, bottom, right, top)
    shares = [sum(s for _, s in bar.phases) / bar.wall[0] for bar in bars if bar.wall]
    end = max([1.0, *shares]) * 1.04
    axes.set_xlim(0, end)
    axes.set_ylim(bottom, top)
    axes.set_xticks([])
    axes.set_yticks([])
    for share in [tick / 4 for tick in range(int(4 * end) + 1)]:
        place = left + (right - left) * share / end
        axes.axvline(share, color=page.theme.grid, linewidth=1.2, zorder=0)
        if share in (0, 0.5, 1.0, 1.5, 2.0):
            page.text(place, bottom - 8, f"{100 * share:.0f} %", ha="center", va="top")
    height = (top - bottom) / len(bars)
    for place, (bar, label, word) in enumerate(zip(bars, labels, words, strict=True)):
        centre = top - (place + 0.5) * height
        page.text(left - 14, centre, label, ha="right", va="center_baseline")
        page.text(right + 16, centre, word, ha="left", va="center_baseline")
        if bar.wall is None:
            page.mark(left + 16, centre, "x", page.theme.faint)
            continue
        at, thick = 0.0, min(34.0, height * 0.6)
        for name, seconds in [*bar.phases, (_GAP, max(bar.gap, 0.0))]:
            share = seconds / bar.wall[0]
            axes.barh(centre, share, thick, at, color=colors.get(name, page.theme.grid), edgecolor=page.theme.paper)
            at += share
        axes.plot([1, 1], [centre - thick * 0.7, centre + thick * 0.7], color=page.theme.ink, linewidth=3.5)
        if bar.wall[1] is not None and bar.wall[2] is not None:
            ends = [bar.wall[1] / bar.wall[0], min(bar.wall[2] / bar.wall[0], end)]
            axes.plot(ends, [centre, centre], color=page.theme.ink, linewidth=2, marker="|", markersize=12)


def _legend(page: Page, entries: Sequence[tuple[str, str]]) -> None:
    """The phases in their order, and the whole step, on one line above the bars."""
    x = MARGIN
    for name, color in entries:
        text = name.replace("_", " ")
        page.mark(x + 8, page.top - _LINE / 2, "s", color)
        page.note(x + 22, page.top - _LINE / 2, text, va="center_baseline")
        x += 22 + page.width_of(text) + 24
    page.rule([(x + 4, page.top - _LINE + 2), (x + 4, page.top - 2)], page.theme.ink)
    page.note(x + 14, page.top - _LINE / 2, "the step = 100 %", va="center_baseline")


def _parts(row: Row) -> dict[str, Ends]:
    """Seconds of each phase of a step: value, low, high; NaN if there is no interval."""
    parts: dict[str, Ends] = {}
    for name, time in (row.phases or {}).items():
        if name not in ONCE and time.value > 0:
            parts[name] = ends_of(time)
    return parts


def _chosen(rows: Sequence[Row]) -> list[Row]:
    """Rows with two phases or more, and the rows of the same workload that have no time."""
    own = row_groups.one_clock(rows)
    if not any(len(_parts(row)) > 1 for row in own):
        return []
    chosen = [row for row in own if len(_parts(row)) > 1 or not row.ok]
    return sorted(chosen, key=lambda row: row_groups.by_params(row, row_groups.varying(chosen)))


def _label(row: Row, chosen: Sequence[Row]) -> str:
    names = [name for name in row_groups.varying(chosen) if name in row.params]
    return ", ".join(shown(name, row.params[name]) for name in names)


def _prepared(rows: Sequence[Row]) -> tuple[list[Row], list[Bar]]:
    advice = "bench run 'matmul/round_trip'"
    chart_cases.require(rows, advice)
    chart_cases.single_workload(rows, advice)
    chosen = _chosen(rows)
    if not chosen:
        raise UserError(f"no case times two phases of its step apart: {advice} measures one that does")
    return chosen, [_bar(row, _label(row, chosen)) for row in chosen]


def _bar(row: Row, label: str) -> Bar:
    parts = _parts(row)
    phases = tuple((name, ends[0]) for name, ends in parts.items())
    if not row.ok or row.time is None:
        return Bar(label, phases, (), None, row.outcome.value)
    shares = tuple(ratio_of(ends, ends_of(row.time)) for ends in parts.values())
    return Bar(label, phases, shares, (row.time.value, row.time.low, row.time.high), row.outcome.value)


class AnatomyChart(Chart):
    """The chart `anatomy`: where did my ten milliseconds go?"""

    name = "anatomy"
    question = "Which phase takes how much of a step?"
    needs = ("key", "workload", "params", "outcome", "clock", "value_s", "low_s", "high_s", "phases")

    def selections(self, rows: Sequence[Row]) -> list[Selection]:
        """Charts for each workload that times two phases or more apart, in portions that fit."""
        selections: list[Selection] = []
        for workload, own_rows in row_groups.by_workload(rows):
            chosen = _chosen(own_rows)
            if chosen:
                entries = [(_label(row, chosen), (row.key,)) for row in chosen]
                selections += chart_cases.parts(workload, entries, _LABEL_LETTERS, MOST_ROWS)
        return selections

    def draw(self, rows: Sequence[Row], theme: str = "light") -> Figure:
        """Stacked bars of phases as shares of the step. Raises `UserError` if no phases were timed apart."""
        chosen, bars = _prepared(rows)
        colors = picture_style.theme(theme)
        with picture_style.drawing(colors):
            page = Page(colors)
            page.title(self.finding(rows))
            notes = ["Phases are timed apart; where they take more than the step, they overlap in it."]
            page.foot([*notes, *reasons(chosen), provenance(chosen)])
            _rows(page, bars)
            return page.figure

    def finding(self, rows: Sequence[Row]) -> str:
        """The finding: the largest phase of the smallest and of the largest case, if intervals allow it."""
        chosen, bars = _prepared(rows)
        workload = chosen[0].workload
        timed = [bar for bar in bars if bar.wall]
        if not timed:
            return f"{workload}: nothing was measured"
        if any(bar.wall is not None and bar.wall[1] is None for bar in timed):
            return f"{workload}: where its time goes is {UNRESOLVED}, one launch has no interval"
        largest = []
        for bar in dict.fromkeys((timed[0], timed[-1])):
            place = max(range(len(bar.phases)), key=lambda place: bar.phases[place][1])
            at = f" at {bar.label}" if bar.label else ""
            largest.append(
                f"{bar.phases[place][0].replace('_', ' ')} is {units.share(*bar.shares[place])} of a step{at}"
            )
        return f"{workload}: {', '.join(largest)}"

    def describe(self, rows: Sequence[Row]) -> str:
        """The chart in words, for those who cannot see it: the finding, then every case."""
        _, bars = _prepared(rows)
        cases = []
        for bar in bars:
            parts = [f"{name.replace('_', ' ')} {units.seconds(seconds)}" for name, seconds in bar.phases]
            whole = f"a step {units.interval(*bar.wall)}" if bar.wall else bar.outcome
            cases.append(f"{bar.label or 'the only case'}: {', '.join([whole, *parts])}")
        return f"{self.finding(rows)}. {'; '.join(cases)}."


CHART = AnatomyChart()
