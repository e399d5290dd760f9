"""The chart `floor`: how far from the limit? Time ÷ floor by case."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.analyse.rows.row import Row
from bench.present import row_groups
from bench.present.charts import chart_cases, dot_plot
from bench.present.charts.chart import Chart, Selection
from bench.present.charts.chart_lines import UNRESOLVED, provenance, shown
from bench.present.charts.dot_plot import Dot
from bench.present.words import units
from bench.records import UNIVERSAL_AXES, UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


SUBJECT = "machine"
"""Placeholder for a workload: the chart shows all workloads of a run."""


def _nearest(rows: Sequence[Row]) -> list[Row]:
    """For each workload, the case that comes nearest to its floor; the nearest first."""
    best: dict[str, Row] = {}
    for row in row_groups.one_clock(rows):
        if row.times_floor and row.ok and _proven(row):
            name = row.workload
            best[name] = min(row, best.get(name, row), key=_times)
    return sorted(best.values(), key=_times)


def _proven(row: Row) -> bool:
    """True if the peak was measured with as much work; a larger case has no floor that it could be compared with."""
    return row.floor is None or row.floor.proven


def _times(row: Row) -> float:
    return row.times_floor.value if row.times_floor else math.inf


def _prepared(rows: Sequence[Row]) -> tuple[list[Row], list[Dot]]:
    advice = "bench run 'calibration/*' together with the workload"
    chart_cases.require(rows, advice)
    chosen = _nearest(rows)
    if not chosen:
        raise UserError(f"no case has a floor, as the run has not measured the peaks of its machine: {advice}")
    return chosen, [_dot(row, _label(row)) for row in chosen]


def _dot(row: Row, label: str) -> Dot:
    value, low, high = units.ends(row.times_floor)
    by = row.floor.by if row.floor else ""
    return Dot(label, value, low, high, f"{units.ratio_parts(value, low, high)[0]} {by}", 1.0)


def _label(row: Row) -> str:
    """The workload, and its own axes."""
    own = [name for name in row.params if name not in UNIVERSAL_AXES]
    return " ".join([row.workload, *(shown(name, row.params[name]) for name in own)])


class FloorChart(Chart):
    """The chart `floor`: how far from the limit? Time ÷ floor by case."""

    name = "floor"
    question = "How far above the least that its work takes on this machine is each case?"
    needs = ("key", "workload", "params", "outcome", "times_floor", "times_floor_low", "times_floor_high", "floor_by")

    def selections(self, rows: Sequence[Row]) -> list[Selection]:
        """Charts of all workloads, each with the case that comes nearest to its floor, in portions that fit."""
        entries = [(_label(row), (row.key,)) for row in _nearest(rows)]
        return list(chart_cases.parts(SUBJECT, entries, dot_plot.LABEL_LETTERS, dot_plot.MOST_ROWS))

    def draw(self, rows: Sequence[Row], theme: str = "light") -> Figure:
        """Dots with intervals to the right of the line at 1. Raises `UserError` if no case has a floor."""
        chosen, dots = _prepared(rows)
        plot = dot_plot.Plot(
            title=self.finding(rows),
            dots=dots,
            caption="time ÷ floor, 1 = the least the work takes, left is better",
            text=lambda value: f"{units.short(value)}×",
            notes=tuple(chart_cases.unproven(sum(not _proven(row) for row in rows))),
            footer=provenance(chosen),
            line=1.0,
            good=dot_plot.BELOW,
        )
        return dot_plot.draw(plot, theme)

    def finding(self, rows: Sequence[Row]) -> str:
        """The finding: which case comes nearest to its floor, and which is farthest from it."""
        _, dots = _prepared(rows)
        judged = [dot for dot in dots if dot.value is not None and dot.low is not None]
        if not judged:
            return f"How far cases are from the least that their work takes is {UNRESOLVED}"
        near, far = judged[0], judged[-1]
        nearest = f"{near.label} takes {units.ratio(near.value, near.low, near.high)} its floor"
        return nearest if near is far else f"{nearest}, {far.label} {units.ratio(far.value, far.low, far.high)}"

    def describe(self, rows: Sequence[Row]) -> str:
        """The chart in words, for those who cannot see it: the finding, then every case."""
        _, dots = _prepared(rows)
        return f"{self.finding(rows)}. Time against the floor: {dot_plot.in_words(dots, units.ratio)}."


CHART = FloorChart()
