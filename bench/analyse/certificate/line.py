"""A line of the certificate, its bounds, and its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.analyse.estimate import Estimate
from bench.stats import intervals

HELD, NOT_HELD, UNDECIDED, TOLD, SKIPPED = "held", "not held", "not decided", "told", "skipped"
"""What a line says: its bound holds, does not hold, is not decided; it has no bound; nothing was measured."""

SIMULATED, REPLAYED, EXACT, LIVE = "simulated", "replayed", "exact", "live"

SLOPE, ADDS_UP, SOLO, AGREES = 0.01, 0.02, 0.03, 0.02
"""Largest distances from 1 for: slope of linearity, twice the work, lockstep ÷ solo, ours ÷ another timer."""

CPU_TIME, PLAIN_STEP = 0.02, 0.02
"""Largest distances from 1 for CPU time ÷ wall of a wait that spins, and median ÷ plain step where some are dearer."""

COVERAGE = 0.93
"""Lowest coverage allowed for the stated 95 % interval, stopping included."""

MODERATED = 0.94
"""Lowest coverage allowed for it in runs of many cases, of two to five launches and of more."""

LEAST_COVERAGE = {"two-humped, nearly half slow": 0.92}
"""Lower bounds for families whose median lies at the edge of a gap; such a case has the finding two-modes."""

ALARMS = 1 - intervals.CONFIDENCE
"""Stated rate of false alarms: how often the interval of one comparison excludes 1 though nothing differs."""

RECOVERY = 0.99
"""Confidence that all intervals together hold the injected slow-downs (Bonferroni)."""

POWER = 0.8
"""Chance with which the smallest effect must be found."""


@dataclass(frozen=True)
class CertificateLine:
    """One statement of the certificate."""

    check: str
    about: str
    """The case or family it is about."""
    source: str
    verdict: str
    said: str
    """What was found, with its interval, in words and numbers."""
    bound: str
    """What must hold."""
    count: int
    """How much it rests on: simulated measurements, replays, pairs or launches."""
    of: str
    """What is counted."""
    estimate: Estimate | None = None
    facts: Mapping[str, float] = field(default_factory=dict)
    optional: bool = False
    """True if the certificate's verdict ignores it when skipped: this machine does not have what it is about."""


def skipped_line(check: str, about: str, bound: str, reason: str = "too few pairs were measured") -> CertificateLine:
    """Return a line for which nothing, or too little, was measured."""
    return CertificateLine(check, about, LIVE, SKIPPED, reason, bound, 0, "pairs")


def ends(found: Estimate) -> tuple[float, float]:
    """Return the interval of an estimate from two pairs or more. Raises `ValueError` where there is none."""
    if found.low is None or found.high is None:
        raise ValueError(f"{found.n} pairs have no interval")
    return found.low, found.high


def within(found: Estimate, centre: float, share: float) -> str:
    """Return held if the whole interval lies within `share` of `centre`, not held if all of it lies outside."""
    if found.low is None or found.high is None:
        return UNDECIDED
    low, high = centre * (1 - share), centre * (1 + share)
    if low <= found.low and found.high <= high:
        return HELD
    return NOT_HELD if found.high < low or found.low > high else UNDECIDED


def ratio_text(found: Estimate, digits: int = 3) -> str:
    """Write a ratio with its interval and the method behind it."""
    return f"{found.value:.{digits}f} [{found.low:.{digits}f}, {found.high:.{digits}f}], {found.method}"


def estimate_of(found: intervals.Interval) -> Estimate:
    """Return an interval of ratios as an estimate."""
    return Estimate(found.value, found.low, found.high, found.n, found.method, "ratio")
