"""Exit codes, as the design fixes them; and the run's own verdict on its cases."""

from __future__ import annotations

import signal
from collections.abc import Mapping

FINE = 0
REGRESSED = 1
USAGE = 2
NOT_RESOLVED = 3
NOTHING_MEASURED = 4
MACHINE_UNFIT = 5
OUR_FAULT = 70
CANNOT_BISECT = 125
"""`git bisect run` skips such a commit."""
INTERRUPTED = 130
TERMINATED = 143


def stopped(number: int | None) -> int:
    """143 where we were terminated, 130 where we were interrupted."""
    return TERMINATED if number == signal.SIGTERM else INTERRUPTED


FAULTY = ("wrong", "failed", "crashed", "timeout")


def of_outcomes(outcomes: Mapping[str, int]) -> int:
    """4 where nothing was measured, or a case was wrong, failed, crashed or timed out; oom and skipped are fine."""
    return NOTHING_MEASURED if not outcomes.get("ok") or any(outcomes.get(name) for name in FAULTY) else FINE
