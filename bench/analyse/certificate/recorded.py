"""What a run of `bench certify` compared, and why, as recorded in its `run.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.store.tables import RunData

Ratios = Mapping[str, list[float]]
"""Key of a case to the log ratio, head ÷ base, of each of its pairs."""


@dataclass(frozen=True)
class RecordedComparison:
    """One comparison of a certificate: its case, and the known result."""

    purpose: str
    """`linearity`, `mean`, `additivity`, `injected` or `same`."""
    key: str
    ratio: float = 1.0
    """Head ÷ base, known by construction."""
    micros: float | None = None
    """Microseconds of a wait on the CPU; of the short ones, where some are longer."""
    cycles: int | None = None
    """Cycles of a wait on a GPU."""
    every: int | None = None
    """Every so many-th wait is longer…"""
    times: int | None = None
    """… by so many times."""


def comparisons(data: RunData, purpose: str) -> list[RecordedComparison]:
    """The comparisons of a run with this purpose, as `bench.plan.certificate_cases.about` recorded them."""
    return [
        RecordedComparison(
            purpose, item["key"], item["ratio"], item["micros"], *map(item.get, ("cycles", "every", "times"))
        )
        for item in data.run["certificate"]["comparisons"]
        if item["purpose"] == purpose
    ]
