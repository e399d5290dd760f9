"""A history for people and programs: alerts first, the series behind them below."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from bench.analyse.history.level_changes import FALSE_DISCOVERIES
from bench.analyse.history.series import Alert, History, HistorySeries, LevelChange
from bench.analyse.protocols import OLDER, environment_of, machine_of
from bench.present.tables import table_formats
from bench.present.tables.gate_report import short
from bench.present.tables.terminal_table import Column
from bench.present.words import units
from bench.records import UNKNOWN
from bench.stats.change_points import FEWEST
from bench.store.environments import DIFFERS, UNSET
from bench.store.schema import STEADY_VISITS

SCHEMA = 1
"""Version of the JSON that `bench history --format json` writes."""

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
"""Letters of a commit that are shown: enough to find it in any repository (git itself shows 7 to 12)."""


def show(history: History, new: Sequence[Alert] | None, format_: str, *, width: int = 100, color: bool = False) -> str:
    """The history in one of the formats of tables; ends in a newline. new: the alerts not known before, or None."""
    table_formats.check_format(format_)
    if format_ == "json":
        return (
            json.dumps(table_formats.plain(as_json(history, new)), indent=2, allow_nan=False, ensure_ascii=False) + "\n"
        )
    if format_ == "csv":
        rows = [
            {"alert": number, "new": _is_new(alert, new), **asdict(change)}
            for number, alert in _numbered(history.alerts)
            for change in alert.changes
        ]
        return table_formats.as_csv(rows, ["alert", "new", *LevelChange.__dataclass_fields__])
    table = ""
    if history.alerts:
        rows = [
            {**_row(number, change, alert), "new": "new" if _is_new(alert, new) else ""}
            for number, alert in _numbered(history.alerts)
            for change in alert.changes
        ]
        columns = [column for column in COLUMNS if new is not None or column.name != "new"]
        table = table_formats.render(rows, columns, format_, width=width, color=color) + "\n"
    return "\n".join(heading(history)) + "\n\n" + table + "\n".join(below(history, new)) + "\n"


def as_json(history: History, new: Sequence[Alert] | None) -> dict[str, Any]:
    """The stable object for programs: alerts with their level changes, and all series with values and segments."""
    return {
        "schema": SCHEMA,
        "false_discoveries": FALSE_DISCOVERIES,
        "alerts": [
            {
                "after_commit": alert.after_commit,
                "until_commit": alert.until_commit,
                "worse": alert.worse,
                "new": _is_new(alert, new),
                "marks": [asdict(change) for change in alert.changes],
            }
            for alert in history.alerts
        ],
        "series": [_series(series, history.changes) for series in history.series],
    }


def _series(series: HistorySeries, changes: Sequence[LevelChange]) -> dict[str, Any]:
    own = [change.place for change in changes if change.series == series.series]
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


def heading(history: History) -> list[str]:
    """The lines above the table: what was searched."""
    lately = [item for item in history.series if item.segments[-1].searched]
    commits = len({commit for item in history.series for commit in item.commits})
    machines = len({item.machine for item in history.series})
    lines = [f"{len(history.series)} series, {commits} commits, {machines} machine{'s' if machines != 1 else ''}"]
    if left := len(history.series) - len(lately):
        few = f"fewer than {2 * FEWEST} commits on their present machine and software"
        lines.append(f"{left} of the series have {few}: not searched there")
    breaks = sum(over_to_another_machine(item) for item in history.series)
    if breaks:
        lines.append(f"{breaks} of the series go over a change of machine or software; nothing is compared across it")
    if unlike := environments_of(history.series):
        lines.append(f"{DIFFERS}: {'; '.join(unlike)}. Nothing is compared across that")
    if older := sum(over_to_another_protocol(item) for item in history.series):
        lines.append(
            f"{older} of the series go over to another way to measure (schema {STEADY_VISITS}): a step there is of the "
            "method, and is no change of level"
        )
    return lines


def over_to_another_machine(series: HistorySeries) -> bool:
    """Whether some of its values are of another machine or software than others in the same environment."""
    machines: dict[str, set[str]] = {}
    for part in series.segments:
        machines.setdefault(environment_of(part.fingerprint), set()).add(machine_of(part.fingerprint))
    return any(len(found) > 1 for found in machines.values())


def environments_of(found: Sequence[HistorySeries]) -> list[str]:
    """The environments of series that have several, each with its number of values.

    Variables that all of them have are left out; `unset` is an environment without any other.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    for series in found:
        if len({environment_of(part.fingerprint) for part in series.segments}) > 1:
            for part in series.segments:
                counts[tuple(filter(None, environment_of(part.fingerprint).split(", ")))] += len(part.places)
    shared = set.intersection(*map(set, counts)) if counts else set()
    return [
        f"{', '.join(mark for mark in marks if mark not in shared) or UNSET} in {_values(count)}"
        for marks, count in counts.most_common()
    ]


def _values(count: int) -> str:
    return f"{count} value{'s' if count != 1 else ''}"


def over_to_another_protocol(series: HistorySeries) -> bool:
    """Whether some of the values were measured by the older protocol, and others not."""
    older = [part.fingerprint.endswith(OLDER) for part in series.segments]
    return any(older) and not all(older)


def below(history: History, new: Sequence[Alert] | None) -> Iterator[str]:
    """The lines below the table: what the level changes mean, and how far they can be trusted."""
    if not history.alerts:
        yield "no change of level"
        return
    worse = sum(alert.worse for alert in history.alerts)
    yield f"{len(history.alerts)} alert{'s' if len(history.alerts) != 1 else ''}, {worse} with something slower"
    if new is not None:
        yield f"{len(new)} of them new" if new else "none of them new"
    yield (
        f"A change lies after the first commit named and not after the second. At most {FALSE_DISCOVERIES:.0%} of the "
        "changes are expected to be chance (Benjamini and Hochberg), provided that values wander no further than "
        "their neighbours show."
    )


def finding(series: HistorySeries, changes: Sequence[LevelChange]) -> str:
    """The title of a chart: the last level change, or that there is none."""
    name = short(series.key)
    present = series.segments[-1]
    lately = [change for change in changes if change.fingerprint == present.fingerprint]
    if not lately:
        by = "the way to measure" if over_to_another_protocol(series) else _by_what(series)
        since = f" since {by} changed" if len(series.segments) > 1 else ""
        what = "no change of level" if present.searched else "not resolved: too few commits to search"
        return f"{name}: {what}{since}"
    last = lately[-1]
    what = "time" if last.unit == "s" else f"value, which is {direction(last)},"
    more = f" (the last of {len(changes)} changes)" if len(changes) > 1 else ""
    return f"{name}: {units.ratio(last.ratio, last.low, last.high)} the {what} since {commit(last.commit)}{more}"


def _by_what(series: HistorySeries) -> str:
    """What changed at the border of two segments, where it is not the way to measure."""
    return "its machine or software" if over_to_another_machine(series) else "its environment"


def direction(change: LevelChange) -> str:
    """The direction of a level change: slower or faster for times, worse or better for other units."""
    if change.unit == "s":
        return "slower" if change.worse else "faster"
    return "worse" if change.worse else "better"


def commit(name: str) -> str:
    """A commit as it is shown: a hash is cut, any other name is not."""
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


def _row(number: int, change: LevelChange, alert: Alert) -> dict[str, str]:
    return {
        "alert": str(number),
        "between": f"{commit(alert.after_commit)} … {commit(alert.until_commit)}",
        "case": short(change.key),
        "clock": change.clock,
        "machine": machine(change.machine),
        "change": direction(change),
        "after ÷ before": f"{change.ratio:.3f}",
        "interval": f"{change.low:.3f} to {change.high:.3f}",
        "before": quantity(change.before, change.unit),
        "after": quantity(change.after, change.unit),
        "values since": str(change.values_after),
    }
