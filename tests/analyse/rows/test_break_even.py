"""After how many steps compiling has paid for itself."""

from __future__ import annotations

import math

import pytest

from bench.analyse.rows.break_even import break_even
from bench.stats.intervals import Interval
from tests.analyse.as_frames import estimates_frame, phases_frame, with_break_even_frame

from ..conftest import MadeUpRun


def step(value: float, spread: float = 0.0) -> Interval:
    return Interval(value, value * (1 - spread), value * (1 + spread), 6, "")


def test_it_is_the_cost_over_what_a_step_saves():
    found = break_even(step(10.0), step(3e-3), step(1e-3))
    assert (found.value, found.low, found.high) == pytest.approx((5000, 5000, 5000))


def test_its_ends_take_cost_and_steps_at_their_worst():
    found = break_even(step(10.0, 0.1), step(3e-3, 0.1), step(1e-3, 0.1))
    assert found.low == pytest.approx(9 / (3.3e-3 - 0.9e-3))
    assert found.high == pytest.approx(11 / (2.7e-3 - 1.1e-3))


def test_what_is_not_faster_never_pays():
    assert break_even(step(10.0), step(1e-3), step(1.1e-3)).low == math.inf


def test_what_may_not_be_faster_may_never_pay():
    found = break_even(step(10.0), step(1.1e-3, 0.2), step(1e-3, 0.2))
    assert found.value < math.inf
    assert found.high == math.inf


def compiled_run(run: MadeUpRun, eager_s: float, compiled_s: float):
    for mode, seconds in (("eager", eager_s), ("compile", compiled_s)):
        case = run.plan("a/b", mode=mode)
        for number in range(6):
            cache = "" if mode == "eager" else "warm" if number else "cold"
            run.launch(case, number, process=f"{mode} {number}", cache=cache, first_call_ns=20_000_000_000)
            run.blocks(case, number, [seconds * (1 + number * 1e-3)])
    data = run.data()
    return with_break_even_frame(estimates_frame(data), phases_frame(data)).set_index("mode")


def test_a_compiled_case_breaks_even_with_its_eager_twin_by_its_cold_compilation(run):
    frame = compiled_run(run, 3e-3, 1e-3)
    row = frame.loc["compile"]
    assert row["break_even"] == pytest.approx(20 / 2.005e-3, rel=1e-3)
    assert row["break_even_low"] < row["break_even"] < row["break_even_high"]
    assert row["break_even_of"] == "cold"
    assert math.isnan(frame.loc["eager", "break_even"])


def test_a_slower_compiled_case_never_does(run):
    assert compiled_run(run, 1e-3, 1.2e-3).loc["compile", "break_even_low"] == math.inf


def test_without_an_eager_twin_there_is_nothing_to_break_even_with(run):
    case = run.plan("a/b", mode="compile")
    run.launch(case, 0, cache="cold", first_call_ns=10**9)
    run.blocks(case, 0, [1e-3])
    data = run.data()
    assert with_break_even_frame(estimates_frame(data), phases_frame(data))["break_even"].isna().all()


def test_without_intervals_the_ends_are_not_known_and_it_is_not_called_never(run):
    for mode, seconds in (("eager", 3e-3), ("compile", 1e-3)):
        case = run.plan("a/b", mode=mode)
        run.launch(case, 0, process=mode, cache="" if mode == "eager" else "cold", first_call_ns=10**10)
        run.blocks(case, 0, [seconds])
    data = run.data()
    row = with_break_even_frame(estimates_frame(data), phases_frame(data)).set_index("mode").loc["compile"]
    assert (row["break_even"], row["break_even_low"], row["break_even_high"]) == (pytest.approx(5000), 0.0, math.inf)


def test_a_time_of_the_device_is_not_set_against_compiling_on_the_host(run):
    for mode, seconds in (("eager", 3e-3), ("compile", 1e-3)):
        case = run.plan("a/b", mode=mode, device="cuda")
        run.launch(case, 0, process=mode, cache="" if mode == "eager" else "cold", first_call_ns=10**10)
        for clock in ("wall", "device"):
            run.blocks(case, 0, [seconds], clock=clock)
    data = run.data()
    frame = with_break_even_frame(estimates_frame(data), phases_frame(data))
    by_clock = frame[frame["mode"] == "compile"].set_index("clock")["break_even"]
    assert by_clock["wall"] == pytest.approx(5000)
    assert math.isnan(by_clock["device"])
