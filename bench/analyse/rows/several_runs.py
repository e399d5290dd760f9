"""The rows of several runs beside each other: never pooled, each under the name of its machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bench.analyse.rows.row import Row
from bench.records import Finding


def together(rows: Sequence[Sequence[Row]], machines: Sequence[str]) -> list[Row]:
    """The rows of each run in one list; of several, each has a `machine` of its own, which its findings name.

    machines: what each run is called, as `run_labels.labels` has it.
    """
    if len(rows) == 1:
        return list(rows[0])
    return [
        replace(row, machine=name, findings=tuple(_on(item, name) for item in row.findings))
        for own, name in zip(rows, machines, strict=True)
        for row in own
    ]


def _on(finding: Finding, machine: str) -> Finding:
    return replace(finding, case=f"{finding.case} on {machine}" if finding.case else "")
