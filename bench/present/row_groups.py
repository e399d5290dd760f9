"""Rows in groups: their axes, what they have in common, the rows of one clock, counts of outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.analyse.rows.row import Row
from bench.records import UNIVERSAL_AXES, Finding, Outcome

CLOCKS = ("wall", "latency", "device", "cpu")
"""Clocks in order of preference; wall is the default clock of tables."""

NOT_KNOWN = "not known"
"""How the method of an interval begins that is too wide to be given."""

SEVERITIES = ("error", "warning", "hint")
"""Severities of findings, the worst first."""


def axes(rows: Iterable[Row]) -> list[str]:
    """Every axis of these rows: the universal ones first, the others by name."""
    names = {axis for row in rows for axis in row.params}
    return [axis for axis in UNIVERSAL_AXES if axis in names] + sorted(names - set(UNIVERSAL_AXES))


def constants(rows: Sequence[Row]) -> dict[str, str]:
    """Axes with the same value in every row: a table gives them once, above it."""
    same: dict[str, str] = {}
    for axis in axes(rows):
        values = {str(row.axis(axis)) for row in rows}
        if len(values) == 1 and all(axis in row.params for row in rows):
            same[axis] = values.pop()
    return same


def varying(rows: Sequence[Row]) -> list[str]:
    """Axes that tell these rows apart."""
    same = constants(rows)
    return [axis for axis in axes(rows) if axis not in same]


def distinct(texts: Iterable[str | None]) -> list[str]:
    """These texts in order of appearance, each once, missing and empty ones left out."""
    return list(dict.fromkeys(text for text in texts if text))


def machines(rows: Iterable[Row]) -> list[str]:
    """The machines of these rows."""
    return distinct(row.machine for row in rows)


def runs(rows: Iterable[Row]) -> list[str]:
    """The ids of the runs of these rows."""
    return distinct(row.run for row in rows)


def clocks(rows: Iterable[Row]) -> list[str]:
    """The clocks of these rows."""
    return distinct(row.clock for row in rows)


def methods(rows: Iterable[Row]) -> list[str]:
    """How the intervals of the times of these rows were made, in words; a row whose interval is not known has none."""
    return distinct(row.method for row in rows if not row.method.startswith(NOT_KNOWN))


def statistics(rows: Iterable[Row]) -> list[str]:
    """What stands for the blocks of a launch in the times of these rows."""
    return distinct(row.statistic for row in rows if row.time)


def by_workload(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    """The rows of each workload, workloads in order of appearance."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.workload, []).append(row)
    return list(groups.items())


def one_clock(rows: Sequence[Row]) -> list[Row]:
    """Rows of the preferred clock; rows without a measurement stay, once for each case and run."""
    present = clocks(rows)
    clock = next((name for name in (*CLOCKS, *present) if name in present), None)
    seen: set[tuple[str, str, str]] = set()
    kept: set[int] = set()
    for place in sorted(range(len(rows)), key=lambda place: rows[place].clock != clock):
        # A case that has no clock, or no time, is still drawn, with its outcome.
        row = rows[place]
        name = (row.key, row.run, row.machine)
        if name not in seen and (row.clock in (clock, None) or not row.ok):
            seen.add(name)
            kept.add(place)
    return [rows[place] for place in sorted(kept)]


def order(value: Any) -> tuple[int, float, str]:
    """A sort key that puts 64 before 256, and numbers before text."""
    if isinstance(value, int | float):
        return (0, float(value), "")
    return (1, 0.0, "" if value is None else str(value))


def by_params(row: Row, names: Iterable[str]) -> tuple[tuple[int, float, str], ...]:
    """A sort key by the values of some axes."""
    return tuple(order(row.axis(axis)) for axis in names)


def outcome_counts(rows: Iterable[Row]) -> dict[str, int]:
    """The number of cases with each outcome, in the order of `Outcome`; a case with several clocks counts once."""
    cases = {(row.key, row.run): row.outcome for row in rows}
    counts = {outcome.value: list(cases.values()).count(outcome) for outcome in Outcome}
    return {outcome: number for outcome, number in counts.items() if number}


@dataclass(frozen=True)
class CheckFindings:
    """What one check found: at least one finding, none twice."""

    check: str
    findings: tuple[Finding, ...]

    @property
    def severity(self) -> str:
        """The worst severity of the findings."""
        return min((finding.severity for finding in self.findings), key=_rank)


def by_check(findings: Iterable[Finding]) -> list[CheckFindings]:
    """Findings grouped by check, the worst first, duplicates removed."""
    groups: dict[str, list[Finding]] = {}
    for finding in dict.fromkeys(findings):
        groups.setdefault(finding.check, []).append(finding)
    made = [CheckFindings(check, tuple(found)) for check, found in groups.items()]
    return sorted(made, key=lambda group: (_rank(group.severity), group.check))


def _rank(severity: str) -> int:
    """0 for an error, then warning, hint; anything else comes last."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def marks(row: Row, letters: Mapping[str, str]) -> str:
    """The letters of the checks with findings on this row, the worst first: `(b) (a)`; empty if there are none."""
    return " ".join(f"({letters[group.check]})" for group in by_check(row.findings) if group.check in letters)
