"""How far do more cores go?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bench.analyse.curves.serial_share import amdahl, log_share, threads_of
from bench.present import row_groups
from bench.present.charts import chart_cases, line_drawing, line_plot
from bench.present.charts.chart_lines import UNRESOLVED, ChartLine, lost_text, provenance, reasons, split
from bench.present.charts.twin_chart import twin
from bench.present.row_groups import OK, Row
from bench.present.words import units
from bench.records import UserError
from bench.stats.curve_fits import Fit
from bench.stats.missing_numbers import number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

NAME = "threads"
QUESTION = "How many times as fast are more threads?"
NEEDS = ("key", "workload", "params", "outcome", "threads_used", "twins")
_TIMES = ("times", "times_low", "times_high")


def selections(records: Sequence[Row]) -> list[chart_cases.Selection]:
    """A chart for each workload that was measured with one thread and with more."""
    found: list[chart_cases.Selection] = []
    for workload, rows in chart_cases.workloads(records):
        if any(twin(row, "threads", 1) for row in rows):
            found += line_plot.parts(workload, _series(_scaled(rows)))
    return found


def draw(frame: pd.DataFrame, theme: str = "light") -> Figure:
    """Speed-up by threads, the ideal, and Amdahl's law. Raises `UserError` where only one thread count was measured."""
    records = _prepared(frame)
    series, fitted = _series(records), _fit(records)
    counts = sorted({point.x for line in series for point in line.points} | {1.0})
    guides = [line_plot.Guide("ideal", tuple(counts), tuple(counts))]
    if isinstance(fitted, Fit):
        xs = np.linspace(counts[0], counts[-1], 50)
        curve = np.exp(-log_share(np.array([[fitted.shape]]), xs)[0])
        guides.append(line_plot.Guide(f"Amdahl: {_serial(fitted)}", tuple(xs.tolist()), tuple(curve.tolist())))
    cores = next((threads_of(row) for row in records if row.get("cores_asked")), None)
    plot = line_plot.Plot(
        title=finding(frame),
        series=series,
        x_label="threads",
        y_label="times as fast as one thread (higher is better)",
        y_text=lambda value: f"{value:g}×",
        y_from_zero=True,
        guides=tuple(guides),
        bands=(line_plot.Band(f"more than {cores:g} cores", cores, None),) if cores and cores < counts[-1] else (),
        notes=(*((f"No Amdahl fit: {fitted}.",) if isinstance(fitted, str) else ()), *reasons(records)),
        footer=provenance(records),
    )
    return line_drawing.draw(plot, theme)


def finding(frame: pd.DataFrame) -> str:
    """What the data say: the highest speed-up, and the serial share where it is resolved."""
    records = _prepared(frame)
    workload = str(records[0]["workload"])
    line = _best(records)
    if line is None:
        return f"{workload}: nothing was measured ({lost_text(records)})"
    best = max(line.points, key=lambda point: point.value)
    who = f"{line.label}: " if line.label and len(_series(records)) > 1 else ""
    if best.low is None or best.low <= 1 or best.x == 1:
        return f"{workload}: whether more threads are faster than one is {UNRESOLVED}"
    told = f"{workload}: {who}{best.x:g} threads are {units.ratio(best.value, best.low, best.high)} as fast as one"
    fitted = _fit(records)
    return f"{told}; {_serial(fitted)}" if isinstance(fitted, Fit) else told


def describe(frame: pd.DataFrame) -> str:
    """The chart in words, for those who cannot see it: the finding, then every point."""
    return line_plot.in_words(finding(frame), _series(_prepared(frame)), "threads", units.ratio)


def _serial(fitted: Fit) -> str:
    return f"{units.share(fitted.shape, fitted.shape_low, fitted.shape_high)} is serial"


def _best(records: Sequence[Row]) -> ChartLine | None:
    """The line with the highest speed-up."""
    series = [line for line in _series(records) if line.points]
    return max(series, key=lambda line: max(point.value for point in line.points), default=None)


def _fit(records: Sequence[Row]) -> Fit | str:
    """Amdahl's law through the times of the best line, up to the number of cores where that is known."""
    best = _best(records)
    own = best.rows(records) if best else []
    cores = max((threads_of(row) or 0 for row in own if row.get("cores_asked")), default=float("inf"))
    return amdahl([row for row in own if (threads_of(row) or 0) <= cores])


def _series(records: Sequence[Row]) -> list[ChartLine]:
    return split(records, "threads", *_TIMES)


def _scaled(records: Sequence[Row]) -> list[Row]:
    """Rows with `threads` as a number, and with times as fast as one thread; one thread itself is 1."""
    made = []
    ones = {str(found["reference"]) for row in records if (found := twin(row, "threads", 1))}
    for row in row_groups.one_clock([row for row in records if row["params"].get("device", "cpu") == "cpu"]):
        count, found = threads_of(row), twin(row, "threads", 1)
        if count is None or (found is None and str(row["key"]) not in ones and row["outcome"] == OK):
            continue
        ends = [number(found.get(name)) for name in ("speedup", "speedup_low", "speedup_high")] if found else [1.0] * 3
        asked = row["params"].get("threads") == "physical"
        params = {**row["params"], "threads": count}
        made.append({**row, **dict(zip(_TIMES, ends, strict=True)), "params": params, "cores_asked": asked})
    return made


def _prepared(frame: pd.DataFrame) -> list[Row]:
    records = row_groups.rows(frame)
    advice = chart_cases.command(records, "threads=1,2,4,physical")
    chart_cases.require(records, NEEDS, advice)
    chart_cases.single_workload(records, advice)
    if not any(twin(row, "threads", 1) for row in records):
        raise UserError(f"no case was measured with one thread and with more: {advice} measures some")
    return _scaled(records)
