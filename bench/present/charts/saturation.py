"""The chart `saturation`: which batch size? Throughput, time and memory by batch, the knee, the end of memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.analyse.curves.throughput_knee import KNEE_SHARE, knee
from bench.analyse.rows.row import Row
from bench.present import row_groups
from bench.present.charts import chart_cases, line_drawing, line_plot
from bench.present.charts.chart import Chart, Selection
from bench.present.charts.chart_lines import UNRESOLVED, ChartLine, lost_text, provenance, reasons, split
from bench.present.words import units
from bench.records import UserError
from bench.stats.curve_fits import Crossing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AXES = ("batch",)

_KNEE_POINTS = 3
"""Fewest batches from which a knee is found."""


def _best(rows: Sequence[Row]) -> ChartLine | None:
    """The line with the highest throughput among those with enough batches for a knee, if there are any."""
    series = [line for line in _series(rows) if line.points]
    most = max((min(len(line.points), _KNEE_POINTS) for line in series), default=0)
    series = [line for line in series if len(line.points) >= most]
    return max(series, key=lambda line: max(point.value for point in line.points), default=None)


def _knee(rows: Sequence[Row], line: ChartLine) -> Crossing:
    return knee(line.rows(rows))


def _below(rows: Sequence[Row], line: ChartLine | None) -> tuple[tuple[str, dict[float, str]], ...]:
    """Time of a step of the best line at each batch, and its peak memory if that was read."""
    if line is None:
        return ()
    times = {float(row.params["batch"]): units.seconds(row.step.value) for row in rows}
    sizes = {float(row.params["batch"]): units.size(row.peak_bytes) for row in rows if row.peak_bytes}
    return (("time a step", times), *((("peak memory", sizes),) if sizes else ()))


def _unit(rows: Sequence[Row]) -> str:
    return next(iter(row_groups.distinct(row.work.unit for row in rows)), "item")


def _series(rows: Sequence[Row]) -> list[ChartLine]:
    return split(row_groups.one_clock(rows), "batch", lambda row: row.rate)


def _prepared(rows: Sequence[Row]) -> list[Row]:
    advice = chart_cases.command(rows, "batch=32,128,512")
    chart_cases.require(rows, advice)
    chart_cases.single_workload(rows, advice)
    if chart_cases.sweep(rows, AXES) is None:
        raise UserError(f"no two values of batch: {advice} measures some")
    return row_groups.one_clock(rows)


class SaturationChart(Chart):
    """The chart `saturation`: which batch size? Throughput, time and memory by batch, the knee, the end of memory."""

    name = "saturation"
    question = "From which batch does a larger one bring little more?"
    needs = ("key", "workload", "params", "outcome", "clock", "items_per_s", "items_per_s_low", "items_per_s_high")

    def selections(self, rows: Sequence[Row]) -> list[Selection]:
        """Charts for each workload that was measured, or tried, with two batch sizes or more."""
        selections: list[Selection] = []
        for workload, own_rows in row_groups.by_workload(rows):
            counted = any(row.rate for row in own_rows) or not any(row.time for row in own_rows)
            if counted and chart_cases.sweep(own_rows, AXES):
                selections += line_plot.parts(workload, _series(own_rows))
        return selections

    def draw(self, rows: Sequence[Row], theme: str = "light") -> Figure:
        """Items per second by batch, and the knee. Raises `UserError` if no batch is swept."""
        chosen = _prepared(rows)
        unit, best = _unit(chosen), _best(chosen)
        crossing, drawn = (_knee(chosen, best), best.rows(chosen)) if best else (None, [])
        plot = line_plot.Plot(
            title=self.finding(rows),
            series=_series(chosen),
            x_label=f"batch (below: {best.label})" if best and best.label and len(_series(chosen)) > 1 else "batch",
            y_label=f"{units.plural(unit)} per second (higher is better)",
            y_text=units.short,
            y_from_zero=True,
            notes=(
                *((f"No knee: {crossing.reason}.",) if crossing and crossing.reason else ()),
                *reasons(chosen),
            ),
            footer=provenance(chosen),
            bands=(line_plot.Band(f"the knee: {100 * KNEE_SHARE:.0f} % of the best", crossing.low, crossing.high),)
            if crossing and not crossing.reason
            else (),
            below=_below(drawn, best),
        )
        return line_drawing.draw(plot, theme)

    def finding(self, rows: Sequence[Row]) -> str:
        """The finding: the highest throughput, and the batch at which most of it is reached."""
        chosen = _prepared(rows)
        workload, unit, line = chosen[0].workload, _unit(chosen), _best(chosen)
        if line is None:
            return f"{workload}: nothing was measured ({lost_text(chosen)})"
        best = max(line.points, key=lambda point: point.value)
        who = f"{line.label} " if line.label and len(_series(chosen)) > 1 else ""
        speed = " ".join(text for text in units.rate_parts(best.value, best.low, best.high, unit) if text != units.DASH)
        reached = f"{workload}: {who}reaches {speed} at batch {units.count(best.x)}"
        crossing = _knee(chosen, line)
        if crossing.reason:
            return f"{reached}; its knee is {UNRESOLVED}"
        low, high = (units.count(end) for end in (crossing.low or 0, crossing.high or 0))
        return f"{reached}, {100 * KNEE_SHARE:.0f} % of it between batch {low} and {high}"

    def describe(self, rows: Sequence[Row]) -> str:
        """The chart in words, for those who cannot see it: the finding, then every point."""
        chosen = _prepared(rows)
        unit = _unit(chosen)

        def rate(value: float, low: float | None, high: float | None) -> str:
            return " ".join(text for text in units.rate_parts(value, low, high, unit) if text != units.DASH)

        return line_plot.in_words(self.finding(rows), _series(chosen), "batch", rate)


CHART = SaturationChart()
