"""What the rows of a table have in common, and what tells them apart: found once, and handed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.analyse.rows.row import Row
from bench.present import row_groups
from bench.present.row_groups import CheckFindings


@dataclass(frozen=True)
class RowSummary:
    """The rows of a table with all that its caption, its columns and its notes are made of."""

    rows: Sequence[Row]
    constants: Mapping[str, str]
    """Axes with the same value in every row."""
    varying: Sequence[str]
    """Axes that tell the rows apart."""
    workloads: Mapping[str, Mapping[str, str]]
    """By workload, in order of appearance, the axes with the same value in every row of it."""
    machines: Sequence[str]
    runs: Sequence[str]
    clocks: Sequence[str]
    statistics: Sequence[str]
    """What stands for the blocks of a launch."""
    methods: Sequence[str]
    """How the intervals of the times were made, in words."""
    pairings: Sequence[str]
    """How the speed-ups were paired; empty if there are none."""
    findings: Sequence[CheckFindings]
    """The findings by check, the worst first."""
    letters: Mapping[str, str]
    """The mark of each check: a, b, …, the worst first."""
    marks: Sequence[str]
    """The marks of each row: `(b) (a)`."""


def summary_of(rows: Sequence[Row]) -> RowSummary:
    """The summary of these rows."""
    findings = row_groups.by_check(finding for row in rows for finding in row.findings)
    letters = {group.check: _letters(place) for place, group in enumerate(findings)}
    return RowSummary(
        rows,
        constants=row_groups.constants(rows),
        varying=row_groups.varying(rows),
        workloads={workload: row_groups.constants(own) for workload, own in row_groups.by_workload(rows)},
        machines=row_groups.machines(rows),
        runs=row_groups.runs(rows),
        clocks=row_groups.clocks(rows),
        statistics=row_groups.statistics(rows),
        methods=row_groups.methods(rows),
        pairings=row_groups.distinct(row.speedup.pairing for row in rows if row.speedup),
        findings=findings,
        letters=letters,
        marks=[row_groups.marks(row, letters) for row in rows],
    )


def _letters(place: int) -> str:
    first, last = divmod(place, 26)
    return (chr(ord("a") + first - 1) if first else "") + chr(ord("a") + last)
