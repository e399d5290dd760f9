"""Choice of the rows for a chart, and the command that would measure what is missing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from bench.analyse.rows.row import Row
from bench.present import row_groups
from bench.present.charts.chart import Selection
from bench.records import UNIVERSAL_AXES, UserError
from bench.stats.missing_numbers import number

LEAST_SPAN = 2.0
"""Least ratio of a sweep: sizes of 1000 and 1024 are two cases, and a line between them would say nothing."""


def sweep(rows: Iterable[Row], axes: Sequence[str]) -> str | None:
    """The first of `axes` that is swept: its values are numbers, the largest at least `LEAST_SPAN` × the smallest."""
    rows = list(rows)
    for axis in axes:
        numbers = (number(row.axis(axis)) for row in rows)
        values = {value for value in numbers if value is not None}
        if len(values) > 1 and max(values) >= LEAST_SPAN * min(values):
            return axis
    return None


def single_workload(rows: Sequence[Row], command: str) -> str:
    """The workload of these rows. Raises `UserError` if there is none, or more than one."""
    names = list(dict.fromkeys(row.workload for row in rows))
    if not names:
        raise UserError(f"there are no rows to draw; measure some: {command}")
    if len(names) > 1:
        raise UserError(f"one chart shows one workload, but there are {len(names)}: {', '.join(names)}")
    return names[0]


def require(rows: Sequence[Row], command: str) -> None:
    """Raises `UserError`, with the command that measures some, if there are no rows."""
    if not rows:
        raise UserError(f"there are no rows; this measures some: {command}")


def command(rows: Sequence[Row], change: str) -> str:
    """The command `bench run 'matmul/square' --set size=64,1024` for the one workload of the rows, if it has that axis.

    Otherwise for all workloads: `bench run` leaves out those without the axis, but refuses a single one without it.
    """
    names, axis = row_groups.distinct(row.workload for row in rows), change.partition("=")[0]
    has_it = axis in UNIVERSAL_AXES or any(axis in row.params for row in rows)
    return f"bench run '{names[0] if len(names) == 1 and has_it else '*'}' --set {change}"


def parts(workload: str, entries: Sequence[tuple[str, Sequence[str]]], per_line: int, most: int) -> Iterator[Selection]:
    """Entries (a label and its keys) in portions whose labels take at most `most` lines of `per_line` letters.

    An entry with several labels, one on each line, takes the lines of all of them.
    """
    part, used, keys = 1, 0, list[str]()
    for label, own in entries:
        lines = sum(min(3, max(1, math.ceil(len(line) / per_line))) for line in label.split("\n"))
        if keys and used + lines > most:
            yield Selection(workload, tuple(keys), part)
            part, used, keys = part + 1, 0, []
        used += lines
        keys += own
    if keys:
        yield Selection(workload, tuple(keys), part)


def unproven(cases: int) -> list[str]:
    """The note about cases that do more work than any product that the peak was measured with; none for 0 cases."""
    if not cases:
        return []
    those = "1 case is" if cases == 1 else f"{cases} cases are"
    return [f"{those} larger than any product the peak was seen with, and may lie beyond it: calibrate larger ones."]
