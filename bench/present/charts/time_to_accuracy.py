"""DataLoader or full batch? Accuracy by wall-clock, a line a training, and what an epoch takes."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bench.analyse.curves.crossover import times_faster
from bench.analyse.rows.row import Row
from bench.present import row_groups
from bench.present.charts import chart_cases, line_drawing, line_plot
from bench.present.charts.chart import Chart, Selection
from bench.present.charts.chart_lines import (
    UNRESOLVED,
    ChartLine,
    LinePoint,
    lost_text,
    provenance,
    reasons,
    resolved,
    shown,
)
from bench.present.words import units
from bench.records import UserError
from bench.stats.missing_numbers import number
from bench.workload import AFTER

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DRAW = "draw"
"""The axis of trainings that differ in luck alone: weights, order, masks."""


def _course(row: Row) -> dict[int, float]:
    """By epoch, how right a training was after it."""
    found = ((AFTER.fullmatch(name), number(value)) for name, value in (row.quality or {}).items())
    return dict(sorted((int(mark["epoch"]), right) for mark, right in found if mark and right is not None))


def _metric(records: Sequence[Row]) -> str:
    """What is right: `test accuracy`."""
    names = (AFTER.fullmatch(name) for row in records for name in row.quality or {})
    return next((mark["metric"].replace("_", " ") for mark in names if mark), "accuracy")


def _groups(records: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows that differ in their draw alone, by what tells the groups apart."""
    names = [name for name in row_groups.varying(records) if name != DRAW]
    groups: dict[str, list[Row]] = {}
    for row in sorted(records, key=lambda row: row_groups.by_params(row, [*names, DRAW])):
        label = " ".join(shown(name, row.params[name]) for name in names if name in row.params)
        groups.setdefault(label, []).append(row)
    return groups


def _timed(records: Sequence[Row]) -> dict[str, list[Row]]:
    """Those of the groups that have a time and a course, and of them those rows."""
    found = {
        name: [row for row in rows if row.ok and row.time and _course(row)] for name, rows in _groups(records).items()
    }
    return {name: rows for name, rows in found.items() if rows}


def _series(records: Sequence[Row]) -> list[ChartLine]:
    """A line a training, of one colour those that differ in luck alone; the first of them has the label."""
    made: list[ChartLine] = []
    for name, rows in _timed(records).items():
        for place, row in enumerate(rows):
            course = _course(row)
            ends = (row.step.low, row.step.high)
            bounded = None not in ends
            # Every epoch does the same work. A share of right answers is counted, not estimated: its ends are itself.
            points = [
                LinePoint(
                    row.step.value * epoch / len(course), right, *((right, right) if bounded else (None, None)),
                    *(ends if epoch == len(course) else ()),
                )
                for epoch, right in course.items()
            ]  # fmt: skip
            label = _label(name, rows) if place == 0 else ""
            made.append(ChartLine(label, tuple(points), (), (row.key,), group=f"{name} "))
    return made


def _label(name: str, rows: Sequence[Row]) -> str:
    """`sliced batch 32: 41 ms an epoch`."""
    epochs = [row.time.value / len(_course(row)) for row in rows if _course(row) and row.time]
    each = f"{units.seconds(statistics.median(epochs))} an epoch" if epochs else ""
    return ": ".join(text for text in (name, each) if text)


def _notes(records: Sequence[Row]) -> list[str]:
    draws = {row.axis(DRAW) for row in records}
    drawn = f", of {len(draws)} draws of weights and order" if len(draws) > 1 else ""
    bounded = any(row.time and row.time.low is not None for row in records)
    return [f"A line is a training{drawn}{'; its bar is the interval of its whole time' if bounded else ''}."]


def _middle(rows: Sequence[Row]) -> float:
    return float(statistics.median(row.step.value for row in rows))


def _sooner(fast: Sequence[Row], slow: Sequence[Row]) -> bool:
    """Whether each draw that both have, at least one, was surely sooner."""
    others: Mapping[object, Row] = {row.axis(DRAW): row for row in slow}
    couples = [(row, others[draw]) for row in fast if (draw := row.axis(DRAW)) in others]
    ratios = [times_faster(late, soon) for soon, late in couples]
    return bool(ratios) and all(value > 1 and resolved((value, low, high)) for value, low, high in ratios)


def _span(times: Sequence[float]) -> str:
    return f"{units.seconds(times[0])} to {units.seconds(times[-1])}"


def _floor(series: Sequence[ChartLine]) -> float:
    """A tenth below which no training was."""
    worst = min((point.value for line in series for point in line.points), default=0.0)
    return max(0.0, math.floor(10 * worst - 0.5) / 10)


def _percent(x: float) -> str:
    return f"{100 * x:.0f} %"


def _prepared(rows: Sequence[Row]) -> list[Row]:
    records = rows
    advice = "bench run 'dataloader/time_to_accuracy' --set loader=dataloader,sliced --set draw=0,1,2"
    chart_cases.require(records, advice)
    chart_cases.single_workload(records, advice)
    records = row_groups.one_clock(records)
    if not any(_course(row) for row in records):
        raise UserError(f"no workload tells how right it was after each epoch: {advice} measures one that does")
    return records


class TimeToAccuracyChart(Chart):
    """DataLoader or full batch? Accuracy by wall-clock, a line a training, and what an epoch takes."""

    name = "time_to_accuracy"
    question = "DataLoader or full batch: which is right soonest?"
    needs = ("key", "workload", "params", "outcome", "clock", "value_s", "low_s", "high_s", "quality")

    def selections(self, records: Sequence[Row]) -> list[Selection]:
        """A chart for each workload that tells how right it was after each of several epochs, in portions of lines."""
        found: list[Selection] = []
        for workload, rows in row_groups.by_workload(records):
            if any(_course(row) for row in rows):
                groups = _groups(row_groups.one_clock(rows))
                entries = [(_label(name, own), tuple(row.key for row in own)) for name, own in groups.items()]
                found += chart_cases.parts(
                    workload, entries, line_plot.LABEL_LETTERS, line_plot.MOST_SERIES - 1
                )  # one for the target
        return found

    def draw(self, rows: Sequence[Row], theme: str = "light") -> Figure:
        """Accuracy against seconds since the start. Raises `UserError` where no workload tells it by epoch."""
        records = _prepared(rows)
        series = _series(records)
        xs = [point.x for line in series for point in line.points]
        target = min((line.points[-1].value for line in series if line.points), default=None)
        guides = (
            (line_plot.Guide(f"{_percent(target)} right", (min(xs), max(xs)), (target, target)),)
            if target and xs
            else ()
        )
        plot = line_plot.Plot(
            title=self.finding(rows),
            series=series,
            x_label="time since the start",
            y_label=f"{_metric(records)} (higher is better)",
            y_text=_percent,
            y_from=_floor(series),
            ends_marked=True,
            x_text=units.tick_seconds,
            round_x=True,
            guides=guides,
            notes=(*_notes(records), *reasons(records)),
            footer=provenance(records),
        )
        return line_drawing.draw(plot, theme)

    def finding(self, rows: Sequence[Row]) -> str:
        """What the data say: which way is right soonest, and how much luck there is in it."""
        records = _prepared(rows)
        workload, groups = records[0].workload, _timed(records)
        if not groups:
            return f"{workload}: nothing was measured ({lost_text(records)})"
        ranked = sorted(groups, key=lambda name: _middle(groups[name]))
        best, times = ranked[0], sorted(row.step.value for row in groups[ranked[0]])
        luck = f" ({_span(times)} in {len(times)} draws)" if len(times) > 1 else ""
        goal = _percent(min(line.points[-1].value for line in _series(records) if line.points))
        said = f"{goal} right after {units.seconds(_middle(groups[best]))}{luck}"
        if len(ranked) == 1:
            return f"{workload}: {best or 'a training'} is {said}"
        if all(_sooner(groups[best], groups[other]) for other in ranked[1:]):
            return f"{workload}: {best} is the first to be {said}"
        return f"{workload}: {best} is {said}; which is soonest is {UNRESOLVED}"

    def describe(self, rows: Sequence[Row]) -> str:
        """The chart in words, for those who cannot see it: the finding, then every training."""
        records = _prepared(rows)
        told = []
        for name, draws in _groups(records).items():
            for row in draws:
                what = f"{name or 'a training'}, draw {row.axis(DRAW, 0)}"
                if not row.ok:
                    told.append(f"{what}: {row.outcome}")
                    continue
                course = _course(row)
                rights = ", ".join(_percent(right) for right in course.values())
                time = units.interval(*units.ends(row.time))
                told.append(f"{what}: {time} for {len(course)} epochs, after each {rights}")
        return f"{self.finding(rows)}. {'; '.join(told)}."


CHART = TimeToAccuracyChart()
