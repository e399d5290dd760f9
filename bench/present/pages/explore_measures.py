"""What the page `explore` may draw upwards: of a row of estimates a number with its interval, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.present import row_groups
from bench.present.row_groups import OK, Row
from bench.present.words import units
from bench.stats.missing_numbers import number


@dataclass(frozen=True)
class Measure:
    """A number that rows have, and how it is told."""

    name: str
    title: str
    columns: tuple[str, ...]
    """Value, low and high; the value alone where the table holds no interval."""
    ticks: str
    """Of which kind its numbers are: a name in `explore.TICKS`."""
    text: Callable[[Row], str]
    """Value and interval as the tables say them."""
    how: Callable[[Row], str]
    """How the interval was had, or why there is none; empty where that is not known."""
    clocked: bool = True
    """Does every clock have a number of its own?"""
    factor: float = 1.0
    """What the number of the table is divided by, so that ticks are round in the unit of the title."""


def _launched(row: Row) -> str:
    return str(row.get("method") or "")


def _first(row: Row) -> str:
    if row.get("first_call_s_low") is None:
        return "one launch has this number: no interval"
    return "over launches, each of which has one first call"


def _rate(row: Row) -> str:
    value, low, high = (row.get(f"items_per_s{end}") for end in ("", "_low", "_high"))
    rate, within = units.rate_parts(value, low, high, str(row.get("unit") or "item"))
    return rate if within == units.DASH else f"{rate} {within}"


MEASURES = (
    Measure(
        "time", "time per step", ("value_s", "low_s", "high_s"), "seconds",
        lambda row: units.interval(row["value_s"], row.get("low_s"), row.get("high_s")), _launched,
    ),
    Measure(
        "throughput", "throughput", ("items_per_s", "items_per_s_low", "items_per_s_high"), "count", _rate, _launched,
    ),
    Measure(
        "first_call", "first call", ("first_call_s", "first_call_s_low", "first_call_s_high"), "seconds",
        lambda row: units.interval(*(row.get(f"first_call_s{end}") for end in ("", "_low", "_high"))), _first,
        clocked=False,
    ),
    Measure(
        "peak", "peak memory in MiB", ("peak_bytes",), "plain", lambda row: units.size(row["peak_bytes"]),
        lambda row: "the most of all launches: a most has no interval", clocked=False, factor=1024.0**2,
    ),
    Measure(
        "speedup", "speed-up", ("speedup", "speedup_low", "speedup_high"), "ratio",
        lambda row: units.ratio(row["speedup"], row.get("speedup_low"), row.get("speedup_high")),
        lambda row: str(row.get("speedup_method") or ""),
    ),
)  # fmt: skip
"""In the order in which they are offered."""


def offered(rows: Sequence[Row]) -> list[Measure]:
    """Those that any of these rows has a number of; the time, where there is none at all."""
    timed = [row for row in rows if row["outcome"] == OK]
    return [each for each in MEASURES if any(number(row.get(each.columns[0])) is not None for row in timed)] or [
        MEASURES[0]
    ]


def described(measure: Measure, rows: Sequence[Row], vs: str | None) -> dict[str, Any]:
    """A measure as the page is told of it. vs: what speed-ups refer to (`mode=eager`), for the title."""
    title = measure.title
    if measure.name == "throughput":
        names = row_groups.distinct((row for row in rows if row["outcome"] == OK), "unit")
        title = f"{title} in {units.plural(names[0] if len(names) == 1 else 'item')} per second"
    if measure.name == "speedup" and vs:
        title = f"{title} against {vs}"
    return {"name": measure.name, "title": title, "ticks": measure.ticks, "clocked": measure.clocked}


def number_of(measure: Measure, row: Row, clock: str, references: set[str]) -> Mapping[str, Any]:
    """`value`, `low`, `high` (as drawn), `text` and `how` of a row that was measured; or `why` there is no number.

    clock: the one asked for, which may not be the row's. references: keys of the cases that others are compared with.
    """
    if measure.clocked and row.get("clock") != clock:
        return {"why": _no_clock(row, clock)}
    value, *ends = (number(row.get(column)) for column in measure.columns)
    if value is None:
        return {"why": _no_number(measure, row, references)}
    found = {"value": value / measure.factor, "text": measure.text(row)}
    if not ends or None in ends:
        return {**found, "how": measure.how(row) or "no interval was stated"}
    return {**found, "how": measure.how(row) or "not stated", "low": ends[0], "high": ends[1]}


def _no_clock(row: Row, clock: str) -> str:
    said = (row.get("no_clock") or {}).get(f"step:{clock}")
    if said:
        return str(said)
    if row["params"].get("device", "cpu") == "cpu":
        return f"on the CPU the clocks are one: see {row_groups.CLOCKS[0]}"
    return f"the {clock} clock did not time it"


def _no_number(measure: Measure, row: Row, references: set[str]) -> str:
    if measure.name != "speedup":
        return f"{measure.title.partition(' in ')[0]} was not measured"
    return "others are compared with it" if row["key"] in references else "there is no case to compare it with"
