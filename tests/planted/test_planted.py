"""Mistakes planted in the harness, each of which must be noticed: a check that cannot fail protects nothing.

Where a mistake is caught beside what it concerns, its test is named here and not written again:

synchronise removed              tests/measure/test_cuda_simulated.py, test_work_that_is_not_drained_…
blocks used as replicates        tests/stats/test_stopping.py, test_blocks_taken_for_replicates_…
tensors left on the CPU          tests/analyse/test_findings.py, test_a_case_of_a_device_that_launched_nothing_…
work leaked to a side stream     tests/measure/test_cuda_simulated.py, test_work_left_on_a_side_stream_…
a recompile in each block        tests/runner/test_compile.py, test_a_recompilation_after_the_first_call_is_counted
the garbage collector left on    tests/measure/test_case_session.py, test_garbage_is_not_collected_inside_blocks
the re-warm block removed        tests/runner/pairs/test_pair_loop.py, test_without_the_block_to_be_warm_again_…
"""

from __future__ import annotations

import math
import random
import statistics
from pathlib import Path

import numpy as np
import pytest

from bench.analyse.certificate import NOT_HELD, false_alarms
from bench.analyse.certificate.recorded import RecordedComparison
from bench.analyse.findings import findings_of
from bench.measure.dispatcher import Dispatcher
from bench.measure.timing import series_timer
from bench.measure.timing.blocks import ClockError, nothing, time_block
from bench.measure.timing.warm_up import WarmUp
from bench.plan.catalog import find
from bench.protocol import Open, Opened, Refused, Visit
from bench.records import BASE, HEAD, SIDES, Case, Settings
from bench.runner.launches.schedule import visiting_order
from bench.series import Series
from tests.analyse.as_frames import estimates_frame
from tests.analyse.conftest import MadeUpRun
from tests.analyse.test_findings import QUIET
from tests.simulated import SimulatedClock

HERE = Path(__file__)
FILES = HERE.parents[1] / "workload_files"


def test_every_test_that_is_named_above_exists():
    import re

    named = re.findall(r"(tests/\S+\.py), (test_\w+)", str(__doc__))
    assert len(named) == 7
    for path, name in named:
        text = (HERE.parents[2] / path).read_text()
        assert re.search(rf"^def {name}", text, re.MULTILINE), (path, name)


# --- warm-up --------------------------------------------------------------------------------------------------------

STEADY_NS = 10_000
TIMED = Series("step", "wall")


def step_time_of_a_cold_start() -> float:
    """What the harness reports, in ns, of a step that is nine times as long at first and gets faster call by call."""
    source = find([FILES / "recorded.py"], installed=False)["recorded/ordered"].source
    clock, calls = SimulatedClock(cost_ns=20), 0
    dispatcher = Dispatcher(lambda stage: None, clock)
    key = Case.of("recorded/ordered", {"resets": False}).key
    from bench.measure.author.import_workload import module_of

    class Cold:
        def work(self, ns: float) -> None:
            nonlocal calls
            calls += 1
            clock.work(ns * (1 + 8 * math.exp(-calls / 150)))

    module_of(source).ordered.clock = Cold()
    settings = Settings(warm_s=0.005, warm_cap_s=0.5, block_s=1e-4)
    assert isinstance(dispatcher.answer(Open(key, source, settings, {TIMED: 10, Series("half", "wall"): 10})), Opened)
    timed = dispatcher.answer(Visit(key)).blocks
    return statistics.median(block.total_ns / block.steps for block in timed if block.series == TIMED and block.kept)


def test_warm_up_removed(monkeypatch):
    assert step_time_of_a_cold_start() == pytest.approx(STEADY_NS, rel=0.02)
    monkeypatch.setattr(series_timer, "warm_up", lambda *_: WarmUp(True, 1, 1, STEADY_NS, 0, 0))
    assert step_time_of_a_cold_start() > 2 * STEADY_NS


# --- the clock ------------------------------------------------------------------------------------------------------


def test_a_clock_that_jumps_backwards_ends_the_case():
    readings = iter([1000, 400])
    with pytest.raises(ClockError, match="went back by 600 ns"):
        time_block(lambda: next(readings), nothing, 1, nothing)


def test_a_clock_that_jumps_backwards_is_no_time_of_any_kind():
    source = find([FILES / "recorded.py"], installed=False)["recorded/ordered"].source
    from bench.measure.author.import_workload import module_of

    clock = SimulatedClock(cost_ns=20)
    dice = random.Random(0)

    class Jumping:
        def work(self, ns: float) -> None:
            clock.work(ns)
            clock.now_ns -= 5_000_000 * (dice.random() < 0.01)

    module_of(source).ordered.clock = Jumping()
    dispatcher = Dispatcher(lambda stage: None, clock)
    key = Case.of("recorded/ordered", {"resets": False}).key
    reply = dispatcher.answer(Open(key, source, Settings(warm_s=0.005, warm_cap_s=0.05), {}))
    assert isinstance(reply, Refused)
    assert (reply.outcome, reply.reason[:10]) == ("failed", "ClockError")


def test_a_coarse_clock_makes_blocks_longer_and_keeps_their_steps_right():
    source = find([FILES / "recorded.py"], installed=False)["recorded/ordered"].source
    from bench.measure.author.import_workload import module_of

    clock = SimulatedClock(cost_ns=20_000, grain_ns=15_000_000)

    class Slow:
        """Steps of 100 ms: a block of 15 s is then soon simulated."""

        def work(self, ns: float) -> None:
            clock.work(10_000 * ns)

    module_of(source).ordered.clock = Slow()
    dispatcher = Dispatcher(lambda stage: None, clock)
    key = Case.of("recorded/ordered", {"resets": False}).key
    opened = dispatcher.answer(Open(key, source, Settings(warm_s=0.005, warm_cap_s=0.05), {}))
    assert opened.steps[TIMED] * 10_000 * STEADY_NS >= 1000 * 15_000_000
    step_ns = [block.total_ns / block.steps for block in dispatcher.answer(Visit(key)).blocks if block.series == TIMED]
    assert step_ns == pytest.approx([10_000 * STEADY_NS] * 3, rel=2e-3)


def test_blocks_too_short_for_a_coarse_clock_are_doubted():
    from dataclasses import replace

    coarse = replace(QUIET, resolution_s=0.015)
    assert "clock-resolution" in [finding.check for finding in findings_of(coarse)]


# --- order ----------------------------------------------------------------------------------------------------------


def apparent_ratios(order_of, launches: int = 200) -> list[float]:
    """Ratio of two equal cases on a machine that gets slower by 1 % a visit, in an order of (visit, case)."""
    found = []
    for launch in range(launches):
        seen: dict[str, list[float]] = {"a": [], "b": []}
        for place, (_, case) in enumerate(order_of(launch)):
            seen[case].append(1 + 0.01 * place)
        found.append(statistics.median(seen["a"]) / statistics.median(seen["b"]))
    return found


def test_a_fixed_order_in_place_of_a_shuffled_one_under_drift():
    shuffled = apparent_ratios(lambda launch: visiting_order({"a": 4, "b": 4}, launch, seed=0))
    fixed = apparent_ratios(lambda launch: [(visit, case) for case in "ab" for visit in range(4)])
    assert statistics.fmean(shuffled) == pytest.approx(1, abs=0.002)
    assert abs(statistics.fmean(fixed) - 1) > 0.03


# --- pairs ----------------------------------------------------------------------------------------------------------


def alarms_under_placement(coin: bool, comparisons: int = 40) -> str:
    """The live line of the certificate where whichever side is prepared first is 4 % slower; 6 pairs a comparison."""
    dice = random.Random(1)
    logs = {}
    for place in range(comparisons):
        key = f"a/b[place={place}]"
        logs[key] = []
        for _ in range(6):
            first = dice.choice(SIDES) if coin else BASE
            logs[key].append((0.04 if first == HEAD else -0.04) + dice.gauss(0, 0.005))
    live, _ = false_alarms([RecordedComparison("same", key) for key in logs], logs)
    return live.verdict


def test_the_coin_of_the_pair_removed():
    assert alarms_under_placement(coin=True) != NOT_HELD
    assert alarms_under_placement(coin=False) == NOT_HELD


# --- data -----------------------------------------------------------------------------------------------------------


def test_outliers_silently_dropped():
    """A third of the blocks is ten times as long: the median, the count and the doubt must know of them."""
    run = MadeUpRun()
    case = run.plan(size=64)
    for number in range(6):
        run.launch(case, number)
        run.blocks(case, number, [1e-6, 1.001e-6, 1.002e-6, 1.003e-6, 1e-5, 1.1e-5])
    row = estimates_frame(run.data()).iloc[0]
    assert row["blocks"] == 36
    assert row["value_s"] == pytest.approx(np.median([1e-6, 1.001e-6, 1.002e-6, 1.003e-6, 1e-5, 1.1e-5]))
    assert "outlier-share" in [finding.check for finding in row["findings"]]


# --- the answer -----------------------------------------------------------------------------------------------------


def test_the_check_run_on_another_object_than_the_timed_one(tmp_path):
    """A workload that checks a fresh, right computation passes; the harness gives it the output of the timed step."""
    file = tmp_path / "elsewhere.py"
    file.write_text(
        "import torch\n"
        "from bench.workload import Context, Prepared, Work, workload\n"
        "@workload(lesson='Elsewhere')\n"
        "def timed(ctx: Context) -> Prepared:\n"
        "    a = ctx.randn(8, 8)\n"
        "    return Prepared(step=lambda: torch.mm(a, a) * 1.01,\n"
        "                    check=lambda out: ctx.relative_error(out, a @ a), work=Work(flops=1, items=1))\n"
    )
    source = find([file], installed=False)["elsewhere/timed"].source
    key = Case.of("elsewhere/timed", {}).key
    dispatcher = Dispatcher(lambda stage: None, SimulatedClock())
    reply = dispatcher.answer(Open(key, source, Settings(), {}))
    assert isinstance(reply, Refused)
    assert reply.outcome == "wrong"
