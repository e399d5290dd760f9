"""How much does a larger batch bring?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.present import frames, units
from bench.present.charts import lines, select
from bench.present.charts.series import (
    UNRESOLVED,
    Series,
    lost_text,
    provenance,
    quotient,
    reasons,
    resolved,
    split,
)
from bench.present.frames import Row
from bench.records import UserError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

NAME = "throughput"
QUESTION = "How much more is done in a second with a larger batch?"
NEEDS = ("key", "workload", "params", "outcome", "clock", "items_per_s", "items_per_s_low", "items_per_s_high")
AXES = ("batch",)


def selections(records: Sequence[Row]) -> list[select.Selection]:
    """A chart for each workload that was measured, or tried, with two batch sizes or more."""
    found: list[select.Selection] = []
    for workload, rows in select.workloads(records):
        if select.sweep(rows, AXES) and (frames.has(rows, "items_per_s") or not frames.has(rows, "value_s")):
            entries = [(line.label, line.keys) for line in _series(rows)]
            found += select.parts(workload, entries, lines.LABEL_LETTERS, lines.MOST_SERIES)
    return found


def draw(frame: pd.DataFrame, theme: str = "light") -> Figure:
    """Items per second against batch. Raises `UserError` where no batch is swept or items are not counted."""
    records = _prepared(frame)
    unit = _unit(records)
    plot = lines.Plot(
        title=finding(frame),
        series=_series(records),
        x_label="batch",
        y_label=f"{units.plural(unit)} per second (higher is better)",
        y_text=units.short,
        y_from_zero=True,
        notes=tuple(reasons(records)),
        footer=provenance(records),
    )
    return lines.draw(plot, theme)


def finding(frame: pd.DataFrame) -> str:
    """What the data say: the highest throughput, its batch, and whether a smaller batch does as well."""
    records = _prepared(frame)
    workload, unit = str(records[0]["workload"]), _unit(records)
    series = [line for line in _series(records) if line.points]
    if not series:
        return f"{workload}: nothing was measured ({lost_text(records)})"
    line = max(series, key=lambda line: max(point.value for point in line.points))
    best = max(line.points, key=lambda point: point.value)
    who = f"{line.label} " if len(series) > 1 and line.label else ""
    speed = " ".join(text for text in units.rate_parts(best.value, best.low, best.high, unit) if text != units.DASH)
    reached = f"{workload}: {who}reaches {speed} at batch {units.count(best.x)}"
    rivals = [point for point in line.points if point.x != best.x and not resolved(quotient(best, point))]
    if rivals:
        # The smallest batch that does as well is what a reader wants to know.
        return f"{reached}; its lead over batch {units.count(min(p.x for p in rivals))} is {UNRESOLVED}"
    return f"{reached}, still rising" if best is line.points[-1] and len(line.points) > 1 else reached


def describe(frame: pd.DataFrame) -> str:
    """The chart in words, for those who cannot see it: the finding, then every point."""
    records = _prepared(frame)
    unit = _unit(records)

    def rate(value: float, low: float | None, high: float | None) -> str:
        return " ".join(text for text in units.rate_parts(value, low, high, unit) if text != units.DASH)

    return lines.in_words(finding(frame), _series(records), "batch", rate)


def _unit(records: Sequence[Row]) -> str:
    return next(iter(frames.distinct(records, "unit")), "item")


def _series(records: Sequence[Row]) -> list[Series]:
    return split(frames.one_clock(records), "batch", "items_per_s", "items_per_s_low", "items_per_s_high")


def _prepared(frame: pd.DataFrame) -> list[Row]:
    records = frames.rows(frame)
    advice = select.command(records, "batch=32,128,512")
    select.require(records, NEEDS, advice)
    select.single_workload(records, advice)
    if select.sweep(records, AXES) is None:
        raise UserError(f"no two values of batch: {advice} measures some")
    return frames.one_clock(records)
