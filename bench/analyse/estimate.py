"""A value with its interval and unit, as lines of the certificate and data of pairs have it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A value with its interval, never a bare number. `low` and `high` are None if there is no interval."""

    value: float
    low: float | None
    high: float | None
    n: int
    method: str
    unit: str
