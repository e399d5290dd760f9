"""The chart `launch_floor`: why do tiny operations not get faster?"""

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
"""Most that the work per byte may vary in a sweep over sizes, as a ratio: in a product it grows with the size."""


def _guides(fitted: LaunchFloor, rows: Sequence[Row], axis: str) -> tuple[line_plot.Guide, ...]:
    """The overhead, and the time that the bytes take, from where it is a third of the overhead."""
    xs = [float(row.params[axis]) for row in rows]
    moved = [(float(row.params[axis]), (row.work.bytes or 0.0) / fitted.bandwidth[0]) for row in rows]
    beyond = [(x, time_s) for x, time_s in moved if time_s > fitted.overhead_s[0] / 3]
    rate, within = units.rate_parts(*fitted.bandwidth, "B")
    return (
        line_plot.Guide(f"overhead {units.interval(*fitted.overhead_s)}", tuple(xs), (fitted.overhead_s[0],) * len(xs)),
        line_plot.Guide(f"{rate.replace('Bs', 'B')} {within}", *(tuple(each) for each in zip(*beyond, strict=True))),
    )


def _fitted(rows: Sequence[Row], axis: str) -> ChartLine | None:
    """The line that is fitted: the first of a device other than the CPU, because that has launches, else the first."""
    own = [line for line in _series(rows, axis) if line.points]
    return min(own, key=lambda line: line.rows(rows)[0].axis("device", "cpu") == "cpu", default=None)


def _first(rows: Sequence[Row], axis: str) -> list[Row]:
    """The timed rows of the line that is fitted, by size."""
    line = _fitted(rows, axis)
    return sorted(line.rows(rows), key=lambda row: float(row.params[axis])) if line else []


def _one_operation(rows: Sequence[Row], axis: str) -> bool:
    works = [row.work for row in rows if row.ok and row.work.bytes]
    sizes = {number(row.axis(axis)) for row in rows if row.ok and row.work.bytes}
    a_byte = [(work.flops or 0.0) / work.bytes for work in works if work.bytes]
    kernels = {work.kernels for work in works}
    return len(sizes) >= 4 and kernels == {1} and max(a_byte) <= SAME_WORK * min(a_byte)


def _series(rows: Sequence[Row], axis: str) -> list[ChartLine]:
    return split(row_groups.one_clock(rows), axis, time_of)


def _prepared(rows: Sequence[Row]) -> tuple[list[Row], str]:
    advice = "bench run 'tensors/elementwise' --set size=3,100,10000,1000000"
    chart_cases.require(rows, advice)
    chart_cases.single_workload(rows, advice)
    axis = chart_cases.sweep(rows, AXES)
    if axis is None or not _one_operation(rows, axis):
        raise UserError(f"no single operation with the same work per byte at four sizes: {advice} measures one")
    return row_groups.one_clock(rows), axis


class LaunchFloorChart(Chart):
    """The chart `launch_floor`: why do tiny operations not get faster?"""

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

    def selections(self, rows: Sequence[Row]) -> list[Selection]:
        """Charts for each workload that is one operation, with the same work per byte, at four sizes or more."""
        selections: list[Selection] = []
        for workload, own_rows in row_groups.by_workload(rows):
            axis = chart_cases.sweep(own_rows, AXES)
            if axis and _one_operation(own_rows, axis):
                selections += line_plot.parts(workload, _series(own_rows, axis))
        return selections

    def draw(self, rows: Sequence[Row], theme: str = "light") -> Figure:
        """Time by size with overhead and bandwidth. Raises `UserError` if no operation is swept over four sizes."""
        chosen, axis = _prepared(rows)
        fitted = launch_floor(_first(chosen, axis))
        plot = line_plot.Plot(
            title=self.finding(rows),
            series=_series(chosen, axis),
            x_label=axis,
            y_label="time per step (lower is better)",
            y_text=units.tick_seconds,
            guides=_guides(fitted, _first(chosen, axis), axis) if isinstance(fitted, LaunchFloor) else (),
            notes=(*((f"No floor: {fitted}.",) if isinstance(fitted, str) else ()), *reasons(chosen)),
            footer=provenance(chosen),
        )
        return line_drawing.draw(plot, theme)

    def finding(self, rows: Sequence[Row]) -> str:
        """The finding: the least that a step costs, and the size from which it costs more."""
        chosen, axis = _prepared(rows)
        workload, first = chosen[0].workload, _first(chosen, axis)
        if not first:
            return f"{workload}: nothing was measured ({lost_text(chosen)})"
        fitted = launch_floor(first)
        line = _fitted(chosen, axis)
        who = f"{line.label}: " if line and len(_series(chosen, axis)) > 1 else ""
        if isinstance(fitted, str):
            return f"{workload}: {who}what a step costs at least is {UNRESOLVED}"
        low, high = (units.size(end) for end in fitted.knee_bytes[1:])
        cost = units.interval(*fitted.overhead_s)
        return f"{workload}: {who}below {low} to {high} a step costs {cost}, whatever its size"

    def describe(self, rows: Sequence[Row]) -> str:
        """The chart in words, for those who cannot see it: the finding, then every point."""
        chosen, axis = _prepared(rows)
        return line_plot.in_words(self.finding(rows), _series(chosen, axis), axis, units.interval)


CHART = LaunchFloorChart()
