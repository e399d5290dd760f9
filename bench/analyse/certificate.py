"""The certificate: what the harness measured of known work, held against what must come out. Pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bench.analyse import pairs
from bench.records import Estimate
from bench.stats import intervals, student
from bench.stats.coverage import Coverage, exact_bounds
from bench.store.tables import RunData

HELD, NOT_HELD, UNDECIDED, TOLD, SKIPPED = "held", "not held", "not decided", "told", "skipped"
"""What a line says of its bound: the data show it, contradict it, or cannot tell; it has none; nothing was measured."""

SIMULATED, REPLAYED, LIVE = "simulated", "replayed", "live"

SLOPE, ADDS_UP, SOLO = 0.01, 0.02, 0.03
"""How far the slope of linearity, twice the work and lockstep ÷ solo may be from 1."""

COVERAGE = 0.93
"""Least coverage of the stated 95 % interval, stopping included."""

ALARMS = 1 - intervals.CONFIDENCE
"""Stated rate of false alarms of one comparison: its interval does not hold 1 though nothing differs."""

RECOVERY = 0.99
"""Confidence of the interval that must hold the injected slow-down."""

REPLAYS = 10_000
POWER = 0.8


@dataclass(frozen=True)
class Line:
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


def lines(data: RunData, coverages: Sequence[Coverage], seed: int) -> list[Line]:
    """All lines, from a run of `bench certify` and the simulated coverages. seed: of the replays."""
    told = data.run["certificate"]["comparisons"]
    ratios = pairs.pair_ratios(data.pairs)
    of = {key: group["log_ratio"].tolist() for key, group in ratios.groupby("key", sort=False)}
    return [
        *clock(data),
        *linearity(data, [item for item in told if item["purpose"] == "linearity"]),
        *additivity([item for item in told if item["purpose"] == "additivity"], of),
        *map(covered, coverages),
        *false_alarms([item for item in told if item["purpose"] == "same"], of, seed),
        *recovered([item for item in told if item["purpose"] == "injected"], of),
        *alone([item for item in told if item["purpose"] == "same"], data),
        *smallest_effects([item for item in told if item["purpose"] == "same"], of, data),
    ]


def clock(data: RunData) -> Iterator[Line]:
    """Resolution and cost of the clock, and the cost of an empty call, the worst of all processes."""
    launches = data.launches
    worst = {
        name: float(launches[f"{name}_ns"].max())
        for name in ("clock_resolution", "clock_cost", "empty_call")
        if launches[f"{name}_ns"].notna().any()
    }
    if len(worst) < 3:
        return
    block_ns = data.run["settings"]["block_s"] * 1e9
    fine = max(worst["clock_resolution"], worst["empty_call"]) * 1000 <= block_ns
    yield Line(
        "clock", "this machine", LIVE, HELD if fine else NOT_HELD,
        f"resolves {worst['clock_resolution']:.0f} ns, takes {worst['clock_cost']:.0f} ns a reading; an empty step "
        f"{worst['empty_call']:.0f} ns",
        f"a thousandth of a block of {block_ns / 1e6:g} ms; where it is not, blocks are made longer",
        launches["process"].nunique(), "processes", facts=worst,
    )  # fmt: skip


def linearity(data: RunData, told: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """Measured time against asked time, over waits from microseconds up: one slope a process, and its median.

    Least squares weighted by 1/asked², so that the short waits count as much as the long ones; the intercept is what
    the harness and the last look at the clock add to each.
    """
    asked = {item["key"]: item["micros"] * 1e-6 for item in told}
    blocks = data.blocks
    kept = blocks[blocks["kept"].astype(bool) & (blocks["phase"] == "step") & blocks["key"].isin(list(asked))]
    frame = kept.assign(step_s=kept["total_ns"] / kept["steps"] / 1e9)
    medians = frame.groupby(["launch", "side", "key"], sort=False)["step_s"].median().reset_index()
    slopes, intercepts = [], []
    for _, group in medians.groupby(["launch", "side"], sort=False):
        if len(group) < 3:
            continue
        x = group["key"].map(asked).to_numpy(dtype=np.float64)
        slope, intercept = np.polyfit(x, group["step_s"].to_numpy(dtype=np.float64), 1, w=1 / x)
        slopes.append(float(slope))
        intercepts.append(float(intercept))
    if not slopes:
        yield _skipped("linearity", "waits", f"slope within {SLOPE:.0%} of 1")
        return
    found = _estimate(intervals.median(slopes, of="processes"))
    span = f"{min(asked.values()) * 1e6:g} µs to {max(asked.values()) * 1e3:g} ms"
    yield Line(
        "linearity", f"waits of {span}", LIVE, _within(found, 1, SLOPE),
        f"slope {_ratio(found, 5)}; {statistics.median(intercepts) * 1e9:.0f} ns besides", f"within {SLOPE:.0%} of 1",
        found.n, "processes", found,
    )  # fmt: skip


def additivity(told: Sequence[Mapping[str, Any]], of: Mapping[Any, Sequence[float]]) -> Iterator[Line]:
    """Work done twice takes twice as long."""
    for item in told:
        logs = of.get(item["key"], [])
        if len(logs) < 2:
            yield _skipped("additivity", item["key"], f"within {ADDS_UP:.0%} of 1")
            continue
        found = pairs.ratio([value - math.log(item["ratio"]) for value in logs])
        yield Line(
            "additivity", item["key"], LIVE, _within(found, 1, ADDS_UP),
            f"(f;f) ÷ twice f: {_ratio(found)}",
            f"within {ADDS_UP:.0%} of 1", found.n, "pairs", found,
        )  # fmt: skip


def covered(seen: Coverage) -> Line:
    """How often the stated 95 % interval holds the median of a simulated family, stopping included."""
    verdict = HELD if seen.low >= COVERAGE else NOT_HELD if seen.high < COVERAGE else UNDECIDED
    estimate = Estimate(seen.rate, seen.low, seen.high, seen.intervals, "Clopper-Pearson, 99 %", "rate")
    return Line(
        "coverage", seen.family, SIMULATED, verdict,
        f"{seen.rate:.1%} [{seen.low:.1%}, {seen.high:.1%}] of the 95 % intervals hold the median, "
        f"after {seen.launches:.1f} launches on the mean",
        f"at least {COVERAGE:.0%}", seen.intervals, "measurements", estimate,
    )  # fmt: skip


def false_alarms(told: Sequence[Mapping[str, Any]], of: Mapping[Any, Sequence[float]], seed: int) -> Iterator[Line]:
    """Comparisons of a case with itself whose 95 % interval does not hold 1: as seen, and with the coins tossed again.

    Which side of a pair was called base is the toss of a coin; with nothing changed, the other toss was as likely. So
    each pair's log ratio may change its sign, and the rate over many tosses is exact for these pairs.
    """
    bound = f"at most {ALARMS:.0%}"
    samples = [np.asarray(of[item["key"]]) for item in told if len(of.get(item["key"], ())) >= 2]
    if not samples:
        yield _skipped("false alarms", "cases against themselves", bound)
        return
    alarms = sum(_alarm(sample) for sample in samples)
    yield _alarm_line(LIVE, alarms, len(samples), "comparisons", bound)
    dice = np.random.default_rng(seed)
    tosses = max(1, REPLAYS // len(samples))
    replayed = sum(
        _alarm(sample * signs) for sample in samples for signs in dice.choice((-1.0, 1.0), (tosses, len(sample)))
    )
    yield _alarm_line(REPLAYED, replayed, tosses * len(samples), "tosses", bound)


def _alarm(log_ratios: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
    low, high = _ends(pairs.ratio(log_ratios.tolist()))
    return not low <= 1 <= high


def _alarm_line(source: str, alarms: int, of: int, counted: str, bound: str) -> Line:
    low, high = exact_bounds(alarms, of)
    verdict = NOT_HELD if low > ALARMS else HELD if high <= ALARMS else UNDECIDED
    return Line(
        "false alarms", "cases against themselves", source, verdict,
        f"{alarms} of {of}: {alarms / of:.1%} [{low:.1%}, {high:.1%}]", bound, of, counted,
        Estimate(alarms / of, low, high, of, "Clopper-Pearson, 99 %", "rate"),
    )  # fmt: skip


def recovered(told: Sequence[Mapping[str, Any]], of: Mapping[Any, Sequence[float]]) -> Iterator[Line]:
    """A slow-down that is exact by construction lies inside the 99 % interval of its estimate."""
    for item in told:
        bound, logs = f"{item['ratio']:.2f} inside the {RECOVERY:.0%} interval", of.get(item["key"], [])
        if len(logs) < 2:
            yield _skipped("injected slow-down", item["key"], bound)
            continue
        found = pairs.ratio(logs, RECOVERY)
        low, high = _ends(found)
        verdict = HELD if low <= item["ratio"] <= high else NOT_HELD
        yield Line(
            "injected slow-down",
            item["key"],
            LIVE,
            verdict,
            f"head ÷ base {_ratio(found)}",
            bound,
            found.n,
            "pairs",
            found,
        )


def alone(told: Sequence[Mapping[str, Any]], data: RunData) -> Iterator[Line]:
    """A block that was timed in lockstep takes as long as one timed alone, in the same process."""
    frame = pairs.lockstep_over_solo(data)
    for item in told:
        own = frame[frame["key"] == item["key"]]
        # Both sides of a pair are one datum: they ran side by side.
        logs = own.groupby("pair", sort=False)["log_ratio"].mean().tolist()
        if len(logs) < 2:
            yield _skipped("lockstep ÷ solo", item["key"], f"within {SOLO:.0%} of 1")
            continue
        found = pairs.ratio(logs)
        yield Line(
            "lockstep ÷ solo", item["key"], LIVE, _within(found, 1, SOLO), _ratio(found), f"within {SOLO:.0%} of 1",
            found.n, "pairs", found,
        )  # fmt: skip


def smallest_effects(
    told: Sequence[Mapping[str, Any]], of: Mapping[Any, Sequence[float]], data: RunData
) -> Iterator[Line]:
    """The least slow-down that so many pairs find four times in five, from the spread of a case's own pairs.

    (t at 97.5 % + t at 80 %) · sd/√n on the log scale, with n - 1 degrees of freedom (Cohen, Statistical Power
    Analysis, 1988, chapter 2, by the usual approximation).
    """
    spent = data.pairs.groupby("key")[["base_ns", "head_ns"]].sum().sum(axis=1) * 2e-9  # each block is run twice
    for item in told:
        logs = of.get(item["key"], [])
        if len(logs) < 3:
            yield _skipped("smallest effect", item["key"], "")
            continue
        n, sd = len(logs), statistics.stdev(logs)
        both = student.quantile(1 - ALARMS / 2, n - 1) + student.quantile(POWER, n - 1)
        effect = math.expm1(both * sd / math.sqrt(n))
        seconds = float(spent[item["key"]])
        yield Line(
            "smallest effect", item["key"], LIVE, TOLD,
            f"+{effect:.1%} in {n} pairs of {seconds / n:.1f} s; pairs of unchanged code differ with sd {sd:.1%}",
            "", n, "pairs", facts={"effect": effect, "sd": sd, "seconds": seconds},
        )  # fmt: skip


def _skipped(check: str, about: str, bound: str) -> Line:
    return Line(check, about, LIVE, SKIPPED, "too few pairs were measured", bound, 0, "pairs")


def _ends(found: Estimate) -> tuple[float, float]:
    """The interval of two pairs and more."""
    if found.low is None or found.high is None:
        raise ValueError(f"{found.n} pairs have no interval")
    return found.low, found.high


def _within(found: Estimate, centre: float, share: float) -> str:
    """Held where the whole interval is inside, not held where it is outside as a whole."""
    if found.low is None or found.high is None:
        return UNDECIDED
    low, high = centre * (1 - share), centre * (1 + share)
    if low <= found.low and found.high <= high:
        return HELD
    return NOT_HELD if found.high < low or found.low > high else UNDECIDED


def _ratio(found: Estimate, digits: int = 3) -> str:
    return f"{found.value:.{digits}f} [{found.low:.{digits}f}, {found.high:.{digits}f}], {found.method}"


def _estimate(found: intervals.Interval) -> Estimate:
    return Estimate(found.value, found.low, found.high, found.n, found.method, "ratio")


def verdict(found: Sequence[Line]) -> str:
    """Of the certificate: not held as soon as one line is not; else not decided where one is not, else held."""
    seen = {line.verdict for line in found}
    return next((each for each in (NOT_HELD, UNDECIDED) if each in seen), HELD)
