"""The certificate: measurements of known work, compared with what must come out."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analyse.certificate.clock_accuracy import clock, linearity
from bench.analyse.certificate.error_rates import covered, false_alarms
from bench.analyse.certificate.line import HELD, NOT_HELD, SKIPPED, TOLD, UNDECIDED, CertificateLine
from bench.analyse.certificate.ratio_accuracy import additivity, agreement, alone, recovered, smallest_effects
from bench.analyse.certificate.recorded import comparisons
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
    frame = pair_ratios.pair_ratios(data.pairs[data.pairs["clock"] == "wall"])
    ratios = {str(key): group["log_ratio"].tolist() for key, group in frame.groupby("key", sort=False)}
    same = comparisons(data, "same")
    return [
        *clock(data),
        *linearity(data, comparisons(data, "linearity")),
        *additivity(comparisons(data, "additivity"), ratios),
        *map(covered, coverages),
        *false_alarms(same, ratios),
        *recovered(comparisons(data, "injected"), ratios),
        *alone(same, data),
        *agreement(same, data),
        *smallest_effects(same, ratios, data),
    ]


def verdict(found: Sequence[CertificateLine]) -> str:
    """The verdict of a certificate: not held if one line is not held; else not decided if one is not; else held.

    A line without a measurement counts as not decided, unless it is about a tool that is not installed.
    """
    seen = {UNDECIDED if line.verdict == SKIPPED else line.verdict for line in found if not line.optional}
    return next((each for each in (NOT_HELD, UNDECIDED) if each in seen), HELD)
