"""A history as people and programs read it: alerts first, the series behind them below."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from bench.analyse.history.level_changes import FALSE_DISCOVERIES
from bench.analyse.history.series import Alert, History, HistorySeries, LevelChange
from bench.present.tables import table_formats
from bench.present.tables.gate_report import short
from bench.present.tables.terminal_table import Column
from bench.present.words import units
from bench.records import UNKNOWN
from bench.stats.change_points import FEWEST

SCHEMA = 1
"""Of the JSON that `bench history --format json` writes."""

COLUMNS = (
    Column("alert", right=True),
    Column("new"),
    Column("between"),
    Column("case", wrap=True),
    Column("clock", drop=3),
    Column("machine", drop=2, wrap=True),
    Column("change"),
    Column("after ÷ before", right=True),
    Column("interval", right=True),
    Column("before", right=True, drop=4),
    Column("after", right=True, drop=4),
    Column("values since", right=True, drop=1),
)

_LETTERS = 12
"""Of a commit that are shown: enough to find it, in any repository (git itself shows 7 to 12)."""


def show(found: History, new: Sequence[Alert] | None, format_: str, *, width: int = 100, color: bool = False) -> str:
    """In one of the formats of tables; ends in a newline. new: the alerts that were not known, where that was asked."""
    table_formats.check_format(format_)
    if format_ == "json":
        return (
            json.dumps(table_formats.plain(as_json(found, new)), indent=2, allow_nan=False, ensure_ascii=False) + "\n"
        )
    if format_ == "csv":
        rows = [
            {"alert": number, "new": _is_new(alert, new), **asdict(mark)}
            for number, alert in _numbered(found.alerts)
            for mark in alert.changes
        ]
        return table_formats.as_csv(rows, ["alert", "new", *LevelChange.__dataclass_fields__])
    table = ""
    if found.alerts:
        rows = [
            {**_row(number, mark, alert), "new": "new" if _is_new(alert, new) else ""}
            for number, alert in _numbered(found.alerts)
            for mark in alert.changes
        ]
        columns = [column for column in COLUMNS if new is not None or column.name != "new"]
        table = table_formats.render(rows, columns, format_, width=width, color=color) + "\n"
    return "\n".join(heading(found)) + "\n\n" + table + "\n".join(below(found, new)) + "\n"


def as_json(found: History, new: Sequence[Alert] | None) -> dict[str, Any]:
    """What programs may rely on: alerts with their marks, and every series with its values and segments."""
    return {
        "schema": SCHEMA,
        "false_discoveries": FALSE_DISCOVERIES,
        "alerts": [
            {
                "after_commit": alert.after_commit,
                "until_commit": alert.until_commit,
                "worse": alert.worse,
                "new": _is_new(alert, new),
                "marks": [asdict(mark) for mark in alert.changes],
            }
            for alert in found.alerts
        ],
        "series": [_series(series, found.changes) for series in found.series],
    }


def _series(series: HistorySeries, marks: Sequence[LevelChange]) -> dict[str, Any]:
    own = [mark.place for mark in marks if mark.series == series.series]
    return {
        "key": series.key,
        "clock": series.clock,
        "machine": series.machine,
        "unit": series.unit,
        "higher_is_better": series.higher_is_better,
        "changes": own,
        "segments": [{"fingerprint": part.fingerprint, "places": part.places} for part in series.segments],
        "commits": series.commits,
        "times": series.times,
        "values": series.values.tolist(),
        "launches": series.launches,
    }


def heading(found: History) -> list[str]:
    """What was searched."""
    lately = [item for item in found.series if item.segments[-1].searched]
    commits = len({commit for item in found.series for commit in item.commits})
    machines = len({item.machine for item in found.series})
    lines = [f"{len(found.series)} series, {commits} commits, {machines} machine{'s' if machines != 1 else ''}"]
    if left := len(found.series) - len(lately):
        few = f"fewer than {2 * FEWEST} commits on their present machine and software"
        lines.append(f"{left} of the series have {few}: not searched there")
    breaks = sum(len(item.segments) > 1 for item in found.series)
    if breaks:
        lines.append(f"{breaks} of the series go over a change of machine or software; nothing is compared across it")
    return lines


def below(found: History, new: Sequence[Alert] | None) -> Iterator[str]:
    """What the marks mean, and how far they can be trusted."""
    if not found.alerts:
        yield "no change of level"
        return
    worse = sum(alert.worse for alert in found.alerts)
    yield f"{len(found.alerts)} alert{'s' if len(found.alerts) != 1 else ''}, {worse} with something slower"
    if new is not None:
        yield f"{len(new)} of them new" if new else "none of them new"
    yield (
        f"A change lies after the first commit named and not after the second. At most {FALSE_DISCOVERIES:.0%} of the "
        "marks are expected to be chance (Benjamini and Hochberg), as far as values wander no further than their "
        "neighbours tell."
    )


def finding(series: HistorySeries, marks: Sequence[LevelChange]) -> str:
    """The title of a chart: the last change, or that there is none."""
    name = short(series.key)
    present = series.segments[-1]
    lately = [mark for mark in marks if mark.fingerprint == present.fingerprint]
    if not lately:
        since = " since its machine or software changed" if len(series.segments) > 1 else ""
        what = "no change of level" if present.searched else "not resolved: too few commits to search"
        return f"{name}: {what}{since}"
    last = lately[-1]
    what = "time" if last.unit == "s" else f"value, which is {change(last)},"
    more = f" (the last of {len(marks)} changes)" if len(marks) > 1 else ""
    return f"{name}: {units.ratio(last.ratio, last.low, last.high)} the {what} since {commit(last.commit)}{more}"


def change(mark: LevelChange) -> str:
    """Slower or faster for times; worse or better for other units."""
    if mark.unit == "s":
        return "slower" if mark.worse else "faster"
    return "worse" if mark.worse else "better"


def commit(name: str) -> str:
    """A commit as it is shown: a hash is cut, another name is not."""
    head, plus, tail = name.partition("+")
    is_hash = len(head) >= 20 and all(letter in "0123456789abcdef" for letter in head)
    return f"{head[:_LETTERS]}{plus}{tail}" if is_hash else name


def machine(name: str) -> str:
    """A machine as it is shown."""
    return "machine not known" if name == UNKNOWN else name


def quantity(value: float, unit: str) -> str:
    """A value of a series with its unit."""
    return units.seconds(value) if unit == "s" else f"{value:.4g} {unit}".rstrip()


def _is_new(alert: Alert, new: Sequence[Alert] | None) -> bool | None:
    return None if new is None else alert in new


def _numbered(alerts: Sequence[Alert]) -> list[tuple[int, Alert]]:
    return list(enumerate(alerts, start=1))


def _row(number: int, mark: LevelChange, alert: Alert) -> dict[str, str]:
    return {
        "alert": str(number),
        "between": f"{commit(alert.after_commit)} … {commit(alert.until_commit)}",
        "case": short(mark.key),
        "clock": mark.clock,
        "machine": machine(mark.machine),
        "change": change(mark),
        "after ÷ before": f"{mark.ratio:.3f}",
        "interval": f"{mark.low:.3f} to {mark.high:.3f}",
        "before": quantity(mark.before, mark.unit),
        "after": quantity(mark.after, mark.unit),
        "values since": str(mark.values_after),
    }
