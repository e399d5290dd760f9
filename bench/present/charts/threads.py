"""The chart `threads`: how far do more cores go?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bench.analyse.curves.serial_share import amdahl, log_share, threads_of
from bench.analyse.rows.row import Row
from bench.present import row_groups
from bench.present.charts import chart_cases, line_drawing, line_plot
from bench.present.charts.chart import Chart, Selection
from bench.present.charts.chart_lines import UNRESOLVED, ChartLine, lost_text, provenance, reasons, split
from bench.present.charts.twin_chart import twin
from bench.present.words import units
from bench.records import UserError
from bench.stats.curve_fits import Fit
from bench.stats.intervals import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ONE = Interval(1.0, 1.0, 1.0, 0, "")
"""The speed-up of one thread against itself."""


def _serial(fitted: Fit) -> str:
    return f"{units.share(fitted.shape, fitted.shape_low, fitted.shape_high)} is serial"


def _best(rows: Sequence[Row]) -> ChartLine | None:
    """The line with the highest speed-up."""
    series = [line for line in _series(rows) if line.points]
    return max(series, key=lambda line: max(point.value for point in line.points), default=None)


def _fit(rows: Sequence[Row]) -> Fit | str:
    """Amdahl's law fitted to the times of the best line, up to the number of cores if that is known."""
    best = _best(rows)
    own = best.rows(rows) if best else []
    cores = max((threads_of(row) or 0 for row in own if _all_cores(row)), default=float("inf"))
    return amdahl([row for row in own if (threads_of(row) or 0) <= cores])


def _series(rows: Sequence[Row]) -> list[ChartLine]:
    return split(rows, "threads", _times_as_fast, threads_of)


def _all_cores(row: Row) -> bool:
    """True if the case ran with one thread for each core of the machine."""
    return row.axis("threads") == "physical"


def _times_as_fast(row: Row) -> Interval | None:
    """One thread's time ÷ this time; 1 for one thread itself."""
    speedup = twin(row, "threads", 1)
    return speedup.ratio if speedup else ONE if row.ok else None


def _scaled(rows: Sequence[Row]) -> list[Row]:
    """Rows whose speed can be compared with that of one thread, and the rows with one thread."""
    ones = {speedup.reference for row in rows if (speedup := twin(row, "threads", 1))}
    on_cpu = [row for row in rows if row.axis("device", "cpu") == "cpu"]
    return [
        row
        for row in row_groups.one_clock(on_cpu)
        if threads_of(row) is not None and (twin(row, "threads", 1) or row.key in ones or not row.ok)
    ]


def _prepared(rows: Sequence[Row]) -> list[Row]:
    advice = chart_cases.command(rows, "threads=1,2,4,physical")
    chart_cases.require(rows, advice)
    chart_cases.single_workload(rows, advice)
    if not any(twin(row, "threads", 1) for row in rows):
        raise UserError(f"no case was measured with one thread and with more: {advice} measures some")
    return _scaled(rows)


class ThreadsChart(Chart):
    """The chart `threads`: how far do more cores go?"""

    name = "threads"
    question = "How many times as fast are more threads?"
    needs = ("key", "workload", "params", "outcome", "threads_used", "twins")

    def selections(self, rows: Sequence[Row]) -> list[Selection]:
        """Charts for each workload that was measured with one thread and with more."""
        selections: list[Selection] = []
        for workload, own_rows in row_groups.by_workload(rows):
            if any(twin(row, "threads", 1) for row in own_rows):
                selections += line_plot.parts(workload, _series(_scaled(own_rows)))
        return selections

    def draw(self, rows: Sequence[Row], theme: str = "light") -> Figure:
        """Speed-up by threads, the ideal, and Amdahl's law. Raises `UserError` if no more than one was measured."""
        chosen = _prepared(rows)
        series, fitted = _series(chosen), _fit(chosen)
        counts = sorted({point.x for line in series for point in line.points} | {1.0})
        guides = [line_plot.Guide("ideal", tuple(counts), tuple(counts))]
        if isinstance(fitted, Fit):
            xs = np.linspace(counts[0], counts[-1], 50)
            curve = np.exp(-log_share(np.array([[fitted.shape]]), xs)[0])
            guides.append(line_plot.Guide(f"Amdahl: {_serial(fitted)}", tuple(xs.tolist()), tuple(curve.tolist())))
        cores = next((threads_of(row) for row in chosen if _all_cores(row)), None)
        plot = line_plot.Plot(
            title=self.finding(rows),
            series=series,
            x_label="threads",
            y_label="times as fast as one thread (higher is better)",
            y_text=lambda value: f"{value:g}×",
            y_from_zero=True,
            guides=tuple(guides),
            bands=(line_plot.Band(f"more than {cores:g} cores", cores, None),) if cores and cores < counts[-1] else (),
            notes=(*((f"No Amdahl fit: {fitted}.",) if isinstance(fitted, str) else ()), *reasons(chosen)),
            footer=provenance(chosen),
        )
        return line_drawing.draw(plot, theme)

    def finding(self, rows: Sequence[Row]) -> str:
        """The finding: the highest speed-up, and the serial share if it is resolved."""
        chosen = _prepared(rows)
        workload = chosen[0].workload
        line = _best(chosen)
        if line is None:
            return f"{workload}: nothing was measured ({lost_text(chosen)})"
        best = max(line.points, key=lambda point: point.value)
        who = f"{line.label}: " if line.label and len(_series(chosen)) > 1 else ""
        if best.low is None or best.low <= 1 or best.x == 1:
            return f"{workload}: whether more threads are faster than one is {UNRESOLVED}"
        fastest = (
            f"{workload}: {who}{best.x:g} threads are {units.ratio(best.value, best.low, best.high)} as fast as one"
        )
        fitted = _fit(chosen)
        return f"{fastest}; {_serial(fitted)}" if isinstance(fitted, Fit) else fastest

    def describe(self, rows: Sequence[Row]) -> str:
        """The chart in words, for those who cannot see it: the finding, then every point."""
        return line_plot.in_words(self.finding(rows), _series(_prepared(rows)), "threads", units.ratio)


CHART = ThreadsChart()
