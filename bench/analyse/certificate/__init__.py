"""The certificate: what the harness measured of known work, held against what must come out. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analyse import pairs
from bench.analyse.certificate.clockwork import clock, linearity
from bench.analyse.certificate.line import HELD, NOT_HELD, SKIPPED, TOLD, UNDECIDED, Line
from bench.analyse.certificate.rates import covered, false_alarms
from bench.analyse.certificate.ratios import additivity, agreement, alone, recovered, smallest_effects
from bench.stats.coverage import Coverage
from bench.store.tables import RunData

# fmt: off
__all__ = [
    "HELD", "NOT_HELD", "SKIPPED", "TOLD", "UNDECIDED", "Line", "additivity", "agreement", "alone", "clock", "covered",
    "false_alarms", "linearity", "lines", "recovered", "smallest_effects", "verdict",
]
# fmt: on


def lines(data: RunData, coverages: Sequence[Coverage]) -> list[Line]:
    """All lines, from a run of `bench certify` and the simulated coverages."""
    told = data.run["certificate"]["comparisons"]
    ratios = pairs.pair_ratios(data.pairs[data.pairs["clock"] == "wall"])
    of = {key: group["log_ratio"].tolist() for key, group in ratios.groupby("key", sort=False)}
    return [
        *clock(data),
        *linearity(data, [item for item in told if item["purpose"] == "linearity"]),
        *additivity([item for item in told if item["purpose"] == "additivity"], of),
        *map(covered, coverages),
        *false_alarms([item for item in told if item["purpose"] == "same"], of),
        *recovered([item for item in told if item["purpose"] == "injected"], of),
        *alone([item for item in told if item["purpose"] == "same"], data),
        *agreement([item for item in told if item["purpose"] == "same"], data),
        *smallest_effects([item for item in told if item["purpose"] == "same"], of, data),
    ]


def verdict(found: Sequence[Line]) -> str:
    """Of the certificate: not held as soon as one line is not; else not decided where one is not, else held.

    What was not measured is not decided, unless it is no part of this installation."""
    seen = {UNDECIDED if line.verdict == SKIPPED else line.verdict for line in found if not line.optional}
    return next((each for each in (NOT_HELD, UNDECIDED) if each in seen), HELD)
