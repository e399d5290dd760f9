"""A chart of cases beside their twins: the same case but for one axis, which has its plainest value there.

Modes beside eager, precisions beside float32, loaders beside the sliced tensor, mistakes beside their cures: one
drawing, whose words are the chart's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.analyse.rows.row import Row, Speedup
from bench.present import row_groups
from bench.present.charts import chart_cases, dot_plot
from bench.present.charts.chart import Chart, Selection
from bench.present.charts.chart_lines import UNRESOLVED, provenance, reasons, shown
from bench.present.charts.dot_plot import ABOVE, BARE, BELOW, OPEN, Dot
from bench.present.words import units
from bench.records import Case, UserError, Value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PAIRING = {
    frozenset({True}): "paired",
    frozenset({False}): "unpaired",
    frozenset({True, False}): "paired where launches are shared",
}


def _nothing(row: Row) -> str:
    return ""


@dataclass(frozen=True)
class TwinChart(Chart):
    """A chart of one axis."""

    name: str
    question: str
    axis: str
    plain: Value
    """The value of the axis that the others are compared with."""
    called: str
    """That value in a sentence: `eager`, `the sliced tensor`."""
    values: str
    """Of the axis, for the command that measures what is missing."""
    cost: bool = False
    """The chart shows time ÷ time of the twin, above 1 is slower, in place of how many times as fast."""
    families: bool = False
    """A chart a family of workloads, in place of one a workload."""
    also: Callable[[Row], str] = _nothing
    """What stands behind the ratio of a row."""

    needs: tuple[str, ...] = ("key", "workload", "params", "outcome")
    carries: tuple[str, ...] = ("twins",)

    def selections(self, rows: Sequence[Row]) -> list[Selection]:
        """A chart for each workload that has a twin on the axis, in portions that fit."""
        found: list[Selection] = []
        groups: dict[str, list[Row]] = {}
        for row in rows:
            groups.setdefault(row.family if self.families else row.workload, []).append(row)
        for name, own_rows in groups.items():
            compared = self._compared(own_rows)
            if any(twin(row, self.axis, self.plain) for row in compared):
                entries = [(self._label(row, compared), (row.key,)) for row in compared]
                found += chart_cases.parts(name, entries, dot_plot.LABEL_LETTERS, dot_plot.MOST_ROWS)
        return found

    def draw(self, rows: Sequence[Row], theme: str = "light") -> Figure:
        """Dots with intervals around the line at 1. Raises `UserError` where no case has a twin."""
        chosen, found = self._prepared(rows)
        better = "left" if self.cost else "right"
        what = "time, " if self.cost else ""
        plot = dot_plot.Plot(
            title=self.finding(rows),
            dots=found,
            caption=f"{what}1 = {self.called}, {better} is faster",
            text=lambda value: f"{value:g}×",
            footer=self._footer(chosen),
            notes=tuple(reasons(chosen)),
            line=1.0,
            good=BELOW if self.cost else ABOVE,
        )
        return dot_plot.draw(plot, theme)

    def finding(self, rows: Sequence[Row]) -> str:
        """What the data say: how many cases are faster, slower, undecided, and which gains, or costs, most."""
        chosen, found = self._prepared(rows)
        name = self._subject(chosen)
        judged = [dot for dot in found if dot.value is not None]
        if not judged:
            return f"{name}: nothing was measured against {self.called}"
        sides = {side: [dot for dot in judged if dot.verdict == side] for side in (ABOVE, BELOW, OPEN, BARE)}
        undecided = len(sides[OPEN]) + len(sides[BARE])
        if undecided == len(judged):
            return f"{name}: whether any {self.axis} {'costs' if self.cost else 'brings'} time is {UNRESOLVED}"
        if sides[ABOVE]:
            most = max(sides[ABOVE], key=lambda dot: dot.value or 0)
            ratio = units.ratio(most.value, most.low, most.high)
            rest = f"{len(sides[ABOVE])} of {len(judged)} cases"
            if self.cost:
                return f"{name}: {most.label} takes {ratio} the time of {self.called}; slower in {rest}"
            return f"{name}: {most.label} is {ratio} as fast as {self.called}; {rest} beat {self.called}"
        tail = f", {undecided} cannot be told from it" if undecided else ""
        side = "faster" if self.cost else "slower"
        none = f"no {self.axis} is slower than" if self.cost else f"no {self.axis} beats"
        return f"{name}: {none} {self.called}; {len(sides[BELOW])} of {len(judged)} cases are {side}{tail}"

    def describe(self, rows: Sequence[Row]) -> str:
        """The chart in words, for those who cannot see it: the finding, then every case."""
        _, found = self._prepared(rows)
        what = "Time" if self.cost else "Speed"
        return f"{self.finding(rows)}. {what} against {self.called}: {dot_plot.said(found, units.ratio)}."

    def _subject(self, rows: Sequence[Row]) -> str:
        names = row_groups.distinct(row.workload for row in rows)
        return names[0].partition("/")[0] if self.families else names[0]

    def _compared(self, rows: Sequence[Row]) -> list[Row]:
        """Rows with a twin, and the lost ones; the twins are the line at 1 and need no dot."""
        chosen = [
            row
            for row in row_groups.one_clock(rows)
            if row.axis(self.axis) not in (None, self.plain) and (not row.ok or twin(row, self.axis, self.plain))
        ]
        names = [name for name in row_groups.varying(chosen) if name != self.axis]
        return sorted(
            chosen,
            key=lambda row: (
                row.workload,
                *row_groups.by_params(row, names),
                *row_groups.by_params(row, [self.axis]),
            ),
        )

    def _prepared(self, rows: Sequence[Row]) -> tuple[list[Row], list[Dot]]:
        advice = chart_cases.command(rows, f"{self.axis}={self.values}")
        chart_cases.require(rows, advice)
        if not self.families:
            chart_cases.single_workload(rows, advice)
        compared = self._compared(rows)
        if not compared:
            raise UserError(f"no case has a twin with {self.axis}={self.plain} to be compared with: {advice}")
        return compared, [self._dot(row, self._label(row, compared)) for row in compared]

    def _dot(self, row: Row, label: str) -> Dot:
        found = twin(row, self.axis, self.plain)
        if not row.ok or found is None:
            return Dot(label, None, None, None, "no value" if row.ok else row.outcome.value, 1.0)
        value, low, high = found.ratio.value, found.ratio.low, found.ratio.high
        if self.cost:
            value, low, high = 1 / value, high and 1 / high, low and 1 / low
        dot = Dot(label, value, low, high, units.ratio_parts(value, low, high)[0], 1.0)
        word = dot.verdict if dot.verdict in (OPEN, BARE) else dot.word
        return replace(dot, word=word + self.also(row))

    def _label(self, row: Row, compared: Sequence[Row]) -> str:
        """The value of the axis, and whatever else tells this case from the others."""
        names = [name for name in row_groups.varying(compared) if name != self.axis and name in row.params]
        texts = [shown(name, row.params[name]) for name in names]
        if len(row_groups.machines(compared)) > 1:
            texts.append(f"on {row.machine}")
        if self.families:
            return ", ".join([row.workload.partition("/")[2].replace("_", " "), *texts])
        return ", ".join([str(row.params[self.axis]), *texts])

    def _footer(self, rows: Sequence[Row]) -> str:
        def method(row: Row) -> str:
            found = twin(row, self.axis, self.plain) or row.speedup
            return found.ratio.method if found else ""

        text = provenance(rows, method)
        pairing = {found.paired for row in rows if (found := twin(row, self.axis, self.plain))}
        # One method says itself how it was paired.
        return text if "paired" in text or not pairing else f"{text} · {_PAIRING[frozenset(pairing)]}"


def twin(row: Row, axis: str, plain: Value) -> Speedup | None:
    """The speed-up of a row against its twin on an axis; None where it has none.

    From the row's `twins`, else from the speed-up that it carries, where that is against such a twin.
    """
    found = (row.twins or {}).get(axis) or row.speedup
    if found is None:
        return None
    # A speed-up against another axis may have a reference with the plain value too: then the row has it as well.
    differs = row.axis(axis) not in (None, plain)
    return found if differs and Case.from_key(found.reference).axes.get(axis) == plain else None
