"""Exit codes, as the design fixes them; and the run's own verdict on its cases."""

from __future__ import annotations

import signal
from collections.abc import Mapping

from bench.jobs.endings import (
    CANNOT_BISECT,
    FINE,
    INTERRUPTED,
    MACHINE_UNFIT,
    NOT_RESOLVED,
    NOTHING_MEASURED,
    OUR_FAULT,
    REGRESSED,
    TERMINATED,
    USAGE,
)

__all__ = [
    "CANNOT_BISECT", "FINE", "INTERRUPTED", "MACHINE_UNFIT", "NOTHING_MEASURED", "NOT_RESOLVED", "OUR_FAULT",
    "REGRESSED", "TERMINATED", "USAGE", "of_outcomes", "stopped",
]  # fmt: skip


def stopped(number: int | None) -> int:
    """143 where we were terminated, 130 where we were interrupted."""
    return TERMINATED if number == signal.SIGTERM else INTERRUPTED


FAULTY = ("wrong", "failed", "crashed", "timeout")


def of_outcomes(outcomes: Mapping[str, int], left_out: int = 0) -> int:
    """4 where nothing was measured, a case was wrong, failed, crashed or timed out, or most cases were not begun before
    the budget was spent; oom and what this machine must skip are fine.

    left_out: cases that were not begun; they are among the outcomes.
    """
    bad = not outcomes.get("ok") or any(outcomes.get(name) for name in FAULTY)
    return NOTHING_MEASURED if bad or 2 * left_out > sum(outcomes.values()) else FINE
