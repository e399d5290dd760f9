"""Rows of every kind, as hypothesis draws them.

Intervals besides those of the time carry what a record says of them: no number of launches, where it has no column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from bench.analyse.rows.row import NO_WORK, BreakEven, Floor, GateVerdict, Row, Speedup
from bench.records import Case, Finding, Outcome
from bench.series import Series
from bench.stats.intervals import Interval
from bench.workload import Work
from tests.store.strategies import maybe

NUMBERS = st.floats(min_value=1e-12, max_value=1e12)
WORDS = st.text(alphabet="abc µ÷{}\n<", max_size=8)
NAMES = WORDS.filter(bool)
LOST = st.sampled_from([each for each in Outcome if each != Outcome.OK])
STEPS_OR_NEVER = NUMBERS | st.just(float("inf"))

AXES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "device": st.sampled_from(["cpu", "cuda"]),
        "threads": st.sampled_from([1, 8, "physical"]),
        "size": st.integers(-5, 2**40),
        "lr": st.floats(1e-9, 1e9),
        "form": st.sampled_from(["cure", "mistake"]),
        "biased": st.booleans(),
    },
)
FINDINGS = st.builds(Finding, NAMES, st.sampled_from(["hint", "warning", "error"]), WORDS, WORDS, WORDS)
WORK = st.builds(
    Work, maybe(NUMBERS), maybe(NUMBERS), maybe(st.integers(0, 99)), maybe(NUMBERS), st.sampled_from(["", "row"]),
    maybe(NUMBERS), st.sampled_from(["", "bfloat16", "tf32"]),
)  # fmt: skip
QUALITY = st.dictionaries(NAMES, maybe(NUMBERS), max_size=2)
COUNTERS = st.dictionaries(NAMES, st.integers(0, 9), max_size=2)
NO_CLOCK = st.dictionaries(st.just(Series("step", "device")), WORDS, max_size=1)


def intervals(n: int = 0, method: str = "") -> st.SearchStrategy[Interval]:
    """Intervals over `n` launches, made in this way; some have no ends."""
    bare = st.builds(Interval, NUMBERS, st.none(), st.none(), st.just(n), st.just(method))
    return bare | st.builds(Interval, NUMBERS, NUMBERS, NUMBERS, st.just(n), st.just(method))


@st.composite
def speedups(draw: st.DrawFn) -> Speedup:
    clock = draw(st.sampled_from(["wall", "cpu", ""]))
    return Speedup("a/b[form=cure]", draw(intervals(method=draw(WORDS))), draw(st.booleans()), clock)


@st.composite
def lost(draw: st.DrawFn) -> Row:
    """A case without a time: skipped, crashed, wrong, …"""
    case = Case.of(draw(st.sampled_from(["matmul/square", "daten/öffnen"])), draw(AXES))
    return Row(
        case, draw(WORDS), draw(WORDS), draw(WORDS), draw(LOST), draw(WORDS), draw(maybe(WORDS)),
        work=draw(st.just(NO_WORK) | WORK), quality=draw(maybe(QUALITY)), counters=draw(maybe(COUNTERS)),
        no_clock=draw(maybe(NO_CLOCK)), threads_used=draw(maybe(NUMBERS)),
        findings=tuple(draw(st.lists(FINDINGS, max_size=2))),
    )  # fmt: skip


@st.composite
def timed(draw: st.DrawFn) -> Row:
    """A case with a time and all that is known beside it."""
    n, method, mean_method = draw(st.integers(1, 20)), draw(WORDS), draw(NAMES)
    mean = draw(maybe(intervals(n, mean_method)))
    some: dict[str, Any] = {
        name: draw(maybe(NUMBERS))
        for name in (
            "sd_launches", "sd_between", "sd_within", "autocorrelation", "drift", "drift_p", "compile_cold_s",
            "compile_warm_s", "build_s", "peak_bytes", "fastest_s", "waiting", "background", "preempted_share",
        )
    }  # fmt: skip
    return replace(
        draw(lost()), outcome=Outcome.OK, clock=draw(st.sampled_from(["wall", "latency", "device", "cpu"])),
        time=draw(intervals(n, method)), rate=draw(maybe(intervals(n, mean_method if mean else method))),
        first_call=draw(maybe(intervals())),
        blocks=draw(st.integers(1, 999)), statistic=draw(st.sampled_from(["median", "mean", "min"])), mean=mean,
        p95=draw(maybe(intervals())), p99=draw(maybe(intervals())), **some,
    )  # fmt: skip


@st.composite
def floored(draw: st.DrawFn) -> Row:
    """A case that was held against peaks: with a floor, or with the reason why it has none."""
    row = draw(timed() | lost())
    if row.time is None or draw(st.booleans()):
        return replace(row, floor=Floor(reason=draw(NAMES)))
    by, reason = draw(st.sampled_from(["flops", "bytes", "kernels"])), draw(WORDS)
    floor = Floor(draw(intervals(row.time.n)), by, reason, proven=draw(st.booleans()))
    return replace(row, floor=floor, times_floor=draw(intervals(row.time.n)))


@st.composite
def compared(draw: st.DrawFn) -> Row:
    """A case with its speed-up against another."""
    return replace(draw(timed()), speedup=draw(speedups()))


@st.composite
def compiled(draw: st.DrawFn) -> Row:
    """A compiled case: it pays after some steps, never, or nobody knows."""
    steps, low, high = draw(st.tuples(STEPS_OR_NEVER, STEPS_OR_NEVER, STEPS_OR_NEVER))
    return replace(draw(timed()), break_even=BreakEven(steps, low, high, draw(st.sampled_from(["cold", "warm"]))))


@st.composite
def drawn(draw: st.DrawFn) -> Row:
    """A case with all that charts draw."""
    return replace(
        draw(floored() | compared() | compiled()),
        twins=draw(st.dictionaries(st.sampled_from(["mode", "device"]), speedups(), max_size=2)),
        phases=draw(st.dictionaries(NAMES, intervals(), max_size=2)),
        samples=draw(st.dictionaries(st.sampled_from("01"), st.lists(NUMBERS, max_size=3), max_size=2)),
        check_error=draw(maybe(NUMBERS)),
        created="2026-11-01T10:00:00+00:00",
    )


@st.composite
def judged(draw: st.DrawFn) -> Row:
    """A case that a gate compared."""
    row, pairs = draw(lost()), draw(st.integers(0, 40))
    ratio = draw(maybe(intervals(pairs, "95 % confidence sequence over pairs")))
    verdict = GateVerdict(draw(NAMES), ratio, pairs, draw(NUMBERS), draw(NUMBERS), draw(NAMES))
    return Row(
        row.case, row.run, row.machine, row.torch, row.outcome, row.reason, clock=draw(maybe(st.just("wall"))),
        verdict=verdict,
    )  # fmt: skip


KINDS: Mapping[str, st.SearchStrategy[Row]] = {
    "lost": lost(), "timed": timed(), "floored": floored(), "compared": compared(), "compiled": compiled(),
    "drawn": drawn(), "judged": judged(),
}  # fmt: skip
"""By what they have besides a case and an outcome."""


def of_a_run() -> st.SearchStrategy[list[Row]]:
    """Rows of any kind, beside each other as those of several runs are; a gate has rows of its own."""
    mixed = st.one_of(*(each for name, each in KINDS.items() if name != "judged"))
    return st.lists(mixed, min_size=1, max_size=4) | st.lists(judged(), min_size=1, max_size=3)
