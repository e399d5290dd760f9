"""A chart of cases against their twins: the same case except for one axis, which has its plainest value in the twin.

Modes against eager, precisions against float32, loaders against the sliced tensor, mistakes against their cures: the
drawing is the same, and each chart has its own words.
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
from bench.present.words.ratio_words import ON_CPU
from bench.records import UserError, Value
from bench.series import CPU

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
    """A chart of the cases along one axis."""

    name: str
    question: str
    axis: str
    plain: Value
    """The value of the axis with which the others are compared."""
    called: str
    """The name of that value in a sentence: `eager`, `the sliced tensor`."""
    values: str
    """Values of the axis in the command that measures what is missing."""
    cost: bool = False
    """True if the chart shows time ÷ time of the twin (above 1 is slower), False if it shows the speed-up."""
    families: bool = False
    """True if there is a chart for each family of workloads, False if there is one for each workload."""
    also: Callable[[Row], str] = _nothing
    """Further text after the ratio of a row."""

    needs: tuple[str, ...] = ("key", "workload", "params", "outcome")
    carries: tuple[str, ...] = ("twins",)

    def selections(self, rows: Sequence[Row]) -> list[Selection]:
        """Charts for each workload that has a twin on the axis, in portions that fit."""
        selections: list[Selection] = []
        groups: dict[str, list[Row]] = {}
        for row in rows:
            groups.setdefault(row.family if self.families else row.workload, []).append(row)
        for name, own_rows in groups.items():
            compared = self._compared(own_rows)
            if any(twin(row, self.axis, self.plain) for row in compared):
                entries = [(self._label(row, compared), (row.key,)) for row in compared]
                selections += chart_cases.parts(name, entries, dot_plot.LABEL_LETTERS, dot_plot.MOST_ROWS)
        return selections

    def draw(self, rows: Sequence[Row], theme: str = "light") -> Figure:
        """Dots with intervals around the line at 1. Raises `UserError` if no case has a twin."""
        chosen, dots = self._prepared(rows)
        better = "left" if self.cost else "right"
        what = "time, " if self.cost else ""
        plot = dot_plot.Plot(
            title=self.finding(rows),
            dots=dots,
            caption=f"{what}1 = {self.called}, {better} is faster",
            text=lambda value: f"{value:g}×",
            footer=self._footer(chosen),
            notes=(*self._clocks(chosen), *reasons(chosen)),
            line=1.0,
            good=BELOW if self.cost else ABOVE,
        )
        return dot_plot.draw(plot, theme)

    def finding(self, rows: Sequence[Row]) -> str:
        """The finding: how many cases are faster, slower or undecided, and which one gains or costs most."""
        chosen, dots = self._prepared(rows)
        name = self._subject(chosen)
        judged = [dot for dot in dots if dot.value is not None]
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
        _, dots = self._prepared(rows)
        what = "Time" if self.cost else "Speed"
        return f"{self.finding(rows)}. {what} against {self.called}: {dot_plot.in_words(dots, units.ratio)}."

    def _subject(self, rows: Sequence[Row]) -> str:
        names = row_groups.distinct(row.workload for row in rows)
        return names[0].partition("/")[0] if self.families else names[0]

    def _compared(self, rows: Sequence[Row]) -> list[Row]:
        """Rows with a twin, and those without a time; the twins are the line at 1 and need no dot."""
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
        speedup = twin(row, self.axis, self.plain)
        if not row.ok or speedup is None:
            return Dot(label, None, None, None, "no value" if row.ok else row.outcome.value, 1.0)
        value, low, high = speedup.ratio.value, speedup.ratio.low, speedup.ratio.high
        if self.cost:
            value, low, high = 1 / value, high and 1 / high, low and 1 / low
        dot = Dot(label, value, low, high, units.ratio_parts(value, low, high)[0], 1.0)
        word = dot.verdict if dot.verdict in (OPEN, BARE) else dot.word
        return replace(dot, word=word + self.also(row))

    def _label(self, row: Row, compared: Sequence[Row]) -> str:
        """The value of the axis, and all else that tells this case from the others."""
        names = [name for name in row_groups.varying(compared) if name != self.axis and name in row.params]
        texts = [shown(name, row.params[name]) for name in names]
        if len(row_groups.machines(compared)) > 1:
            texts.append(f"on {row.machine}")
        if self.families:
            return ", ".join([row.workload.partition("/")[2].replace("_", " "), *texts])
        return ", ".join([str(row.params[self.axis]), *texts])

    def _clocks(self, rows: Sequence[Row]) -> list[str]:
        """Which of the dots are of the CPU clock, where times are of another."""
        ratios = self._ratios(rows)
        cpu = [label for label, speedup in ratios.items() if speedup.clock == CPU]
        if not cpu or all(row.clock == CPU for row in rows if row.ok):
            return []
        which = "all" if len(cpu) == len(ratios) else "; ".join(cpu)
        return [f"Ratios {ON_CPU}, whose intervals are narrower: {which}."]

    def _ratios(self, rows: Sequence[Row]) -> dict[str, Speedup]:
        """The ratio of each dot that has one, by its label."""
        found = {self._label(row, rows): twin(row, self.axis, self.plain) for row in rows}
        return {label: speedup for label, speedup in found.items() if speedup is not None}

    def _footer(self, rows: Sequence[Row]) -> str:
        def method(row: Row) -> str:
            speedup = twin(row, self.axis, self.plain) or row.speedup
            return speedup.ratio.method if speedup else ""

        clocks = row_groups.distinct(speedup.clock for speedup in self._ratios(rows).values())
        text = provenance(rows, method, clocks or None)
        pairing = {speedup.paired for row in rows if (speedup := twin(row, self.axis, self.plain))}
        # A single method already says how it was paired.
        return text if "paired" in text or not pairing else f"{text} · {_PAIRING[frozenset(pairing)]}"


def twin(row: Row, axis: str, plain: Value) -> Speedup | None:
    """The speed-up of a row against its twin on an axis; None if it has none.

    It comes from the row's `twins`, else from the speed-up that the row carries, if that is against such a twin.
    """
    speedup = (row.twins or {}).get(axis) or row.speedup
    if speedup is None:
        return None
    # A speed-up along another axis may also have a reference with the plain value; then the row has that value too.
    differs = row.axis(axis) not in (None, plain)
    return speedup if differs and speedup.reference_case.axes.get(axis) == plain else None
