"""The chart `crossover`: from what size is the device worth it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.analyse.curves.crossover import crossover, fastest
from bench.analyse.rows.row import Row
from bench.present import row_groups
from bench.present.charts import chart_cases, line_drawing, line_plot
from bench.present.charts.chart import Chart, Selection
from bench.present.charts.chart_lines import (
    UNRESOLVED,
    ChartLine,
    line_of,
    lost_text,
    place_on,
    place_text,
    provenance,
    reasons,
    time_of,
)
from bench.present.charts.time_by_size import AXES
from bench.present.words import units
from bench.records import UserError
from bench.stats.curve_fits import Crossing
from bench.stats.missing_numbers import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


ROUND_TRIP, KERNEL = "round_trip", "calibration/empty_kernel"
"""The workload of a family that also moves its data to the device and back; the one that only launches a kernel."""


def _alike(row: Row, axis: str) -> str:
    """The axes that two rows must share to be compared: all but the size, the device and the thread count."""
    return str(sorted((name, str(x)) for name, x in row.params.items() if name not in (axis, "device", "threads")))


def _on_cpu(row: Row) -> bool:
    return bool(row.axis("device", "cpu") == "cpu")


def _devices(rows: Sequence[Row]) -> list[str]:
    """The devices of these rows, the CPU first."""
    return sorted({str(row.axis("device", "cpu")) for row in rows}, key=lambda name: (name != "cpu", name))


def _subject(rows: Sequence[Row]) -> str:
    """The workload that is compared: neither the round trip nor the empty kernel."""
    names = [name for name in row_groups.distinct(row.workload for row in rows) if name != KERNEL]
    return next((name for name in names if not name.endswith(f"/{ROUND_TRIP}")), names[0])


def _parts(rows: Sequence[Row], axis: str) -> dict[str, list[Row]]:
    """Rows by line: the CPU at its fastest thread count of each size, the device, and the device with the copies."""
    subject = _subject(rows)
    sized = [row for row in rows if number(row.axis(axis)) is not None]
    cpu = [row for row in sized if row.workload == subject and _on_cpu(row)]
    best = {row.key for row in fastest(cpu, axis).values()}
    made = {"CPU": [row for row in cpu if row.key in best or not row.ok]}
    for device in _devices(sized)[1:]:
        own = [row for row in sized if row.axis("device") == device]
        made[device] = [row for row in own if row.workload == subject]
        made[f"{device}, there and back"] = [row for row in own if row.workload.endswith(f"/{ROUND_TRIP}")]
    return {name: own_rows for name, own_rows in made.items() if own_rows}


def _series(rows: Sequence[Row], axis: str) -> list[ChartLine]:
    made = []
    for name, own_rows in _parts(rows, axis).items():
        # One line for each part, whatever else varies in it: the CPU has its fastest thread count at each size.
        made.append(line_of(name, own_rows, place_on(axis), time_of))
    return made


def _crossing(rows: Sequence[Row], axis: str) -> Crossing:
    parts = _parts(rows, axis)
    device = next((own_rows for name, own_rows in parts.items() if name != "CPU"), [])
    return crossover(parts.get("CPU", []), device, axis)


def _launch_s(rows: Sequence[Row]) -> float | None:
    """Seconds of one empty kernel on the device; None if that was not measured."""
    for row in rows:
        if row.workload == KERNEL and row.axis("device") != "cpu" and row.time and row.work.kernels:
            return row.time.value / row.work.kernels
    return None


def _prepared(rows: Sequence[Row]) -> tuple[list[Row], str]:
    timed = row_groups.one_clock(rows)
    advice = chart_cases.command([row for row in timed if row.workload != KERNEL], "device=cpu,cuda")
    chart_cases.require(timed, advice)
    axis = chart_cases.sweep(timed, AXES)
    if axis is None or len(_devices(timed)) < 2:
        raise UserError(f"the CPU and a device at two sizes or more are needed: {advice} measures them")
    return timed, axis


class CrossoverChart(Chart):
    """The chart `crossover`: from what size is the device worth it?"""

    name = "crossover"
    question = "From what size is the device faster than the CPU?"
    needs = ("key", "workload", "params", "outcome", "clock", "value_s", "low_s", "high_s")

    def selections(self, rows: Sequence[Row]) -> list[Selection]:
        """Charts for each workload that was measured, or tried, on the CPU and on a device, at two sizes or more.

        Each dtype and mode has its own chart: half precision on the device is not comparable to float32 on the CPU.
        """
        selections: list[Selection] = []
        launches = [row.key for row in rows if row.workload == KERNEL and not _on_cpu(row)]
        for workload, own_rows in row_groups.by_workload(rows):
            family, _, name = workload.partition("/")
            axis = chart_cases.sweep(own_rows, AXES)
            if name == ROUND_TRIP or axis is None:
                continue
            moved = [row for row in rows if row.workload == f"{family}/{ROUND_TRIP}"]
            groups: dict[str, list[Row]] = {}
            for row in own_rows:
                groups.setdefault(_alike(row, axis), []).append(row)
            part = 0
            for mark, own in groups.items():
                if len(_devices(own)) > 1 and chart_cases.sweep(own, [axis]):
                    part += 1
                    keys = [row.key for row in [*own, *(row for row in moved if _alike(row, axis) == mark)]]
                    selections.append(Selection(workload, tuple(dict.fromkeys([*keys, *launches])), part))
        return selections

    def draw(self, rows: Sequence[Row], theme: str = "light") -> Figure:
        """Time by size on the CPU, on the device, and with the copies both ways. Raises `UserError` without both."""
        chosen, axis = _prepared(rows)
        crossing = _crossing(chosen, axis)
        series = _series(chosen, axis)
        xs = sorted({point.x for line in series for point in line.points})
        least = _launch_s(chosen)
        guides = (
            (line_plot.Guide(f"an empty kernel: {units.seconds(least)}", tuple(xs), (least,) * len(xs)),)
            if least and xs
            else ()
        )
        bands = () if crossing.reason else (line_plot.Band("here the device overtakes", crossing.low, crossing.high),)
        plot = line_plot.Plot(
            title=self.finding(rows),
            series=series,
            x_label=axis,
            y_label="time per step (lower is better)",
            y_text=units.tick_seconds,
            guides=guides,
            bands=bands,
            notes=(*((f"No crossover: {crossing.reason}.",) if crossing.reason else ()), *reasons(chosen)),
            footer=provenance([row for row in chosen if row.workload != KERNEL]),
        )
        return line_drawing.draw(plot, theme)

    def finding(self, rows: Sequence[Row]) -> str:
        """The finding: between which sizes the device becomes the faster one."""
        chosen, axis = _prepared(rows)
        workload, crossing = _subject(chosen), _crossing(chosen, axis)
        device = next(name for name in _devices(chosen) if name != "cpu")
        if not any(line.points for line in _series(chosen, axis)):
            return f"{workload}: nothing was measured ({lost_text(chosen)})"
        if not crossing.reason and crossing.low is not None and crossing.high is not None:
            between = f"{place_text(axis, crossing.low)} and {units.count(crossing.high)}"
            return f"{workload}: {device} overtakes the CPU between {between}"
        if crossing.high is not None:
            size = place_text(axis, crossing.high)
            return f"{workload}: {device} is faster from {size} on; where it overtakes is {UNRESOLVED}"
        if crossing.low is not None:
            size = place_text(axis, crossing.low)
            return f"{workload}: the CPU is faster up to {size}; where it is overtaken is {UNRESOLVED}"
        return f"{workload}: where {device} overtakes the CPU is {UNRESOLVED}"

    def describe(self, rows: Sequence[Row]) -> str:
        """The chart in words, for those who cannot see it: the finding, then every point."""
        chosen, axis = _prepared(rows)
        return line_plot.in_words(self.finding(rows), _series(chosen, axis), axis, units.interval)


CHART = CrossoverChart()
