"""The chart `time_by_size`: how does the time grow with the size of the problem?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.analyse.rows.row import Row
from bench.present import row_groups
from bench.present.charts import chart_cases, line_drawing, line_plot
from bench.present.charts.chart import Chart, Selection
from bench.present.charts.chart_lines import (
    UNRESOLVED,
    ChartLine,
    LinePoint,
    at,
    lost_text,
    place_text,
    provenance,
    quotient,
    reasons,
    resolved,
    split,
    time_of,
)
from bench.present.words import units
from bench.records import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AXES = ("size", "points", "rows")
"""Axes that give the size of a problem, the preferred one first."""


def _apart(workload: str, axis: str, series: Sequence[ChartLine], x: float) -> str:
    there: list[tuple[LinePoint, str]] = sorted(
        ((point, line.label) for line in series if (point := at(line, x)) is not None), key=lambda item: item[0].value
    )
    (fast, quick), (slow, late) = there[0], there[-1]
    ratio = quotient(slow, fast)
    where = f"{workload} at {place_text(axis, x)}"
    if not resolved(ratio):
        return f"{where}: which of {quick} and {late} is faster is {UNRESOLVED}"
    return f"{where}: {quick} is {units.ratio(*ratio)} as fast as {late}"


def _growth(workload: str, axis: str, line: ChartLine) -> str:
    first, last = line.points[0], line.points[-1]
    ratio = quotient(last, first)
    times = _times(last.x / first.x) if first.x > 0 else units.count(last.x)
    if not resolved(ratio):
        return f"{workload}: how the time grows over {times} the {axis} is {UNRESOLVED}"
    return f"{workload}: {times} the {axis} takes {units.ratio(*ratio)} the time"


def _series(rows: Sequence[Row], axis: str) -> list[ChartLine]:
    return split(row_groups.one_clock(rows), axis, time_of)


def _prepared(rows: Sequence[Row]) -> tuple[list[Row], str]:
    advice = chart_cases.command(rows, f"{AXES[0]}=64,256,1024")
    chart_cases.require(rows, advice)
    chart_cases.single_workload(rows, advice)
    axis = chart_cases.sweep(rows, AXES)
    if axis is None:
        has = next((name for name in AXES if any(name in row.params for row in rows)), AXES[0])
        raise UserError(
            f"no two values of {' or '.join(AXES)}: {chart_cases.command(rows, f'{has}=64,256,1024')} measures some"
        )
    return row_groups.one_clock(rows), axis


def _times(ratio: float) -> str:
    """`1.5×`, `100×`, `10,000×`: a title has no powers of ten."""
    return f"{ratio:.3g}×" if ratio < 10 else f"{units.count(round(ratio))}×"


class TimeBySizeChart(Chart):
    """The chart `time_by_size`: how does the time grow with the size of the problem?"""

    name = "time_by_size"
    question = "How does the time of a step grow with the size of the problem?"
    needs = ("key", "workload", "params", "outcome", "clock", "value_s", "low_s", "high_s")

    def selections(self, rows: Sequence[Row]) -> list[Selection]:
        """Charts for each workload that was measured, or tried, at two sizes or more."""
        selections: list[Selection] = []
        for workload, own_rows in row_groups.by_workload(rows):
            axis = chart_cases.sweep(own_rows, AXES)
            if axis:
                selections += line_plot.parts(workload, _series(own_rows, axis))
        return selections

    def draw(self, rows: Sequence[Row], theme: str = "light") -> Figure:
        """Time per step in seconds by size, both logarithmic. Raises `UserError` if no axis is swept."""
        chosen, axis = _prepared(rows)
        plot = line_plot.Plot(
            title=self.finding(rows),
            series=_series(chosen, axis),
            x_label=axis,
            y_label="time per step (lower is better)",
            y_text=units.tick_seconds,
            notes=tuple(reasons(chosen)),
            footer=provenance(chosen),
        )
        return line_drawing.draw(plot, theme)

    def finding(self, rows: Sequence[Row]) -> str:
        """The finding: how far apart the lines are at the largest common size, or how steep the only one is."""
        chosen, axis = _prepared(rows)
        workload, series = chosen[0].workload, [line for line in _series(chosen, axis) if line.points]
        if not series:
            return f"{workload}: nothing was measured ({lost_text(chosen)})"
        common = [
            x
            for x in {p.x for line in series for p in line.points}
            if sum(at(line, x) is not None for line in series) > 1
        ]
        if common:
            return _apart(workload, axis, series, max(common))
        longest = max(series, key=lambda line: len(line.points))
        if len(longest.points) == 1:
            return f"{workload}: only {place_text(axis, longest.points[0].x)} was measured; growth is {UNRESOLVED}"
        return _growth(workload, axis, longest)

    def describe(self, rows: Sequence[Row]) -> str:
        """The chart in words, for those who cannot see it: the finding, then every point."""
        chosen, axis = _prepared(rows)
        return line_plot.in_words(self.finding(rows), _series(chosen, axis), axis, units.interval)


CHART = TimeBySizeChart()
