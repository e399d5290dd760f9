"""The certificate: what the harness measured of known work, held against what must come out. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analyse.certificate.clock_lines import clock, linearity
from bench.analyse.certificate.line import HELD, NOT_HELD, SKIPPED, TOLD, UNDECIDED, CertificateLine
from bench.analyse.certificate.rate_lines import covered, false_alarms
from bench.analyse.certificate.ratio_lines import additivity, agreement, alone, recovered, smallest_effects
from bench.analyse.gate import pair_ratios
from bench.stats.coverage_simulation import Coverage
from bench.store.tables import RunData

# fmt: off
__all__ = [
    "HELD", "NOT_HELD", "SKIPPED", "TOLD", "UNDECIDED", "CertificateLine", "additivity", "agreement", "alone", "clock",
    "covered", "false_alarms", "linearity", "lines", "recovered", "smallest_effects", "verdict",
]
# fmt: on


def lines(data: RunData, coverages: Sequence[Coverage]) -> list[CertificateLine]:
    """All lines, from a run of `bench certify` and the simulated coverages."""
    told = data.run["certificate"]["comparisons"]
    ratios = pair_ratios.pair_ratios(data.pairs[data.pairs["clock"] == "wall"])
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


def verdict(found: Sequence[CertificateLine]) -> str:
    """Of the certificate: not held as soon as one line is not; else not decided where one is not, else held.

    What was not measured is not decided, unless it is no part of this installation."""
    seen = {UNDECIDED if line.verdict == SKIPPED else line.verdict for line in found if not line.optional}
    return next((each for each in (NOT_HELD, UNDECIDED) if each in seen), HELD)
