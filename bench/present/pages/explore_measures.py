"""The measures that the page `explore` can draw along y: a number of a row with its interval, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.analyse.rows.row import Row
from bench.present import row_groups
from bench.present.words import units
from bench.present.words.ratio_words import ON_CPU, on_cpu
from bench.series import STEP, Series
from bench.stats.intervals import Interval


@dataclass(frozen=True)
class Measure:
    """A number that rows have, and how it is shown."""

    name: str
    title: str
    of: Callable[[Row], Interval | None]
    """The number of a row; its ends are None if there is no interval."""
    ticks: str
    """The kind of its numbers: a name in `explore_page.TICKS`."""
    text: Callable[[Row], str]
    """Value and interval, as in the tables."""
    how: Callable[[Row], str]
    """The method of the interval, or why there is none; empty if that is not known."""
    clocked: bool = True
    """True if each clock has its own number."""
    factor: float = 1.0
    """The divisor of the number, so that ticks are round in the unit of the title."""


def _launched(row: Row) -> str:
    return row.method


def _first(row: Row) -> str:
    if row.first_call is None or row.first_call.low is None:
        return "one launch has this number: no interval"
    return "over launches, each of which has one first call"


def _rate(row: Row) -> str:
    rate, within = units.rate_parts(*units.ends(row.rate), row.work.unit or "item")
    return rate if within == units.DASH else f"{rate} {within}"


def _peak(row: Row) -> Interval | None:
    return None if row.peak_bytes is None else Interval(row.peak_bytes, None, None, row.launches, "")


def _speedup(row: Row) -> Interval | None:
    return row.speedup.ratio if row.speedup else None


def _how_fast(row: Row) -> str:
    if row.speedup is None:
        return ""
    return f"{row.speedup.ratio.method}, {ON_CPU}" if on_cpu(row) else row.speedup.ratio.method


MEASURES = (
    Measure(
        "time", "time per step", lambda row: row.time, "seconds",
        lambda row: units.interval(*units.ends(row.time)), _launched,
    ),
    Measure(
        "mean", "mean time per step", lambda row: row.mean, "seconds",
        lambda row: units.interval(*units.ends(row.mean)), lambda row: row.mean.method if row.mean else "",
    ),
    Measure(
        "throughput", "throughput", lambda row: row.rate, "count", _rate,
        lambda row: row.rate.method if row.rate else "",
    ),
    Measure(
        "first_call", "first call", lambda row: row.first_call, "seconds",
        lambda row: units.interval(*units.ends(row.first_call)), _first, clocked=False,
    ),
    Measure(
        "peak", "peak memory in MiB", _peak, "plain", lambda row: units.size(row.peak_bytes),
        lambda row: "the largest of all launches: a maximum has no interval", clocked=False, factor=1024.0**2,
    ),
    Measure(
        "speedup", "speed-up", _speedup, "ratio", lambda row: units.ratio(*units.ends(_speedup(row))),
        _how_fast,
    ),
)  # fmt: skip
"""The measures in the order in which they are offered."""


def offered(rows: Sequence[Row]) -> list[Measure]:
    """The measures that any of these rows has a number for; the time if there are none."""
    measured = [row for row in rows if row.ok]
    return [each for each in MEASURES if any(each.of(row) is not None for row in measured)] or [MEASURES[0]]


def described(measure: Measure, rows: Sequence[Row], vs: str | None) -> dict[str, Any]:
    """A measure as data of the page. vs: the reference of the speed-ups (`mode=eager`), for the title."""
    title = measure.title
    if measure.name == "throughput":
        names = row_groups.distinct(row.work.unit for row in rows if row.ok)
        title = f"{title} in {units.plural(names[0] if len(names) == 1 else 'item')} per second"
    if measure.name == "speedup" and vs:
        title = f"{title} against {vs}"
    return {"name": measure.name, "title": title, "ticks": measure.ticks, "clocked": measure.clocked}


def number_of(measure: Measure, row: Row, clock: str, references: set[str]) -> Mapping[str, Any]:
    """The `value`, `low`, `high` (as drawn), `text` and `how` of a row that was measured; or `why` there is no number.

    clock: the clock asked for, which may not be the row's. references: keys of the cases that others are compared with.
    """
    if measure.clocked and row.clock != clock:
        return {"why": _no_clock(row, clock)}
    number = measure.of(row)
    if number is None:
        return {"why": _no_number(measure, row, references)}
    fields = {"value": number.value / measure.factor, "text": measure.text(row)}
    if number.low is None or number.high is None:
        return {**fields, "how": measure.how(row) or "no interval was stated"}
    return {**fields, "how": measure.how(row) or "not stated", "low": number.low, "high": number.high}


def _no_clock(row: Row, clock: str) -> str:
    reason = (row.no_clock or {}).get(Series(STEP, clock))
    if reason:
        return reason
    if row.axis("device", "cpu") == "cpu":
        return f"the CPU has no such clock: see {row_groups.CLOCKS[0]}"
    return f"the {clock} clock did not time it"


def _no_number(measure: Measure, row: Row, references: set[str]) -> str:
    if measure.name != "speedup":
        return f"{measure.title.partition(' in ')[0]} was not measured"
    return "others are compared with it" if row.key in references else "there is no case to compare it with"
