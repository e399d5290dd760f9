"""Rates of error: intervals that miss the truth, and false alarms of comparisons."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from itertools import product

from bench.analyse.certificate.line import (
    ALARMS,
    COVERAGE,
    EXACT,
    HELD,
    LEAST_COVERAGE,
    LIVE,
    MODERATED,
    NOT_HELD,
    REPLAYED,
    SIMULATED,
    TOLD,
    UNDECIDED,
    CertificateLine,
    ends,
    skipped_line,
)
from bench.analyse.certificate.recorded import Ratios, RecordedComparison
from bench.analyse.estimate import Estimate
from bench.analyse.gate import pair_ratios
from bench.stats import intervals
from bench.stats.coverage_simulation import Coverage, exact_bounds


def covered(seen: Coverage) -> CertificateLine:
    """Say how often the stated 95 % interval holds the median of a simulated family, stopping included."""
    least = LEAST_COVERAGE.get(seen.family, COVERAGE)
    verdict = HELD if seen.low >= least else NOT_HELD if seen.high < least else UNDECIDED
    estimate = Estimate(seen.rate, seen.low, seen.high, seen.intervals, "Clopper-Pearson, 99 %", "rate")
    return CertificateLine(
        "coverage", seen.family, SIMULATED, verdict,
        f"{seen.rate:.1%} [{seen.low:.1%}, {seen.high:.1%}] of the 95 % intervals hold the median, "
        f"after {seen.launches:.1f} launches on the mean",
        f"at least {least:.0%}", seen.intervals, "measurements", estimate,
    )  # fmt: skip


def moderated(about: str, parts: Sequence[Coverage]) -> CertificateLine:
    """Say how often intervals hold the median in simulated runs of many cases, which lend each other their spread.

    parts: measurements with different numbers of launches, or of different families; they count together.
    """
    hits, count = sum(part.covered for part in parts), sum(part.intervals for part in parts)
    low, high = exact_bounds(hits, count)
    each = ", ".join(f"{part.rate:.1%} after {part.launches:.3g}" for part in parts)
    not_known = sum(part.not_known for part in parts)
    more = f"; besides, {not_known / (count + not_known):.1%} are not known" if not_known else ""
    return CertificateLine(
        "moderated interval", about, SIMULATED,
        HELD if low >= MODERATED else NOT_HELD if high < MODERATED else UNDECIDED,
        f"{hits / count:.1%} [{low:.1%}, {high:.1%}] of the 95 % intervals hold the median: {each} launches{more}",
        f"at least {MODERATED:.0%}", count, "measurements",
        Estimate(hits / count, low, high, count, "Clopper-Pearson, 99 %", "rate"),
    )  # fmt: skip


def false_alarms(comparisons: Sequence[RecordedComparison], ratios: Ratios) -> Iterator[CertificateLine]:
    """Count comparisons of a case with itself whose 95 % interval excludes 1: as seen, and over all coin tosses.

    A few comparisons without an alarm show little, and they share their processes: the line of those seen decides
    nothing unless it contradicts the stated rate.
    """
    bound = f"at most {ALARMS:.0%}"
    samples = [list(ratios[item.key]) for item in comparisons if len(ratios.get(item.key, ())) >= 2]
    if not samples:
        yield skipped_line("false alarms", "cases against themselves", bound)
        return
    alarms, count = sum(map(_alarm, samples)), len(samples)
    low, high = exact_bounds(alarms, count)
    yield CertificateLine(
        "false alarms", "cases against themselves", LIVE, NOT_HELD if low > ALARMS else TOLD,
        f"{alarms} of {count}: {alarms / count:.1%} [{low:.1%}, {high:.1%}]", bound, count,
        "comparisons", Estimate(alarms / count, low, high, count, "Clopper-Pearson, 99 %", "rate"),
    )  # fmt: skip
    rate = statistics.fmean(map(_by_coins, samples))
    fewest = min(map(len, samples))
    exact = fewest >= intervals.fewest_for(intervals.CONFIDENCE)
    yield CertificateLine(
        "false alarms", "cases against themselves", EXACT if exact else REPLAYED,
        (HELD if rate <= ALARMS else NOT_HELD) if exact else TOLD,
        f"{rate:.1%} if nothing differs, over every toss of the coins "
        + ("(only the signs count, whatever the pairs show)" if exact else "of these pairs"),
        bound, sum(map(len, samples)), "pairs", Estimate(rate, rate, rate, len(samples), "all tosses", "rate"),
    )  # fmt: skip


def _alarm(log_ratios: Sequence[float]) -> bool:
    low, high = ends(pair_ratios.ratio(log_ratios))
    return not low <= 1 <= high


def _by_coins(log_ratios: Sequence[float]) -> float:
    """The share of all coin tosses that give an alarm: a toss decides which side is called base, and so the sign.

    For an interval of order statistics, only the number of positive signs decides, so the rate is one minus its
    coverage. With fewer pairs the distances matter too, and every toss is tried.
    """
    n = len(log_ratios)
    if n >= intervals.fewest_for(intervals.CONFIDENCE):
        return 1 - intervals.median_rank(n)[1]
    tosses = [
        [sign * abs(x) for sign, x in zip(signs, log_ratios, strict=True)] for signs in product((1, -1), repeat=n)
    ]
    return statistics.fmean(map(_alarm, tosses))
