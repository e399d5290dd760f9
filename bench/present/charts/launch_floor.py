"""Why do tiny operations not get faster?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.analyse.curves.launch_floor import LaunchFloor, launch_floor
from bench.analyse.rows.row import Row
from bench.present import row_groups
from bench.present.charts import chart_cases, line_drawing, line_plot
from bench.present.charts.chart import Chart, Selection
from bench.present.charts.chart_lines import UNRESOLVED, ChartLine, lost_text, provenance, reasons, split, time_of
from bench.present.charts.time_by_size import AXES
from bench.present.words import units
from bench.records import UserError
from bench.stats.missing_numbers import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


SAME_WORK = 1.01
"""Largest over least work a byte of a sweep over sizes: more is another operation at each size, as a product is."""


def _guides(fitted: LaunchFloor, rows: Sequence[Row], axis: str) -> tuple[line_plot.Guide, ...]:
    """The overhead, and from a third of it on the time that the bytes take."""
    xs = [float(row.params[axis]) for row in rows]
    moved = [(float(row.params[axis]), (row.work.bytes or 0.0) / fitted.bandwidth[0]) for row in rows]
    beyond = [(x, time_s) for x, time_s in moved if time_s > fitted.overhead_s[0] / 3]
    rate, within = units.rate_parts(*fitted.bandwidth, "B")
    return (
        line_plot.Guide(f"overhead {units.interval(*fitted.overhead_s)}", tuple(xs), (fitted.overhead_s[0],) * len(xs)),
        line_plot.Guide(f"{rate.replace('Bs', 'B')} {within}", *(tuple(each) for each in zip(*beyond, strict=True))),
    )


def _fitted(records: Sequence[Row], axis: str) -> ChartLine | None:
    """The line that is fitted: the first of a device, which has launches to hide, else the first."""
    own = [line for line in _series(records, axis) if line.points]
    return min(own, key=lambda line: line.rows(records)[0].axis("device", "cpu") == "cpu", default=None)


def _first(records: Sequence[Row], axis: str) -> list[Row]:
    """Its timed rows, by size."""
    line = _fitted(records, axis)
    return sorted(line.rows(records), key=lambda row: float(row.params[axis])) if line else []


def _one_operation(rows: Sequence[Row], axis: str) -> bool:
    works = [row.work for row in rows if row.ok and row.work.bytes]
    sizes = {number(row.axis(axis)) for row in rows if row.ok and row.work.bytes}
    a_byte = [(work.flops or 0.0) / work.bytes for work in works if work.bytes]
    kernels = {work.kernels for work in works}
    return len(sizes) >= 4 and kernels == {1} and max(a_byte) <= SAME_WORK * min(a_byte)


def _series(records: Sequence[Row], axis: str) -> list[ChartLine]:
    return split(row_groups.one_clock(records), axis, time_of)


def _prepared(rows: Sequence[Row]) -> tuple[list[Row], str]:
    records = rows
    advice = "bench run 'tensors/elementwise' --set size=3,100,10000,1000000"
    chart_cases.require(records, advice)
    chart_cases.single_workload(records, advice)
    axis = chart_cases.sweep(records, AXES)
    if axis is None or not _one_operation(records, axis):
        raise UserError(f"no single operation of the same work a byte at four sizes: {advice} measures one")
    return row_groups.one_clock(records), axis


class LaunchFloorChart(Chart):
    """Why do tiny operations not get faster?"""

    name = "launch_floor"
    question = "Why does an operation on few numbers not get faster?"
    needs = (
        "key",
        "workload",
        "params",
        "outcome",
        "clock",
        "value_s",
        "low_s",
        "high_s",
        "bytes",
        "kernels",
        "sd_launches",
    )

    def selections(self, records: Sequence[Row]) -> list[Selection]:
        """A chart for each workload that is one operation, of the same work a byte, at four sizes or more."""
        found: list[Selection] = []
        for workload, rows in row_groups.by_workload(records):
            axis = chart_cases.sweep(rows, AXES)
            if axis and _one_operation(rows, axis):
                found += line_plot.parts(workload, _series(rows, axis))
        return found

    def draw(self, rows: Sequence[Row], theme: str = "light") -> Figure:
        """Time by size with overhead and bandwidth. Raises `UserError` where no operation is swept over four sizes."""
        records, axis = _prepared(rows)
        fitted = launch_floor(_first(records, axis))
        plot = line_plot.Plot(
            title=self.finding(rows),
            series=_series(records, axis),
            x_label=axis,
            y_label="time per step (lower is better)",
            y_text=units.tick_seconds,
            guides=_guides(fitted, _first(records, axis), axis) if isinstance(fitted, LaunchFloor) else (),
            notes=(*((f"No floor: {fitted}.",) if isinstance(fitted, str) else ()), *reasons(records)),
            footer=provenance(records),
        )
        return line_drawing.draw(plot, theme)

    def finding(self, rows: Sequence[Row]) -> str:
        """What the data say: what a step costs at least, and from where on its size decides."""
        records, axis = _prepared(rows)
        workload, first = records[0].workload, _first(records, axis)
        if not first:
            return f"{workload}: nothing was measured ({lost_text(records)})"
        fitted = launch_floor(first)
        line = _fitted(records, axis)
        who = f"{line.label}: " if line and len(_series(records, axis)) > 1 else ""
        if isinstance(fitted, str):
            return f"{workload}: {who}what a step costs at least is {UNRESOLVED}"
        low, high = (units.size(end) for end in fitted.knee_bytes[1:])
        cost = units.interval(*fitted.overhead_s)
        return f"{workload}: {who}below {low} to {high} a step costs {cost}, whatever its size"

    def describe(self, rows: Sequence[Row]) -> str:
        """The chart in words, for those who cannot see it: the finding, then every point."""
        records, axis = _prepared(rows)
        return line_plot.in_words(self.finding(rows), _series(records, axis), axis, units.interval)


CHART = LaunchFloorChart()
