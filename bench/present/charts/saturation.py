"""What batch size? Throughput and time by batch, memory, the knee, and where memory ends."""

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
"""From fewer batches no knee is found."""


def _best(records: Sequence[Row]) -> ChartLine | None:
    """The line with the highest throughput, of those with the most batches: a knee needs three."""
    series = [line for line in _series(records) if line.points]
    most = max((min(len(line.points), _KNEE_POINTS) for line in series), default=0)
    series = [line for line in series if len(line.points) >= most]
    return max(series, key=lambda line: max(point.value for point in line.points), default=None)


def _knee(records: Sequence[Row], line: ChartLine) -> Crossing:
    return knee(line.rows(records))


def _below(rows: Sequence[Row], line: ChartLine | None) -> tuple[tuple[str, dict[float, str]], ...]:
    """What a step of the best line takes at each batch: time, and memory where it was read."""
    if line is None:
        return ()
    times = {float(row.params["batch"]): units.seconds(row.step.value) for row in rows}
    sizes = {float(row.params["batch"]): units.size(row.peak_bytes) for row in rows if row.peak_bytes}
    return (("time a step", times), *((("peak memory", sizes),) if sizes else ()))


def _unit(records: Sequence[Row]) -> str:
    return next(iter(row_groups.distinct(row.work.unit for row in records)), "item")


def _series(records: Sequence[Row]) -> list[ChartLine]:
    return split(row_groups.one_clock(records), "batch", lambda row: row.rate)


def _prepared(rows: Sequence[Row]) -> list[Row]:
    records = rows
    advice = chart_cases.command(records, "batch=32,128,512")
    chart_cases.require(records, advice)
    chart_cases.single_workload(records, advice)
    if chart_cases.sweep(records, AXES) is None:
        raise UserError(f"no two values of batch: {advice} measures some")
    return row_groups.one_clock(records)


class SaturationChart(Chart):
    """What batch size? Throughput and time by batch, memory, the knee, and where memory ends."""

    name = "saturation"
    question = "From which batch does a larger one bring little more?"
    needs = ("key", "workload", "params", "outcome", "clock", "items_per_s", "items_per_s_low", "items_per_s_high")

    def selections(self, records: Sequence[Row]) -> list[Selection]:
        """A chart for each workload that was measured, or tried, with two batch sizes or more."""
        found: list[Selection] = []
        for workload, rows in row_groups.by_workload(records):
            counted = any(row.rate for row in rows) or not any(row.time for row in rows)
            if counted and chart_cases.sweep(rows, AXES):
                found += line_plot.parts(workload, _series(rows))
        return found

    def draw(self, rows: Sequence[Row], theme: str = "light") -> Figure:
        """Items per second against batch, and the knee. Raises `UserError` where no batch is swept."""
        records = _prepared(rows)
        unit, best = _unit(records), _best(records)
        found, drawn = (_knee(records, best), best.rows(records)) if best else (None, [])
        plot = line_plot.Plot(
            title=self.finding(rows),
            series=_series(records),
            x_label=f"batch (below: {best.label})" if best and best.label and len(_series(records)) > 1 else "batch",
            y_label=f"{units.plural(unit)} per second (higher is better)",
            y_text=units.short,
            y_from_zero=True,
            notes=(*((f"No knee: {found.reason}.",) if found and found.reason else ()), *reasons(records)),
            footer=provenance(records),
            bands=(line_plot.Band(f"the knee: {100 * KNEE_SHARE:.0f} % of the best", found.low, found.high),)
            if found and not found.reason
            else (),
            below=_below(drawn, best),
        )
        return line_drawing.draw(plot, theme)

    def finding(self, rows: Sequence[Row]) -> str:
        """What the data say: the highest throughput, and from which batch nine tenths of it are reached."""
        records = _prepared(rows)
        workload, unit, line = records[0].workload, _unit(records), _best(records)
        if line is None:
            return f"{workload}: nothing was measured ({lost_text(records)})"
        best = max(line.points, key=lambda point: point.value)
        who = f"{line.label} " if line.label and len(_series(records)) > 1 else ""
        speed = " ".join(text for text in units.rate_parts(best.value, best.low, best.high, unit) if text != units.DASH)
        reached = f"{workload}: {who}reaches {speed} at batch {units.count(best.x)}"
        found = _knee(records, line)
        if found.reason:
            return f"{reached}; its knee is {UNRESOLVED}"
        low, high = (units.count(end) for end in (found.low or 0, found.high or 0))
        return f"{reached}, {100 * KNEE_SHARE:.0f} % of it between batch {low} and {high}"

    def describe(self, rows: Sequence[Row]) -> str:
        """The chart in words, for those who cannot see it: the finding, then every point."""
        records = _prepared(rows)
        unit = _unit(records)

        def rate(value: float, low: float | None, high: float | None) -> str:
            return " ".join(text for text in units.rate_parts(value, low, high, unit) if text != units.DASH)

        return line_plot.in_words(self.finding(rows), _series(records), "batch", rate)


CHART = SaturationChart()
