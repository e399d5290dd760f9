"""The rows of a frame as lines of a chart, and what can be said of two of their points. Nothing here draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench.present import row_groups
from bench.present.row_groups import OK, Row
from bench.present.words import machine_labels, units
from bench.records import UNIVERSAL_AXES
from bench.stats.intervals import ratio_of
from bench.stats.missing_numbers import number

UNRESOLVED = "not resolved by this data"


@dataclass(frozen=True)
class LinePoint:
    """A measured value with its interval; `low` and `high` are None where there is none."""

    x: float
    value: float
    low: float | None
    high: float | None
    x_low: float | None = None
    x_high: float | None = None
    """Ends of the interval of `x`, where that was measured."""

    @property
    def bounded(self) -> bool:
        """Whether the value has an interval."""
        return self.low is not None and self.high is not None


@dataclass(frozen=True)
class Loss:
    """A case that gave no number, and where it belongs."""

    x: float
    outcome: str
    reason: str


@dataclass(frozen=True)
class ChartLine:
    """One line: its label, the points in order of x, and the cases that gave none."""

    label: str
    points: tuple[LinePoint, ...]
    losses: tuple[Loss, ...]
    keys: tuple[str, ...]
    source: tuple[str, Any] | None = None
    """Column and value that tell its rows from those of another machine or run; None where there is one alone."""
    group: str = ""
    """Lines of one group have one colour and marker, and one label, at the first of them."""

    def rows(self, records: Sequence[Row]) -> list[Row]:
        """Those of its cases that gave a number."""
        own = [row for row in records if str(row["key"]) in self.keys and row["outcome"] == OK]
        return own if self.source is None else [row for row in own if row.get(self.source[0]) == self.source[1]]


def split(records: Sequence[Row], axis: str, value: str, low: str, high: str) -> list[ChartLine]:
    """A series for each combination of whatever varies besides `axis`; `value`, `low`, `high` name columns."""
    records = [row for row in records if number(row["params"].get(axis)) is not None]
    names = [name for name in row_groups.varying(records) if name != axis]
    sources = [name for name in ("machine", "run") if len(row_groups.distinct(records, name)) > 1][:1]
    parts = machine_labels.labels(map(_part, records)) if sources == ["machine"] else {}
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in records:
        mark = (*(row["params"].get(name) for name in names), *(row.get(name) for name in sources))
        groups.setdefault(mark, []).append(row)
    made = []
    for mark in sorted(groups, key=lambda mark: tuple(row_groups.order(item) for item in mark)):
        line = _series(_label([*names, *sources], mark, groups[mark][0], parts), groups[mark], axis, (value, low, high))
        made.append(replace(line, source=(sources[0], mark[-1])) if sources else line)
    return made


def _part(row: Row) -> tuple[str, str]:
    """What computed a row: its machine, and the device in it."""
    return str(row["machine"]), str(row["params"].get("device", "cpu"))


def _label(names: Sequence[str], mark: Sequence[Any], row: Row, parts: Mapping[tuple[str, str], str]) -> str:
    """The values that tell a line apart; of several machines the part of it that computed stands for its device."""
    told = {"device", "machine"} if parts else set()
    texts = [shown(name, item) for name, item in zip(names, mark, strict=True) if item is not None and name not in told]
    return " ".join([*([parts[_part(row)]] if parts else []), *texts])


def shown(name: str, value: Any) -> str:
    """The value of an axis in a label: names speak for themselves, numbers need their axis."""
    if name == "threads" and isinstance(value, int):
        return f"{value} thread{'' if value == 1 else 's'}"
    if isinstance(value, str) and (name in UNIVERSAL_AXES or not value.isdigit()):
        return f"{value} threads" if name == "threads" else value
    return f"{name} {value}"


def _series(label: str, rows: Sequence[Row], axis: str, columns: tuple[str, str, str]) -> ChartLine:
    points: dict[float, LinePoint] = {}
    losses: list[Loss] = []
    for row in rows:
        x = float(row["params"][axis])
        value, low, high = (number(row.get(name)) for name in columns)
        if row["outcome"] == OK and value is not None and value > 0:
            bounded = low is not None and high is not None and low > 0
            points[x] = LinePoint(x, value, low if bounded else None, high if bounded else None)
        else:
            outcome = row["outcome"] if row["outcome"] != OK else "no value"
            losses.append(Loss(x, outcome, row["reason"]))
    ordered = tuple(points[x] for x in sorted(points))
    return ChartLine(label, ordered, tuple(losses), tuple(dict.fromkeys(str(row["key"]) for row in rows)))


def quotient(top: LinePoint, bottom: LinePoint) -> tuple[float, float | None, float | None]:
    """`top` ÷ `bottom`, with the interval of independent estimates, or None for its ends."""
    if top.low is None or top.high is None or bottom.low is None or bottom.high is None:
        return top.value / bottom.value, None, None
    return ratio_of((top.value, top.low, top.high), (bottom.value, bottom.low, bottom.high))


def resolved(ratio: tuple[float, float | None, float | None]) -> bool:
    """Whether the interval of a ratio leaves 1 out."""
    _, low, high = ratio
    return low is not None and high is not None and (low > 1 or high < 1)


def at(series: ChartLine, x: float) -> LinePoint | None:
    """The point of a series at `x`."""
    return next((point for point in series.points if point.x == x), None)


def place_text(axis: str, x: float) -> str:
    """Where on the axis, in a sentence: `size 1,024` or `800 rows`."""
    return f"{units.count(x)} {axis}" if axis.endswith("s") else f"{axis} {units.count(x)}"


def lost_text(records: Sequence[Row]) -> str:
    """`6 skipped, 2 oom`: how many cases ended otherwise than ok; empty where all is well."""
    counts = {name: number for name, number in row_groups.outcome_counts(records).items() if name != OK}
    return ", ".join(f"{number} {name}" for name, number in counts.items())


def reasons(records: Sequence[Row]) -> list[str]:
    """`oom: 192 MiB asked`, once for each outcome with its first reason."""
    first: dict[str, str] = {}
    for row in records:
        if row["outcome"] != OK and row["reason"]:
            first.setdefault(row["outcome"], row["reason"])
    return [f"{outcome}: {reason}" for outcome, reason in first.items()]


def provenance(records: Sequence[Row], method: str = "method") -> str:
    """The footer: machine, run, torch, clock, and how the interval was made from how many launches.

    method: the column that tells how the interval that is drawn was made: that of times, or that of speed-ups.
    """
    parts = [" and ".join(row_groups.distinct(records, "machine"))]
    runs = row_groups.distinct(records, "run")
    parts.append(f"run {runs[0]}" if len(runs) == 1 else f"{len(runs)} runs" if runs else "")
    torch = row_groups.distinct(records, "torch")
    parts.append(f"torch {' and '.join(torch)}" if torch else "")
    # What all lines share stands in no label, so it has to stand here.
    parts += [shown(axis, records[0]["params"][axis]) for axis in row_groups.constants(records)]
    clocks = row_groups.distinct(records, "clock")
    parts.append(f"{' and '.join(clocks)} clock" if clocks else "")
    methods = row_groups.distinct([row for row in records if row["outcome"] == OK], method)
    parts.append(
        methods[0] if len(methods) == 1 else f"{len(methods)} interval methods, see the table" if methods else ""
    )
    if not any("launch" in method for method in methods[:1]) or len(methods) > 1:
        numbers = sorted({int(row["launches"]) for row in records if row["outcome"] == OK and row.get("launches")})
        parts.append(
            f"{'–'.join(str(n) for n in dict.fromkeys((numbers[0], numbers[-1])))} launches" if numbers else ""
        )
    return " · ".join(part for part in parts if part)
