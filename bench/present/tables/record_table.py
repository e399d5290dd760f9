"""The rows of a run for programs: every column, tidy, with the unit in the name."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analyse.rows import record
from bench.analyse.rows.row import Row
from bench.present import row_groups
from bench.present.tables.table_formats import Table
from bench.present.tables.terminal_table import Column

FIRST = (
    "key", "workload", "params", "outcome", "reason", "clock", "value_s", "low_s", "high_s", "method", "launches",
    "blocks", "first_call_s", "compile_cold_s", "compile_warm_s", "build_s", "peak_bytes", "items", "unit",
    "items_per_s", "items_per_s_low", "items_per_s_high", "flops", "bytes", "kernels", "reference", "speedup",
    "speedup_low", "speedup_high", "speedup_paired", "speedup_method", "run", "machine", "findings",
)  # fmt: skip
"""First columns of csv and json, in this order, which json has even if the rows lack them; all others follow."""


def table_of_records(rows: Sequence[Row], format: str, also: Sequence[Sequence[str]]) -> Table:
    """The rows for `json`, the axes of each in one object, or for `csv`, an axis a column and of a finding its check.

    also: groups of columns that are always there (see `record.records`).
    """
    records = record.records(rows, *also)
    if format == "json":
        return Table([], [{**dict.fromkeys(FIRST), **each} for each in records])
    axes = row_groups.axes(rows)
    tidy = [
        {**each, **row.params, "findings": [item.check for item in row.findings]}
        for row, each in zip(rows, records, strict=True)
    ]
    fixed = [name for name in FIRST if name != "params"]
    rest = [name for name in (records[0] if records else ()) if name not in {*FIRST, *axes}]
    return Table([Column(name) for name in (*fixed[:2], *axes, *fixed[2:], *rest)], tidy)
