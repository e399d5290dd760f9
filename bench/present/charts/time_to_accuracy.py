"""The chart `time_to_accuracy`: DataLoader or full batch? Accuracy by time, a line for each training."""

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
"""The axis along which trainings differ only at random: weights, order, masks."""


def _course(row: Row) -> dict[int, float]:
    """Accuracy of a training after each epoch."""
    matches = ((AFTER.fullmatch(name), number(value)) for name, value in (row.quality or {}).items())
    return dict(sorted((int(mark["epoch"]), right) for mark, right in matches if mark and right is not None))


def _metric(rows: Sequence[Row]) -> str:
    """The name of the accuracy: `test accuracy`."""
    names = (AFTER.fullmatch(name) for row in rows for name in row.quality or {})
    return next((mark["metric"].replace("_", " ") for mark in names if mark), "accuracy")


def _groups(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Groups of rows that differ only in their draw, by the label of the group."""
    names = [name for name in row_groups.varying(rows) if name != DRAW]
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row_groups.by_params(row, [*names, DRAW])):
        label = " ".join(shown(name, row.params[name]) for name in names if name in row.params)
        groups.setdefault(label, []).append(row)
    return groups


def _timed(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The groups, with only the rows that have a time and an accuracy by epoch; empty groups are left out."""
    timed = {
        name: [row for row in own_rows if row.ok and row.time and _course(row)]
        for name, own_rows in _groups(rows).items()
    }
    return {name: own_rows for name, own_rows in timed.items() if own_rows}


def _series(rows: Sequence[Row]) -> list[ChartLine]:
    """A line for each training; those that differ only in their draw share a colour, and the first has the label."""
    made: list[ChartLine] = []
    for name, own_rows in _timed(rows).items():
        for place, row in enumerate(own_rows):
            course = _course(row)
            ends = (row.step.low, row.step.high)
            bounded = None not in ends
            # Every epoch does the same work. The share of right answers is counted, not estimated: both ends equal it.
            points = [
                LinePoint(
                    row.step.value * epoch / len(course), right, *((right, right) if bounded else (None, None)),
                    *(ends if epoch == len(course) else ()),
                )
                for epoch, right in course.items()
            ]  # fmt: skip
            label = _label(name, own_rows) if place == 0 else ""
            made.append(ChartLine(label, tuple(points), (), (row.key,), group=f"{name} "))
    return made


def _label(name: str, rows: Sequence[Row]) -> str:
    """`sliced batch 32: 41 ms an epoch`."""
    epochs = [row.time.value / len(_course(row)) for row in rows if _course(row) and row.time]
    each = f"{units.seconds(statistics.median(epochs))} an epoch" if epochs else ""
    return ": ".join(text for text in (name, each) if text)


def _notes(rows: Sequence[Row]) -> list[str]:
    draws = {row.axis(DRAW) for row in rows}
    drawn = f", of {len(draws)} draws of weights and order" if len(draws) > 1 else ""
    bounded = any(row.time and row.time.low is not None for row in rows)
    return [f"A line is a training{drawn}{'; its bar is the interval of its whole time' if bounded else ''}."]


def _middle(rows: Sequence[Row]) -> float:
    return float(statistics.median(row.step.value for row in rows))


def _sooner(fast: Sequence[Row], slow: Sequence[Row]) -> bool:
    """True if every draw that both sides have, at least one, was clearly faster."""
    others: Mapping[object, Row] = {row.axis(DRAW): row for row in slow}
    draws = [(row, others[draw]) for row in fast if (draw := row.axis(DRAW)) in others]
    ratios = [times_faster(late, soon) for soon, late in draws]
    return bool(ratios) and all(value > 1 and resolved((value, low, high)) for value, low, high in ratios)


def _span(times: Sequence[float]) -> str:
    return f"{units.seconds(times[0])} to {units.seconds(times[-1])}"


def _floor(series: Sequence[ChartLine]) -> float:
    """The start of the y axis: a tenth that no accuracy is below."""
    worst = min((point.value for line in series for point in line.points), default=0.0)
    return max(0.0, math.floor(10 * worst - 0.5) / 10)


def _percent(x: float) -> str:
    return f"{100 * x:.0f} %"


def _prepared(rows: Sequence[Row]) -> list[Row]:
    advice = "bench run 'dataloader/time_to_accuracy' --set loader=dataloader,sliced --set draw=0,1,2"
    chart_cases.require(rows, advice)
    chart_cases.single_workload(rows, advice)
    rows = row_groups.one_clock(rows)
    if not any(_course(row) for row in rows):
        raise UserError(f"no workload reports its accuracy after each epoch: {advice} measures one that does")
    return rows


class TimeToAccuracyChart(Chart):
    """The chart `time_to_accuracy`: DataLoader or full batch? Accuracy by time, a line for each training."""

    name = "time_to_accuracy"
    question = "DataLoader or full batch: which is right soonest?"
    needs = ("key", "workload", "params", "outcome", "clock", "value_s", "low_s", "high_s", "quality")

    def selections(self, rows: Sequence[Row]) -> list[Selection]:
        """Charts for each workload that reports its accuracy after each epoch, in portions that fit."""
        selections: list[Selection] = []
        for workload, own_rows in row_groups.by_workload(rows):
            if any(_course(row) for row in own_rows):
                groups = _groups(row_groups.one_clock(own_rows))
                entries = [(_label(name, own), tuple(row.key for row in own)) for name, own in groups.items()]
                selections += chart_cases.parts(
                    workload, entries, line_plot.LABEL_LETTERS, line_plot.MOST_SERIES - 1
                )  # one for the target
        return selections

    def draw(self, rows: Sequence[Row], theme: str = "light") -> Figure:
        """Accuracy by seconds since the start. Raises `UserError` if no workload reports it by epoch."""
        chosen = _prepared(rows)
        series = _series(chosen)
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
            y_label=f"{_metric(chosen)} (higher is better)",
            y_text=_percent,
            y_from=_floor(series),
            ends_marked=True,
            x_text=units.tick_seconds,
            round_x=True,
            guides=guides,
            notes=(*_notes(chosen), *reasons(chosen)),
            footer=provenance(chosen),
        )
        return line_drawing.draw(plot, theme)

    def finding(self, rows: Sequence[Row]) -> str:
        """The finding: which way reaches the accuracy first, and how much that varies between draws."""
        chosen = _prepared(rows)
        workload, groups = chosen[0].workload, _timed(chosen)
        if not groups:
            return f"{workload}: nothing was measured ({lost_text(chosen)})"
        ranked = sorted(groups, key=lambda name: _middle(groups[name]))
        best, times = ranked[0], sorted(row.step.value for row in groups[ranked[0]])
        luck = f" ({_span(times)} in {len(times)} draws)" if len(times) > 1 else ""
        goal = _percent(min(line.points[-1].value for line in _series(chosen) if line.points))
        reached = f"{goal} right after {units.seconds(_middle(groups[best]))}{luck}"
        if len(ranked) == 1:
            return f"{workload}: {best or 'a training'} is {reached}"
        if all(_sooner(groups[best], groups[other]) for other in ranked[1:]):
            return f"{workload}: {best} is the first to be {reached}"
        return f"{workload}: {best} is {reached}; which is soonest is {UNRESOLVED}"

    def describe(self, rows: Sequence[Row]) -> str:
        """The chart in words, for those who cannot see it: the finding, then every training."""
        chosen = _prepared(rows)
        trainings = []
        for name, draws in _groups(chosen).items():
            for row in draws:
                what = f"{name or 'a training'}, draw {row.axis(DRAW, 0)}"
                if not row.ok:
                    trainings.append(f"{what}: {row.outcome}")
                    continue
                course = _course(row)
                rights = ", ".join(_percent(right) for right in course.values())
                time = units.interval(*units.ends(row.time))
                trainings.append(f"{what}: {time} for {len(course)} epochs, after each {rights}")
        return f"{self.finding(rows)}. {'; '.join(trainings)}."


CHART = TimeToAccuracyChart()
