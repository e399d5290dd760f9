"""One case in two stored runs: its verdict, and the numbers behind it."""

from __future__ import annotations

from dataclasses import dataclass

SLOWER, FASTER, NOT_RESOLVED, NOT_COMPARED = "slower", "faster", "not_resolved", "not_compared"
"""Verdicts on two runs of one machine. None is a regression: only lockstep pairs can show one."""

OTHER_MACHINE = "other_machine"
"""Verdict if the fingerprints differ: that is a comparison of machines."""

OTHER_ENVIRONMENT = "other_environment"
"""Verdict if one machine ran under unlike environment variables, or with another instruction set."""

ONE_PROCESS = "one process of a side supports no verdict: processes differ, and nothing here says by how much"


NOT_KNOWN = "not known even to a factor of three: more launches, or a quieter machine, would help"

ON_CPU = "on the CPU clock, which is narrower"


@dataclass(frozen=True)
class Compared:
    """One case and clock in two runs. Ratios are head ÷ base: above 1 is slower."""

    key: str
    clock: str | None
    """The clock of both times; None if a run has no time of the case."""
    verdict: str
    base_s: float | None
    head_s: float | None
    ratio: float | None
    low: float | None
    high: float | None
    method: str
    base_launches: int
    head_launches: int
    note: str = ""
