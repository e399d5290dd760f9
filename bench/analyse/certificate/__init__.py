"""The certificate: measurements of known work, compared with what must come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.analyse.certificate.clock_accuracy import clock, linearity
from bench.analyse.certificate.cpu_accuracy import cpu_clock
from bench.analyse.certificate.error_rates import covered, false_alarms, moderated
from bench.analyse.certificate.line import HELD, NOT_HELD, SKIPPED, TOLD, UNDECIDED, CertificateLine
from bench.analyse.certificate.mean_accuracy import mean
from bench.analyse.certificate.pair_clocks import follows_cpu_time, on_cpu, on_wall
from bench.analyse.certificate.ratio_accuracy import additivity, agreement, alone, recovered, smallest_effects
from bench.analyse.certificate.recorded import comparisons
from bench.stats.coverage_simulation import Coverage
from bench.store.tables import RunData

# fmt: off
__all__ = [
    "HELD", "NOT_HELD", "SKIPPED", "TOLD", "UNDECIDED", "CertificateLine", "additivity", "agreement", "alone", "clock",
    "covered", "cpu_clock", "false_alarms", "linearity", "lines", "mean", "moderated", "recovered", "smallest_effects",
    "verdict",
]
# fmt: on

ALL_FAMILIES = "all families, stopped as a run is"
"""What the line about the moderated interval of six launches and more is about."""


def lines(
    data: RunData, coverages: Sequence[Coverage], of_few: Mapping[str, Sequence[Coverage]]
) -> list[CertificateLine]:
    """All lines, from a run of `bench certify` and simulated coverages.

    coverages: of each family, stopped as the run is; of_few: by family, of two to five launches.
    """
    ratios, cpu = on_wall(data), on_cpu(data)
    # CPU time judges only what it stands for; the lines about the CPU clock itself need no such case.
    standing = {key: logs for key, logs in cpu.items() if follows_cpu_time(data, key)}
    same, waits, injected = (comparisons(data, purpose) for purpose in ("same", "linearity", "injected"))
    return [
        *clock(data),
        *linearity(data, waits),
        *cpu_clock(data, waits, same, injected, cpu),
        *mean(comparisons(data, "mean"), data),
        *additivity(comparisons(data, "additivity"), ratios, standing),
        *map(covered, coverages),
        *(moderated(f"{family}, 2 to 5 launches", parts) for family, parts in of_few.items()),
        moderated(ALL_FAMILIES, coverages),
        *false_alarms(same, ratios),
        *recovered(injected, ratios, standing),
        *alone(same, data),
        *agreement(same, data),
        *smallest_effects(same, ratios, data),
    ]


def verdict(found: Sequence[CertificateLine]) -> str:
    """The verdict of a certificate: not held if one line is not held; else not decided if one is not; else held.

    A line without a measurement counts as not decided, unless this machine does not have what it is about.
    """
    seen = {UNDECIDED if line.verdict == SKIPPED else line.verdict for line in found if not line.optional}
    return next((each for each in (NOT_HELD, UNDECIDED) if each in seen), HELD)
