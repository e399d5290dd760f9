"""The chart `roofline`: compute or memory bound?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bench.analyse.curves.roofline import Roof, RooflinePoint, roofline_points
from bench.analyse.rows.peaks import CALIBRATION, Peaks, peaks
from bench.analyse.rows.row import Row
from bench.present import row_groups
from bench.present.charts import chart_cases, line_drawing, line_plot
from bench.present.charts.chart import Chart, Selection
from bench.present.charts.chart_lines import UNRESOLVED, ChartLine, LinePoint, provenance
from bench.present.words import units
from bench.records import UserError
from bench.stats.missing_numbers import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


MOST_SERIES = 5
"""Most workloads on one chart, in addition to its ceilings."""

SUBJECT = "machine"
"""Placeholder for a workload: the chart shows all workloads of a run that share one roof."""


def _workload(item: RooflinePoint) -> str:
    return item.key.partition("[")[0]


def _ceiling(roof: Roof) -> str:
    """The two ceilings, each with its interval."""
    flat = " ".join(units.rate_parts(roof.peak.value, roof.peak.low, roof.peak.high, "flop"))
    slope = " ".join(units.rate_parts(roof.bandwidth.value, roof.bandwidth.low, roof.bandwidth.high, "byte"))
    return f"roof: {slope}, {flat}".replace(f" {units.DASH}", "")


def _series(items: Sequence[RooflinePoint]) -> list[ChartLine]:
    """A line for each workload; its points are cases, in order of intensity."""
    made = []
    for name in dict.fromkeys(_workload(item) for item in items):
        own = sorted((item for item in items if _workload(item) == name), key=lambda item: item.intensity)
        points = tuple(LinePoint(item.intensity, item.rate[0], *map(number, item.rate[1:])) for item in own)
        made.append(ChartLine(name, points, (), tuple(item.key for item in own)))
    return made


def _when(rows: Sequence[Row]) -> str:
    return f"by this run, {next(row.created for row in rows if row.created)[:10]}"


def _under(rows: Sequence[Row]) -> list[RooflinePoint]:
    known = _peaks(rows)
    return roofline_points(row_groups.one_clock(rows), known) if known else []


def _peaks(rows: Sequence[Row]) -> Peaks | None:
    own = [row for row in rows if row.workload.startswith(CALIBRATION) and row.created]
    return peaks(own, own[0].created) if own and own[0].created else None


def _prepared(rows: Sequence[Row]) -> tuple[Sequence[Row], list[RooflinePoint]]:
    advice = "bench run 'calibration/*' together with the workloads"
    chart_cases.require(rows, advice)
    items = _under(rows)
    if not items:
        raise UserError(f"no case states its flops and bytes and has a roof that the run measured: {advice}")
    return rows, items


class RooflineChart(Chart):
    """The chart `roofline`: compute or memory bound?"""

    name = "roofline"
    question = "Does arithmetic or memory bind each case, and how near does it come?"
    needs = ("key", "workload", "params", "outcome", "clock", "value_s", "low_s", "high_s", "flops", "bytes", "created")

    def selections(self, rows: Sequence[Row]) -> list[Selection]:
        """Charts for each place and dtype whose roof was measured, with the workloads in portions that fit."""
        selections: list[Selection] = []
        groups: dict[tuple[str, int, str], list[RooflinePoint]] = {}
        for item in _under(rows):
            place = item.roof.place
            groups.setdefault((place.device, place.threads, item.roof.dtype), []).append(item)
        calibration = {row.key for row in rows if row.workload.startswith(CALIBRATION)}
        for items in groups.values():
            names = list(dict.fromkeys(_workload(item) for item in items))
            for start in range(0, len(names), MOST_SERIES):
                some = names[start : start + MOST_SERIES]
                keys = [item.key for item in items if _workload(item) in some]
                selections.append(Selection(SUBJECT, (*keys, *sorted(calibration)), len(selections) + 1))
        return selections

    def draw(self, rows: Sequence[Row], theme: str = "light") -> Figure:
        """Flops per second by flops per byte, below the ceilings. Raises `UserError` if no roof was measured."""
        chosen, items = _prepared(rows)
        series = _series(items)
        xs = [point.x for line in series for point in line.points]
        # Up to the ridge and beyond it, so that both ceilings are visible.
        roof = max((item.roof for item in items), key=lambda roof: roof.bandwidth.value)
        slow = min((item.roof for item in items), key=lambda roof: roof.bandwidth.value)
        along = np.geomspace(min([*xs, roof.ridge / 4]), max([*xs, slow.ridge * 4]), 60)
        guides = [line_plot.Guide(_ceiling(slow), tuple(along.tolist()), tuple(slow.at(x)[0] for x in along))]
        if roof.bandwidth.value > 1.2 * slow.bandwidth.value:
            rate, _ = units.rate_parts(roof.bandwidth.value, None, None, "byte")
            part = [x for x in along if x <= roof.ridge]
            guides.append(line_plot.Guide(f"cache: {rate}", tuple(part), tuple(roof.at(x)[0] for x in part)))
        plot = line_plot.Plot(
            title=self.finding(rows),
            series=series,
            x_label="flops a byte",
            y_label="flops per second (higher is better)",
            y_text=units.short,
            guides=tuple(guides),
            joined=False,
            round_x=True,
            notes=(
                f"Ceilings: {_when(chosen)}, 95 % intervals; a case is held to that of the memory that holds it.",
                *chart_cases.unproven(sum(not item.proven for item in items)),
            ),
            footer=provenance([row for row in chosen if not row.workload.startswith(CALIBRATION)]),
        )
        return line_drawing.draw(plot, theme)

    def finding(self, rows: Sequence[Row]) -> str:
        """The finding: which case comes nearest to its roof, and what binds most of them."""
        _, items = _prepared(rows)
        sure = [item for item in items if item.proven and not math.isnan(item.share[1])]
        if not sure:
            return f"How near the cases come to their roof is {UNRESOLVED}"
        best = max(sure, key=lambda item: item.share[0])
        bound = {name: sum(item.bound == name for item in items) for name in ("memory", "compute")}
        halves = sum(item.share[1] >= 0.5 for item in sure)
        return (
            f"{_workload(best)} comes nearest to its roof, {units.share(*best.share)}; {halves} of {len(items)} "
            f"cases surely reach half of theirs, memory would bind {bound['memory']}"
        )

    def describe(self, rows: Sequence[Row]) -> str:
        """The chart in words, for those who cannot see it: the finding, then every case."""
        _, items = _prepared(rows)
        cases = "; ".join(
            f"{item.key}: {item.intensity:.3g} flops a byte, {item.share[0]:.0%} of its roof, {item.bound}"
            for item in items
        )
        return f"{self.finding(rows)}. {cases}."


CHART = RooflineChart()
