"""What a run of `bench certify` compared, and why, as its `run.json` keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.store.tables import RunData

Ratios = Mapping[str, list[float]]
"""By key of a case: the log ratio, head ÷ base, of each of its pairs."""


@dataclass(frozen=True)
class RecordedComparison:
    """One comparison of a certificate: its case, and what must come out."""

    purpose: str
    """`linearity`, `additivity`, `injected` or `same`."""
    key: str
    ratio: float = 1.0
    """head ÷ base, by construction."""
    micros: float | None = None
    """Microseconds of a wait on the CPU."""
    cycles: int | None = None
    """Cycles of a wait on a GPU."""


def comparisons(data: RunData, purpose: str) -> list[RecordedComparison]:
    """The comparisons of a run that serve a purpose, as `bench.plan.certificate_cases.about` wrote them."""
    return [
        RecordedComparison(purpose, item["key"], item["ratio"], item["micros"], item.get("cycles"))
        for item in data.run["certificate"]["comparisons"]
        if item["purpose"] == purpose
    ]
