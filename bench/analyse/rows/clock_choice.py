"""The rows that people look at: on the default clocks, or on the one that they asked for."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analyse.rows.row import Row
from bench.records import UserError
from bench.series import CPU


def on_clock(rows: Sequence[Row], clock: str | None = None) -> list[Row]:
    """The rows on one clock; without one all but those on `cpu`, which repeat cases that have a wall clock.

    Rows without a time stay. Raises `UserError` for a clock that timed nothing here.
    """
    if clock is None:
        elsewhere = {(row.run, row.key) for row in rows if row.clock not in (CPU, None)}
        return [row for row in rows if row.clock != CPU or (row.run, row.key) not in elsewhere]
    known = list(dict.fromkeys(row.clock for row in rows if row.clock))
    if clock not in known:
        raise UserError(f"nothing here was timed on the clock '{clock}'; there are: {', '.join(known) or 'none'}")
    return [row for row in rows if row.clock in (clock, None)]
