"""A line of the certificate, its bounds, and the words it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.records import Estimate
from bench.stats import intervals

HELD, NOT_HELD, UNDECIDED, TOLD, SKIPPED = "held", "not held", "not decided", "told", "skipped"
"""What a line says of its bound: the data show it, contradict it, or cannot tell; it has none; nothing was measured."""

SIMULATED, REPLAYED, EXACT, LIVE = "simulated", "replayed", "exact", "live"

SLOPE, ADDS_UP, SOLO, AGREES = 0.01, 0.02, 0.03, 0.02
"""How far the slope of linearity, twice the work, lockstep ÷ solo and ours ÷ another timer may be from 1."""

COVERAGE = 0.93
"""Least coverage of the stated 95 % interval, stopping included."""

LEAST_COVERAGE = {"two-humped, nearly half slow": 0.92}
"""Less where a median lies at the edge of a gap: the certificate says so; such a case has the finding two-modes."""

ALARMS = 1 - intervals.CONFIDENCE
"""Stated rate of false alarms of one comparison: its interval does not hold 1 though nothing differs."""

RECOVERY = 0.99
"""Confidence that the intervals of all injected slow-downs hold them together (Bonferroni)."""

POWER = 0.8


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
    """Simulated measurements, replays, pairs, launches: what the finding rests on."""
    of: str
    """What is counted."""
    estimate: Estimate | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    optional: bool = False
    """Skipping it leaves the certificate's verdict alone: what it is about is no part of this installation."""


def skipped_line(check: str, about: str, bound: str, reason: str = "too few pairs were measured") -> CertificateLine:
    """A line for which nothing, or too little, was measured."""
    return CertificateLine(check, about, LIVE, SKIPPED, reason, bound, 0, "pairs")


def ends(found: Estimate) -> tuple[float, float]:
    """The interval of two pairs and more."""
    if found.low is None or found.high is None:
        raise ValueError(f"{found.n} pairs have no interval")
    return found.low, found.high


def within(found: Estimate, centre: float, share: float) -> str:
    """Held where the whole interval is inside, not held where it is outside as a whole."""
    if found.low is None or found.high is None:
        return UNDECIDED
    low, high = centre * (1 - share), centre * (1 + share)
    if low <= found.low and found.high <= high:
        return HELD
    return NOT_HELD if found.high < low or found.low > high else UNDECIDED


def ratio_text(found: Estimate, digits: int = 3) -> str:
    """A ratio with its interval and how it was had."""
    return f"{found.value:.{digits}f} [{found.low:.{digits}f}, {found.high:.{digits}f}], {found.method}"


def estimate_of(found: intervals.Interval) -> Estimate:
    """An interval of ratios as an estimate."""
    return Estimate(found.value, found.low, found.high, found.n, found.method, "ratio")
