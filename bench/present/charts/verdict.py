"""The chart `verdict`: did it get slower? The ratios of a gate, case by case, with their verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.analyse.rows.row import GateVerdict, Row
from bench.present.charts import chart_cases, dot_plot
from bench.present.charts.chart import Chart, Selection
from bench.present.charts.chart_lines import provenance, reasons
from bench.present.charts.dot_plot import BELOW, Dot
from bench.present.tables.gate_report import MEANINGS, short
from bench.present.words import units
from bench.records import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


SUBJECT = "gate"
"""Placeholder for a workload: the chart shows all cases of a gate."""

LOOKS = {
    "regressed": dot_plot.ABOVE,
    "improved": dot_plot.BELOW,
    "not_slower": dot_plot.PLAIN,
    "not_resolved": dot_plot.OPEN,
}
"""Looks of the verdicts: the rule of the gate decides them, not the interval and the line at 1."""


def _ordered(rows: Sequence[Row]) -> list[Row]:
    order = list(MEANINGS)
    own = [(row, row.verdict) for row in rows if row.verdict and row.verdict.verdict in order]
    return [row for row, _ in sorted(own, key=lambda each: (order.index(each[1].verdict), -_ratio(each[1])))]


def _ratio(verdict: GateVerdict) -> float:
    return verdict.ratio.value if verdict.ratio else 0.0


def _verdict_of(row: Row) -> GateVerdict:
    """The verdict of a row that has one. Raises `ValueError` for any other."""
    if row.verdict is None:
        raise ValueError(f"{row.key} has no verdict")
    return row.verdict


def _dot(row: Row) -> Dot:
    verdict = _verdict_of(row)
    words = verdict.verdict.replace("_", " ")
    if not row.ok or verdict.ratio is None:
        return Dot(short(row.key), None, None, None, words if row.ok else row.outcome.value, 1.0)
    ratio, look = verdict.ratio, LOOKS.get(verdict.verdict, dot_plot.BARE)
    return Dot(short(row.key), ratio.value, ratio.low, ratio.high, f"{words}, {verdict.pairs} pairs", 1.0, look)


def _prepared(rows: Sequence[Row]) -> list[Row]:
    judged = _ordered(rows)
    if not judged:
        raise UserError("a verdict is drawn of a run of bench gate: bench gate --out RUN, then bench plot RUN")
    return judged


class VerdictChart(Chart):
    """The chart `verdict`: did it get slower? The ratios of a gate, case by case, with their verdicts."""

    name = "verdict"
    question = "Which cases got slower, and which surely did not?"
    needs = (
        "key",
        "workload",
        "params",
        "outcome",
        "verdict",
        "ratio",
        "ratio_low",
        "ratio_high",
        "pairs",
        "slack",
        "limit",
    )

    def suits(self, rows: Sequence[Row]) -> bool:
        """True if these are the verdicts of a gate."""
        return any(row.verdict for row in rows)

    def selections(self, rows: Sequence[Row]) -> list[Selection]:
        """Charts of the cases of a gate, the worst verdict first, in portions that fit."""
        entries = [(short(row.key), (row.key,)) for row in _ordered(rows)]
        return list(chart_cases.parts(SUBJECT, entries, dot_plot.LABEL_LETTERS, dot_plot.MOST_ROWS)) if entries else []

    def draw(self, rows: Sequence[Row], theme: str = "light") -> Figure:
        """Ratios with intervals, and dashed lines at slack and limit. Raises `UserError` without verdicts of a gate."""
        chosen = _prepared(rows)
        slack, limit = _verdict_of(chosen[0]).slack, _verdict_of(chosen[0]).limit
        plot = dot_plot.Plot(
            title=self.finding(rows),
            dots=[_dot(row) for row in chosen],
            caption="head ÷ base, 1 = no change, right is slower",
            text=lambda value: f"{value:.4g}",
            footer=provenance(chosen),
            notes=(
                f"Dashed: slower by {100 * slack:g} % is a regression, by {100 * limit:g} % is excluded "
                "where not slower.",
                *reasons(chosen),
            ),
            line=1.0,
            good=BELOW,
            marks=(1 + slack, 1 + limit),
            hollow="Hollow: the pairs do not decide it.",
        )
        return dot_plot.draw(plot, theme)

    def finding(self, rows: Sequence[Row]) -> str:
        """The number of cases with each verdict, and the worst case if it regressed."""
        chosen = _prepared(rows)
        counts = {name: sum(_verdict_of(row).verdict == name for row in chosen) for name in MEANINGS}
        listed = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.items() if number)
        worst = _verdict_of(chosen[0])
        if worst.verdict != "regressed":
            return f"Of {len(chosen)} cases: {listed}"
        ratio = units.ratio(*units.ends(worst.ratio))
        return f"{short(chosen[0].key)} regressed: it takes {ratio} the time; of {len(chosen)} cases: {listed}"

    def describe(self, rows: Sequence[Row]) -> str:
        """The chart in words, for those who cannot see it: the finding, then every case."""
        ratios = dot_plot.in_words([_dot(row) for row in _prepared(rows)], units.ratio)
        return f"{self.finding(rows)}. Head ÷ base: {ratios}."


CHART = VerdictChart()
