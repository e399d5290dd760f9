"""Does compiling pay?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bench.present import row_groups
from bench.present.charts import chart_cases, line_drawing, line_plot
from bench.present.charts.chart_lines import UNRESOLVED, ChartLine, LinePoint, provenance, reasons, shown
from bench.present.row_groups import OK, Row
from bench.present.words import units
from bench.records import Case, UserError
from bench.stats.curve_fits import Floats
from bench.stats.missing_numbers import number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

NAME = "break_even"
QUESTION = "After how many steps has compiling paid for itself?"
NEEDS = ("key", "workload", "params", "outcome", "clock", "value_s", "low_s", "high_s", "break_even", "break_even_of")

POINTS = 7
"""Along each line, from one step to beyond the break-even."""


def selections(records: Sequence[Row]) -> list[chart_cases.Selection]:
    """A chart for each compiled case whose eager twin was measured, the cases of a workload numbered."""
    found = []
    for workload, rows in chart_cases.workloads(records):
        for part, row in enumerate(_compiled(rows), start=1):
            found.append(chart_cases.Selection(workload, (_eager(row), str(row["key"])), part))
    return found


def draw(frame: pd.DataFrame, theme: str = "light") -> Figure:
    """Seconds until so many steps are done: eager, compiled with a cold and with a warm cache."""
    records, eager, compiled = _prepared(frame)
    low, high = (number(compiled.get(f"break_even_{end}")) for end in ("low", "high"))
    bands: tuple[line_plot.Band, ...] = ()
    if low is not None and low > 0:
        bands = (line_plot.Band("compiling pays from here" if high else "perhaps from here, perhaps never", low, high),)
    plot = line_plot.Plot(
        title=finding(frame),
        series=_series(eager, compiled),
        x_label="steps",
        y_label="time until so many steps are done (lower is better)",
        y_text=units.tick_seconds,
        bands=bands,
        round_x=True,
        notes=("Bars are those of the steps; compiling is added as its median.", *reasons(records)),
        footer=provenance([eager, compiled]),
    )
    return line_drawing.draw(plot, theme)


def finding(frame: pd.DataFrame) -> str:
    """What the data say: the step from which compiling has paid, that it never does, or that neither is known."""
    _, _, compiled = _prepared(frame)
    who = f"{compiled['workload']}: {_name(compiled)}"
    raw = [compiled.get(name) for name in ("break_even", "break_even_low", "break_even_high")]
    value, low, high = (float("nan") if each is None else float(each) for each in raw)
    cache = f"with a {compiled['break_even_of']} cache"
    if math.isfinite(high):
        ends = f"[{units.count(round(low))}, {units.count(round(high))}]"
        return f"{who} pays after {units.count(round(value))} steps {ends} {cache}"
    if low == math.inf:
        return f"{who} never pays: a compiled step is no faster"
    return f"{who}: whether it ever pays is {UNRESOLVED}"


def describe(frame: pd.DataFrame) -> str:
    """The chart in words, for those who cannot see it: the finding, then every point."""
    _, eager, compiled = _prepared(frame)
    return line_plot.in_words(finding(frame), _series(eager, compiled), "steps", units.interval)


def _series(eager: Row, compiled: Row) -> list[ChartLine]:
    """Seconds until n steps are done; a compilation that was timed once has no interval of its own."""
    value = number(compiled["break_even"])
    cost = number(compiled.get("compile_cold_s")) or number(compiled.get("compile_warm_s")) or 0.0
    last = max(1e3, 10 * (value or 2 * cost / eager["value_s"]))
    steps = np.unique(np.geomspace(1, last, POINTS).round())
    made = [_line("eager", eager, 0.0, steps)]
    for cache in ("cold", "warm"):
        once = number(compiled.get(f"compile_{cache}_s"))
        if once is not None:
            made.append(_line(f"{compiled['params']['mode']}, {cache} cache", compiled, once, steps))
    return made


def _line(label: str, row: Row, once_s: float, steps: Floats) -> ChartLine:
    low, high = number(row["low_s"]), number(row["high_s"])
    points = tuple(
        LinePoint(
            float(n), once_s + n * row["value_s"],
            None if low is None else once_s + n * low, None if high is None else once_s + n * high,
        )
        for n in steps
    )  # fmt: skip
    return ChartLine(label, points, (), (str(row["key"]),))


def _compiled(records: Sequence[Row]) -> list[Row]:
    """Cases that know of a break-even, infinite ones too; their eager twins are there as well."""
    keys = {str(row["key"]) for row in records if row["outcome"] == OK}
    return [row for row in row_groups.one_clock(records) if row.get("break_even_of") and _eager(row) in keys]


def _eager(row: Row) -> str:
    return Case.from_key(str(row["key"])).but(mode="eager").key


def _name(row: Row) -> str:
    """The mode, and the axes of the workload's own."""
    own = [name for name in row["params"] if name not in ("device", "dtype", "mode", "threads")]
    return " ".join([str(row["params"]["mode"]), *(shown(name, row["params"][name]) for name in own)])


def _prepared(frame: pd.DataFrame) -> tuple[list[Row], Row, Row]:
    records = row_groups.rows(frame)
    advice = chart_cases.command(records, "mode=eager,compile")
    chart_cases.require(records, NEEDS, advice)
    chart_cases.single_workload(records, advice)
    compiled = _compiled(records)
    if not compiled:
        raise UserError(f"no compiled case was measured beside its eager twin: {advice} measures both")
    eager = next(row for row in row_groups.one_clock(records) if str(row["key"]) == _eager(compiled[0]))
    return records, eager, compiled[0]
