"""The frame of estimates, read row by row: what all tables, charts and pages ask of it.

A frame has one row a case and clock. Rows leave here as plain dicts in which whatever is missing is None, so that
nobody else has to know the ways in which pandas spells that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from bench.records import UNIVERSAL_AXES, Case, Finding, Outcome

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]

CLOCKS = ("wall", "latency", "device")
"""Wall is the default clock of tables; the order in which clocks are preferred."""

OK = Outcome.OK.value

SEVERITIES = ("error", "warning", "hint")
"""Worst first."""


def rows(frame: pd.DataFrame) -> list[Row]:
    """Every row as a dict: missing values are None, `params` a dict, `findings` a list of `Finding`."""
    return [_row(record) for record in frame.to_dict("records")]


def _row(record: Mapping[Any, Any]) -> Row:
    row: Row = {str(name): _plain(value) for name, value in record.items()}
    if not isinstance(row.get("params"), Mapping):
        row["params"] = Case.from_key(str(row["key"])).axes
    row["params"] = {axis: _plain(value) for axis, value in row["params"].items()}
    row["params"] = {axis: value for axis, value in row["params"].items() if value is not None}
    row["findings"] = as_findings(row.get("findings"))
    row["outcome"] = str(row.get("outcome") or OK)
    row["reason"] = str(row.get("reason") or "")
    return row


def _plain(value: Any) -> Any:
    """A value of pandas or numpy as Python's own, None where it is missing."""
    if isinstance(value, Mapping | list | tuple | set | str | bytes):
        return value
    if hasattr(value, "item"):
        value = value.item()
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    return None if isinstance(value, float) and math.isnan(value) else value


def as_findings(cell: Any) -> list[Finding]:
    """Findings of one cell; dicts, as json gives them back, are taken too."""
    known = {item.name for item in fields(Finding)}
    found: list[Finding] = []
    for item in cell if isinstance(cell, list | tuple) else ():
        if isinstance(item, Finding):
            found.append(item)
        elif isinstance(item, Mapping):
            found.append(Finding(**{name: str(value) for name, value in item.items() if name in known}))
    return found


def axes(records: Iterable[Row]) -> list[str]:
    """Every axis of these rows: the universal ones first, the others by name."""
    names = {axis for row in records for axis in row["params"]}
    return [axis for axis in UNIVERSAL_AXES if axis in names] + sorted(names - set(UNIVERSAL_AXES))


def constants(records: Sequence[Row]) -> dict[str, str]:
    """Axes that every row has with one and the same value: said once, above the table."""
    same: dict[str, str] = {}
    for axis in axes(records):
        values = {str(row["params"].get(axis)) for row in records}
        if len(values) == 1 and all(axis in row["params"] for row in records):
            same[axis] = values.pop()
    return same


def varying(records: Sequence[Row]) -> list[str]:
    """Axes that tell these rows apart."""
    same = constants(records)
    return [axis for axis in axes(records) if axis not in same]


def distinct(records: Iterable[Row], column: str) -> list[str]:
    """The values of a column as text, in order of appearance, missing ones left out."""
    return list(dict.fromkeys(str(row[column]) for row in records if row.get(column) not in (None, "")))


def has(records: Iterable[Row], column: str) -> bool:
    """Whether any row holds a value in this column."""
    return any(row.get(column) is not None for row in records)


def one_clock(records: Sequence[Row]) -> list[Row]:
    """Rows of one clock alone, the preferred one; rows without a measurement stay, once a case and run."""
    present = distinct(records, "clock")
    clock = next((name for name in (*CLOCKS, *present) if name in present), None)
    kept: list[Row] = []
    seen: set[tuple[Any, ...]] = set()
    for row in sorted(records, key=lambda row: row.get("clock") != clock):
        # A case that lacks this clock, or has none at all, is still drawn: with its outcome.
        mark = (row["key"], row.get("run"), row.get("machine"))
        if mark not in seen and (row.get("clock") in (clock, None) or row["outcome"] != OK):
            seen.add(mark)
            kept.append(row)
    position = {id(row): place for place, row in enumerate(records)}
    return sorted(kept, key=lambda row: position[id(row)])


def order(value: Any) -> tuple[int, float, str]:
    """A sort key under which 64 comes before 256 and numbers before text."""
    if isinstance(value, int | float):
        return (0, float(value), "")
    return (1, 0.0, "" if value is None else str(value))


def by_params(row: Row, names: Iterable[str]) -> tuple[tuple[int, float, str], ...]:
    """A sort key by the values of some axes."""
    return tuple(order(row["params"].get(axis)) for axis in names)


def outcome_counts(records: Iterable[Row]) -> dict[str, int]:
    """How many cases ended in each outcome, in the design's order; clocks of one case count once."""
    cases = {(row["key"], row.get("run")): row["outcome"] for row in records}
    counts = {outcome.value: list(cases.values()).count(outcome.value) for outcome in Outcome}
    return {outcome: number for outcome, number in counts.items() if number}


def by_check(found: Iterable[Finding]) -> list[tuple[str, list[Finding]]]:
    """Findings grouped by check, the worst first, doubles removed."""
    groups: dict[str, list[Finding]] = {}
    for finding in dict.fromkeys(found):
        groups.setdefault(finding.check, []).append(finding)

    def worst(item: tuple[str, list[Finding]]) -> tuple[int, str]:
        return min(severity_rank(finding.severity) for finding in item[1]), item[0]

    return sorted(groups.items(), key=worst)


def severity_rank(severity: str) -> int:
    """0 for an error, then warning, hint; whatever else comes last."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
