"""Words on times and speed-ups that a number alone does not say: on which clock, and why without an interval."""

from __future__ import annotations

from bench.analyse.rows.row import Row
from bench.present.row_groups import NOT_KNOWN
from bench.series import CPU
from bench.stats.intervals import Interval

ON_CPU = "on the CPU clock"


def on_cpu(row: Row) -> bool:
    """Whether the speed-up of a row is told on the CPU clock where its time is on another one."""
    return row.speedup is not None and row.speedup.clock == CPU != row.clock


def why_bare(found: Interval | None) -> str:
    """Why a number stands without its interval: one launch has none, or it is too wide to be told."""
    return NOT_KNOWN if found is not None and NOT_KNOWN in found.method else "no interval"
