"""Ratios of pairs whose truth is known: twice the work, injected slow-downs, a case alone, another timer."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Iterator, Sequence
from functools import partial

from bench.analyse.certificate.line import (
    ADDS_UP,
    AGREES,
    ALARMS,
    HELD,
    LIVE,
    NOT_HELD,
    POWER,
    RECOVERY,
    SOLO,
    TOLD,
    UNDECIDED,
    CertificateLine,
    ends,
    ratio_text,
    skipped_line,
    within,
)
from bench.analyse.certificate.pair_clocks import BLOCKS, follows_cpu_time, in_cpu_time, judged
from bench.analyse.certificate.recorded import Ratios, RecordedComparison
from bench.analyse.gate import pair_ratios
from bench.records import Case
from bench.series import CPU, RIVALS, RIVALS_ON_GPU, WALL
from bench.stats import intervals, student_t
from bench.store.tables import RunData

NO_RATIOS: Ratios = {}


def additivity(
    comparisons: Sequence[RecordedComparison], ratios: Ratios, on_cpu: Ratios = NO_RATIOS
) -> Iterator[CertificateLine]:
    """Work done twice takes twice as long. on_cpu: ratios on the CPU clock, where CPU time stands for wall."""
    bound = f"within {ADDS_UP:.0%} of 1"

    def judge(item: RecordedComparison, logs: Sequence[float]) -> CertificateLine:
        found = pair_ratios.ratio([value - math.log(item.ratio) for value in logs])
        return CertificateLine(
            "additivity", item.key, LIVE, within(found, 1, ADDS_UP), f"(f;f) ÷ twice f: {ratio_text(found)}", bound,
            found.n, "pairs", found,
        )  # fmt: skip

    for item in comparisons:
        logs = ratios.get(item.key, [])
        if len(logs) < 2:
            yield skipped_line("additivity", item.key, bound)
            continue
        yield judged(logs, on_cpu.get(item.key), partial(judge, item))


def recovered(
    comparisons: Sequence[RecordedComparison], ratios: Ratios, on_cpu: Ratios = NO_RATIOS
) -> Iterator[CertificateLine]:
    """The interval of an estimate holds the slow-down known by construction, and excludes 1.

    An interval that holds both decides nothing: it would hold almost anything. on_cpu: as for `additivity`.
    """
    confidence = 1 - (1 - RECOVERY) / max(1, len(comparisons))

    def judge(item: RecordedComparison, bound: str, logs: Sequence[float]) -> CertificateLine:
        found = pair_ratios.ratio(logs, confidence)
        low, high = ends(found)
        inside, told_apart = low <= item.ratio <= high, low > 1
        return CertificateLine(
            "injected slow-down", item.key, LIVE,
            (HELD if told_apart else UNDECIDED) if inside else NOT_HELD,
            f"{item.ratio:.2f} is {'in' if inside else 'out'}side head ÷ base {ratio_text(found)}", bound, found.n,
            "pairs", found,
        )  # fmt: skip

    for item in comparisons:
        bound, logs = f"{item.ratio:.2f} inside the interval and 1 outside", ratios.get(item.key, [])
        if len(logs) < 2:
            yield skipped_line("injected slow-down", item.key, bound)
            continue
        yield judged(logs, on_cpu.get(item.key), partial(judge, item, bound))


def alone(comparisons: Sequence[RecordedComparison], data: RunData) -> Iterator[CertificateLine]:
    """A block that was timed in lockstep takes as long as one timed alone, in the same process."""
    bound = f"within {SOLO:.0%} of 1"
    on_wall, on_cpu = _lockstep_over_solo(data, WALL), _lockstep_over_solo(in_cpu_time(data), CPU)

    def judge(item: RecordedComparison, logs: Sequence[float]) -> CertificateLine:
        found = pair_ratios.ratio(logs)
        return CertificateLine(
            "lockstep ÷ solo", item.key, LIVE, within(found, 1, SOLO), ratio_text(found), bound, found.n, "pairs", found
        )

    for item in comparisons:
        logs = on_wall.get(item.key, [])
        if len(logs) < 2:
            yield skipped_line("lockstep ÷ solo", item.key, bound)
            continue
        cpu = on_cpu.get(item.key) if follows_cpu_time(data, item.key) else None
        yield judged(logs, cpu, partial(judge, item))


def _lockstep_over_solo(data: RunData, clock: str) -> Ratios:
    frame = pair_ratios.lockstep_over_solo(data)
    # Both sides of a pair are one datum: they ran side by side.
    means = frame[frame["clock"] == clock].groupby(["key", "pair"], sort=False)["log_ratio"].mean()
    return {str(key): own.tolist() for key, own in means.groupby("key", sort=False)}


def agreement(comparisons: Sequence[RecordedComparison], data: RunData) -> Iterator[CertificateLine]:
    """Blocks timed by other timers take as long as ours, with which they alternate in one process.

    Other programs lengthen blocks of either timer, and no timer says which: the ratio of medians or that of the fastest
    blocks judges. A timer that is not installed has a line that says so and does not affect the certificate's verdict.
    """
    bound = f"within {AGREES:.0%} of 1"
    on_gpu = {item.key for item in comparisons if Case.from_key(item.key).axes["device"] != "cpu"}

    def judge(rival: str, key: str, logs: Sequence[float]) -> CertificateLine:
        found = pair_ratios.ratio(logs)
        return CertificateLine(
            "agreement", key, LIVE, within(found, 1, AGREES), f"ours ÷ {rival} {ratio_text(found)}", bound, found.n,
            "pairs", found,
        )  # fmt: skip

    for rival in RIVALS:
        frame = pair_ratios.ours_over_rival(data, rival)
        wanted = [item.key for item in comparisons if (rival in RIVALS_ON_GPU) == (item.key in on_gpu)]
        if wanted and frame.empty:
            reason = "it is not installed, or can time none of these cases"
            yield dataclasses.replace(skipped_line("agreement", rival, bound, reason), optional=True)
            continue
        for key in wanted:
            own = frame[frame["key"] == key].groupby("pair", sort=False)[["log_ratio", "fastest"]].mean()
            if own.empty:
                continue  # the case is reset before each block, which no other timer can do
            if len(own) < 2:
                yield skipped_line("agreement", key, bound)
                continue
            medians, fastest = own["log_ratio"].tolist(), own["fastest"].tolist()
            yield judged(medians, fastest, partial(judge, rival, key), BLOCKS)


def smallest_effects(
    comparisons: Sequence[RecordedComparison], ratios: Ratios, data: RunData
) -> Iterator[CertificateLine]:
    """The smallest slow-down that as many pairs find four times in five, if their logs are normal with the sd seen."""
    for item in comparisons:
        logs = ratios.get(item.key, [])
        if len(logs) < 3:
            yield skipped_line("smallest effect", item.key, "")
            continue
        n, sd = len(logs), statistics.stdev(logs)
        effect = math.expm1(least_shift(n) * sd)
        seconds = pair_ratios.seconds_of(data.pairs[data.pairs["key"] == item.key])
        yield CertificateLine(
            "smallest effect", item.key, LIVE, TOLD,
            f"+{effect:.1%} in {n} pairs with {seconds / n:.1f} s of blocks each; unchanged code has sd {sd:.1%}",
            "", n, "pairs", facts={"effect": effect, "sd": sd, "seconds": seconds},
        )  # fmt: skip


def least_shift(n: int) -> float:
    """The shift, in standard deviations, of n normal values that their 95 % interval excludes 0 for with `POWER`.

    From six values on, the interval of order statistics decides, which is a sign test: at most r - 1 values may be
    below 0 (r from `median_rank`), each with probability q; solved by bisection. For fewer values, Student's t: (t at
    97.5 % + t at 80 %)/√n, the usual approximation (Cohen, Statistical Power Analysis, 1988, chapter 2).
    """
    if n < intervals.fewest_for(intervals.CONFIDENCE):
        both = student_t.quantile(1 - ALARMS / 2, n - 1) + student_t.quantile(POWER, n - 1)
        return both / math.sqrt(n)
    most_below = intervals.median_rank(n)[0] - 1
    low, high = 0.0, 0.5
    while high - low > 1e-9:
        q = (low + high) / 2
        power = math.fsum(math.comb(n, k) * q**k * (1 - q) ** (n - k) for k in range(most_below + 1))
        low, high = (q, high) if power > POWER else (low, q)
    return -statistics.NormalDist().inv_cdf(high)
