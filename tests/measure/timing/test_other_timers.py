"""Other timers on the same step as ours."""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys

import pytest

from bench.measure.timing import other_timers
from bench.measure.timing.clocks import wall
from bench.measure.timing.other_timers import ON_THE_HOST, OtherTimer, timed_with_others
from bench.series import RIVALS, RIVALS_ON_GPU


def installed(name):
    return importlib.util.find_spec(ON_THE_HOST[name].module) is not None


@pytest.mark.parametrize("name", ON_THE_HOST)
def test_both_time_the_same_step_in_the_same_unit(name):
    if not installed(name):
        pytest.skip(f"{name} is not installed")
    # Plain Python: threads of torch would wait for each other where other tests run beside this one.
    found = timed_with_others(lambda: sum(range(1000)), 20, wall, 30, "seed")[name]
    assert 5 <= len(found) <= 30  # fewer than asked for on a machine so busy that they take too long
    # Far off only where one of them timed something else, or in another unit.
    assert 0.5 < statistics.median(pair.ours_ns / pair.theirs_ns for pair in found) < 2


@pytest.mark.parametrize("name", ON_THE_HOST)
@pytest.mark.parametrize("steps", [1, 40])
def test_the_other_timer_makes_the_steps_that_it_is_asked_for(name, steps):
    if not installed(name):
        pytest.skip(f"{name} is not installed")
    calls = []
    total = ON_THE_HOST[name].time(lambda: calls.append(None), steps)
    # Besides the block that is timed: the Timer's two calls, a warm-up round, and one call for a result.
    assert steps < len(calls) <= 2 * steps + 2
    assert total > 0


def test_long_steps_have_fewer_pairs_and_five_at_least():
    ticks = iter(range(0, 10**15, 10**9))  # a second passes between two looks at our clock
    found = timed_with_others(lambda: None, 2, lambda: next(ticks), 25, "seed")
    assert {len(pairs) for pairs in found.values()} == {5}


def test_a_timer_that_is_not_installed_is_left_out(monkeypatch):
    monkeypatch.setattr(other_timers.importlib.util, "find_spec", lambda name: None if name == "pyperf" else object())
    timers = {"pyperf": OtherTimer("pyperf", None), "torch Timer": OtherTimer("torch", lambda *_: 7)}
    monkeypatch.setattr(other_timers, "ON_THE_HOST", timers)
    found = timed_with_others(lambda: None, 1, wall, 1, "seed")
    assert list(found) == ["torch Timer"]
    assert [pair.theirs_ns for pair in found["torch Timer"]] == [7]


def test_their_names_are_those_that_the_certificate_knows():
    assert (*ON_THE_HOST, *RIVALS_ON_GPU) == RIVALS


def test_a_worker_starts_without_what_other_timers_need():
    others = {"torch.utils.benchmark", "torch.utils.cpp_extension", "pyperf", "pytest_benchmark"}
    code = f"import sys, bench.measure.dispatcher; print(sorted({others!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
