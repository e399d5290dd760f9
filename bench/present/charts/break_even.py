"""The chart `break_even`: does compiling pay?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bench.analyse.rows.row import BreakEven, Row
from bench.present import row_groups
from bench.present.charts import chart_cases, line_drawing, line_plot
from bench.present.charts.chart import Chart, Selection
from bench.present.charts.chart_lines import UNRESOLVED, ChartLine, LinePoint, provenance, reasons, shown
from bench.present.words import units
from bench.records import UserError
from bench.stats.curve_fits import Floats
from bench.stats.missing_numbers import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


POINTS = 7
"""Number of points on each line, from one step to beyond the break-even."""


def _series(eager: Row, compiled: Row) -> list[ChartLine]:
    """Seconds until n steps are done. A compilation is timed once, so it adds no interval of its own."""
    value = number(compiled.break_even.value) if compiled.break_even else None
    cost = compiled.compile_cold_s or compiled.compile_warm_s or 0.0
    last = max(1e3, 10 * (value or 2 * cost / eager.step.value))
    steps = np.unique(np.geomspace(1, last, POINTS).round())
    made = [_line("eager", eager, 0.0, steps)]
    for cache, once in (("cold", compiled.compile_cold_s), ("warm", compiled.compile_warm_s)):
        if once is not None:
            made.append(_line(f"{compiled.params['mode']}, {cache} cache", compiled, once, steps))
    return made


def _line(label: str, row: Row, once_s: float, steps: Floats) -> ChartLine:
    step = row.step
    points = tuple(
        LinePoint(
            float(n), once_s + n * step.value,
            None if step.low is None else once_s + n * step.low,
            None if step.high is None else once_s + n * step.high,
        )
        for n in steps
    )  # fmt: skip
    return ChartLine(label, points, (), (row.key,))


def _compiled(rows: Sequence[Row]) -> list[Row]:
    """Cases with a break-even, even an infinite one, whose eager twins are among the rows."""
    keys = {row.key for row in rows if row.ok}
    return [row for row in row_groups.one_clock(rows) if row.break_even and _eager(row) in keys]


def _eager(row: Row) -> str:
    return row.case.but(mode="eager").key


def _name(row: Row) -> str:
    """The mode, and the workload's own axes."""
    own = [name for name in row.params if name not in ("device", "dtype", "mode", "threads")]
    return " ".join([str(row.params["mode"]), *(shown(name, row.params[name]) for name in own)])


def _prepared(rows: Sequence[Row]) -> tuple[Sequence[Row], Row, Row]:
    advice = chart_cases.command(rows, "mode=eager,compile")
    chart_cases.require(rows, advice)
    chart_cases.single_workload(rows, advice)
    compiled = _compiled(rows)
    if not compiled:
        raise UserError(f"no compiled case was measured together with its eager twin: {advice} measures both")
    eager = next(row for row in row_groups.one_clock(rows) if row.key == _eager(compiled[0]))
    return rows, eager, compiled[0]


class BreakEvenChart(Chart):
    """The chart `break_even`: does compiling pay?"""

    name = "break_even"
    question = "After how many steps has compiling paid for itself?"
    needs = (
        "key",
        "workload",
        "params",
        "outcome",
        "clock",
        "value_s",
        "low_s",
        "high_s",
        "break_even",
        "break_even_of",
    )

    def selections(self, rows: Sequence[Row]) -> list[Selection]:
        """A chart for each compiled case whose eager twin was measured, the cases of a workload numbered."""
        selections = []
        for workload, own_rows in row_groups.by_workload(rows):
            for part, row in enumerate(_compiled(own_rows), start=1):
                selections.append(Selection(workload, (_eager(row), row.key), part))
        return selections

    def draw(self, rows: Sequence[Row], theme: str = "light") -> Figure:
        """Seconds until n steps are done: eager, and compiled with a cold and with a warm cache."""
        chosen, eager, compiled = _prepared(rows)
        pays = compiled.break_even
        low, high = (number(pays.low), number(pays.high)) if pays else (None, None)
        bands: tuple[line_plot.Band, ...] = ()
        if low is not None and low > 0:
            name = "compiling pays from here" if high else "perhaps from here, perhaps never"
            bands = (line_plot.Band(name, low, high),)
        plot = line_plot.Plot(
            title=self.finding(rows),
            series=_series(eager, compiled),
            x_label="steps",
            y_label="time until so many steps are done (lower is better)",
            y_text=units.tick_seconds,
            bands=bands,
            round_x=True,
            notes=("Bars are those of the steps; compiling is added as its median.", *reasons(chosen)),
            footer=provenance([eager, compiled]),
        )
        return line_drawing.draw(plot, theme)

    def finding(self, rows: Sequence[Row]) -> str:
        """The finding: after how many steps compiling pays, that it never does, or that neither is known."""
        _, _, compiled = _prepared(rows)
        who = f"{compiled.workload}: {_name(compiled)}"
        pays = compiled.break_even or BreakEven(math.nan, math.nan, math.nan)
        value, low, high, cache = pays.value, pays.low, pays.high, f"with a {pays.cache} cache"
        if math.isfinite(high):
            ends = f"[{units.count(round(low))}, {units.count(round(high))}]"
            return f"{who} pays after {units.count(round(value))} steps {ends} {cache}"
        if low == math.inf:
            return f"{who} never pays: a compiled step is no faster"
        return f"{who}: whether it ever pays is {UNRESOLVED}"

    def describe(self, rows: Sequence[Row]) -> str:
        """The chart in words, for those who cannot see it: the finding, then every point."""
        _, eager, compiled = _prepared(rows)
        return line_plot.in_words(self.finding(rows), _series(eager, compiled), "steps", units.interval)


CHART = BreakEvenChart()
