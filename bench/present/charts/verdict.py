"""Did it get slower? The ratios of a gate, case by case, with their verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.present import row_groups
from bench.present.charts import chart_cases, dot_plot
from bench.present.charts.chart_lines import provenance, reasons
from bench.present.charts.dot_plot import BELOW, Dot
from bench.present.row_groups import OK, Row
from bench.present.tables.gate_report import MEANINGS, short
from bench.present.words import units
from bench.records import UserError
from bench.stats.missing_numbers import number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

NAME = "verdict"
QUESTION = "Which cases got slower, and which surely did not?"
NEEDS = (
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

SUBJECT = "gate"
"""Stands for a workload: the chart has all cases of a gate."""

LOOKS = {
    "regressed": dot_plot.ABOVE,
    "improved": dot_plot.BELOW,
    "not_slower": dot_plot.PLAIN,
    "not_resolved": dot_plot.OPEN,
}
"""How a verdict looks: the gate says what an interval allows to say, not the place of the line."""


def selections(records: Sequence[Row]) -> list[chart_cases.Selection]:
    """Charts of the cases of a gate, the worst verdict first, in portions that fit."""
    entries = [(short(str(row["key"])), (str(row["key"]),)) for row in _ordered(records)]
    return list(chart_cases.parts(SUBJECT, entries, dot_plot.LABEL_LETTERS, dot_plot.MOST_ROWS)) if entries else []


def draw(frame: pd.DataFrame, theme: str = "light") -> Figure:
    """Ratios with intervals beside slack and limit. Raises `UserError` for what is no gate."""
    records = _prepared(frame)
    slack, limit = (float(records[0][name]) for name in ("slack", "limit"))
    plot = dot_plot.Plot(
        title=finding(frame),
        dots=[_dot(row) for row in records],
        caption="head ÷ base, 1 = no change, right is slower",
        text=lambda value: f"{value:.4g}",
        footer=provenance(records),
        notes=(
            f"Dashed: slower by {100 * slack:g} % is a regression, by {100 * limit:g} % is excluded where not slower.",
            *reasons(records),
        ),
        line=1.0,
        good=BELOW,
        marks=(1 + slack, 1 + limit),
        hollow="Hollow: the pairs do not decide it.",
    )
    return dot_plot.draw(plot, theme)


def finding(frame: pd.DataFrame) -> str:
    """The verdict, and the case it rests on."""
    records = _prepared(frame)
    counts = {name: sum(row["verdict"] == name for row in records) for name in MEANINGS}
    told = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.items() if number)
    worst = records[0]
    if worst["verdict"] != "regressed":
        return f"Of {len(records)} cases: {told}"
    ratio = units.ratio(*(number(worst.get(name)) for name in ("ratio", "ratio_low", "ratio_high")))
    return f"{short(str(worst['key']))} regressed: it takes {ratio} the time; of {len(records)} cases: {told}"


def describe(frame: pd.DataFrame) -> str:
    """The chart in words, for those who cannot see it: the finding, then every case."""
    return f"{finding(frame)}. Head ÷ base: {dot_plot.said([_dot(row) for row in _prepared(frame)], units.ratio)}."


def _ordered(records: Sequence[Row]) -> list[Row]:
    order = list(MEANINGS)
    own = [row for row in records if row.get("verdict") in order]
    return sorted(own, key=lambda row: (order.index(row["verdict"]), -(number(row.get("ratio")) or 0.0)))


def _dot(row: Row) -> Dot:
    value, low, high = (number(row.get(name)) for name in ("ratio", "ratio_low", "ratio_high"))
    verdict = str(row["verdict"]).replace("_", " ")
    if row["outcome"] != OK or value is None:
        return Dot(short(str(row["key"])), None, None, None, row["outcome"] if row["outcome"] != OK else verdict, 1.0)
    word = f"{verdict}, {int(row['pairs'])} pairs"
    return Dot(short(str(row["key"])), value, low, high, word, 1.0, LOOKS.get(row["verdict"], dot_plot.BARE))


def _prepared(frame: pd.DataFrame) -> list[Row]:
    records = _ordered(row_groups.rows(frame))
    if not records or any(name not in frame.columns for name in NEEDS):
        raise UserError("a verdict is drawn of a run of bench gate: bench gate --out RUN, then bench plot RUN")
    return records
