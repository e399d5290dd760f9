"""What is said of a profile: only what its numbers bear out, however much the profiler slowed the step down."""

import math
import random
from datetime import UTC, datetime

import pytest

from bench.analyse.profiles import judge
from bench.analyse.profiles.compile_time import parts
from bench.analyse.profiles.time_shares import BUDGET
from bench.analyse.profiles.verdict import MEANINGS
from bench.analyse.rows.peaks import Peaks, Place, Rate
from tests.analyse.profiles.told import told

CPU = Place("cpu", 1, "wall")


def peaks(flops=0.0, numbytes=0.0, kernels=0.0):
    """Peaks per second of one place, those that are given."""

    def rate(value):
        return Rate(value, 0.99 * value, 1.01 * value)

    return Peaks(
        "r",
        datetime.now(UTC),
        {(CPU, "float32"): rate(flops)} if flops else {},
        {(CPU, "float32"): 1e12} if flops else {},
        {CPU: ((1.0, rate(numbytes)),)} if numbytes else {},
        {CPU: rate(kernels)} if kernels else {},
    )


@pytest.mark.parametrize(
    ("parts_ms", "on_device", "word"),
    [
        ({"operators": 9, "python": 1}, False, "operator-bound"),
        ({"compiled": 5, "operators": 4, "python": 1}, False, "operator-bound"),
        ({"wrapping": 4, "compiled": 3, "python": 3}, False, "Python-bound"),
        ({"python": 7, "operators": 3}, False, "Python-bound"),
        ({"copies": 7, "operators": 3}, False, "copy-bound"),
        ({"loader": 7, "operators": 3}, False, "loader-bound"),
        ({"loader": 4, "operators": 3, "python": 3}, False, "mixed"),
        ({"starting": 7, "loader": 2, "python": 1}, False, "starting workers"),
        ({"starting": 4, "loader": 3, "python": 3}, False, "loader-bound"),
        ({"starting": 4, "operators": 3, "python": 3}, False, "mixed"),
        ({"kernels": 9, "operators": 1}, True, "kernel-bound"),
        ({"kernels": 2, "operators": 5, "python": 3}, True, "launch-bound"),
        ({"kernels": 2, "operators": 2, "python": 6}, True, "Python-bound"),
        ({"kernels": 3, "copies": 7}, True, "copy-bound"),
        ({"kernels": 3, "waiting": 7}, True, "waiting"),
        ({"kernels": 3, "loader": 7}, True, "loader-bound"),
        ({"kernels": 4, "copies": 3, "waiting": 3}, True, "mixed"),
    ],
)
def test_what_takes_more_than_half_is_what_binds(parts_ms, on_device, word):
    assert judge(told(parts_ms, on_device=on_device)).verdict.word == word


def test_every_verdict_is_explained():
    assert set(MEANINGS) >= {"compute-bound", "memory-bound", "launch-bound", "cannot tell", "mixed"}


# --- bounds ---------------------------------------------------------------------------------------------------------


def test_the_bounds_hold_wherever_the_profilers_own_time_went():
    dice = random.Random(3)
    for _ in range(300):
        plain = [dice.random() for _ in range(4)]
        added = [dice.random() * dice.random() for _ in range(4)]
        names = ("operators", "python", "copies", "loader")
        seen = {name: a + b for name, a, b in zip(names, plain, added, strict=True)}
        found = judge(told(seen, slower=sum(seen.values()) / sum(plain), noise=(1.0,)))
        for share in found.shares:
            true = plain[names.index(share.name)] / sum(plain)
            assert share.low - 1e-3 <= true <= share.high + 1e-3


def test_a_part_that_may_be_less_than_half_without_the_profiler_binds_nothing():
    found = judge(told({"operators": 6, "python": 4}, slower=1.4))
    assert found.verdict.word == "cannot tell"
    assert "44 % to 84 %" in found.verdict.because


def test_parts_of_which_one_may_be_more_than_half_without_the_profiler_are_not_called_mixed():
    parts_ms = {"operators": 4, "python": 3, "loader": 3}
    assert judge(told(parts_ms)).verdict.word == "mixed"
    assert judge(told(parts_ms, slower=1.3)).verdict.word == "cannot tell"


def test_a_part_so_large_that_the_profiler_cannot_have_made_it_binds_even_over_budget():
    found = judge(told({"operators": 9, "python": 1}, slower=2.0))
    assert (found.cost.shape_only, found.verdict.word) == (True, "operator-bound")


@pytest.mark.parametrize(
    "paces",
    [{"before_ns": [100] * 9, "after_ns": [180] * 9}, {"profiled_ns": [50] * 9, "before_ns": [100], "after_ns": [99]}],
    ids=["before and after differ", "faster under the profiler"],
)
def test_where_the_machine_changed_its_pace_nothing_is_bounded_and_no_time_told(paces):
    found = judge(told({"operators": 9, "python": 1}, **paces))
    assert found.cost.shape_only
    assert [(share.low, share.high) for share in found.shares] == [(0.0, 1.0)] * 2
    assert found.verdict.word == "cannot tell"
    assert "the machine changed its pace" in found.verdict.because


def test_a_profiler_that_seems_to_make_a_step_faster_bounds_nothing():
    shares = judge(told({"operators": 9, "python": 1}, slower=0.9)).shares
    assert [(share.low, share.value, share.high) for share in shares] == [(0.9, 0.9, 0.9), (0.1, 0.1, 0.1)]


@pytest.mark.parametrize(("slower", "shape_only"), [(BUDGET - 0.01, False), (BUDGET + 0.01, True)])
def test_over_budget_no_times_are_told(slower, shape_only):
    assert judge(told({"operators": 1}, slower=slower)).cost.shape_only is shape_only


def test_the_overhead_has_the_interval_of_its_blocks():
    overhead = judge(told({"operators": 1}, slower=1.2)).cost.overhead
    assert overhead.low < overhead.value < overhead.high
    assert overhead.value == pytest.approx(1.2, rel=1e-3)
    assert "blocks" in overhead.method


def test_one_block_has_no_interval_and_says_so():
    overhead = judge(told({"operators": 1}, steps=1, blocks=1)).cost.overhead
    assert (overhead.low, "one block" in overhead.method) == (None, True)


def test_a_sleeping_host_is_said_to_sleep():
    said = judge(told({"python": 9, "operators": 1}, thread_ns=50)).verdict.because
    assert "on a core for only 5 %" in said
    assert "on a core" not in judge(told({"python": 9, "operators": 1})).verdict.because


def test_without_a_block_nothing_is_said():
    found = judge(told({}, blocks=0, before_ns=[9], after_ns=[9], profiled_ns=[9], watched=None))
    assert (found.shares, found.verdict.word) == ((), "cannot tell")


# --- the device -----------------------------------------------------------------------------------------------------


def test_the_idle_share_is_that_between_the_first_and_the_last_work():
    found = judge(told({"kernels": 2, "operators": 8}, on_device=True))
    assert found.idle.value == pytest.approx(0.8)


def test_without_the_profiler_the_device_idles_less():
    idle = judge(told({"kernels": 2, "operators": 8}, slower=2.0, on_device=True, noise=(1.0,))).idle
    assert (idle.low, idle.value, idle.high) == pytest.approx((0.6, 0.8, 0.8), abs=1e-3)


def test_a_device_that_did_nothing_has_no_idle_share():
    nothing = dict.fromkeys(("launches", "kernels", "fills", "copy_ns", "busy_ns", "span_ns", "lost"), 0)
    assert judge(told({"python": 1}, on_device=True, device={**nothing, "copies": {}})).idle is None


# --- limits of the machine ------------------------------------------------------------------------------------------

STEP_S = 0.01
WORK = {"flops": 1e9, "bytes": 1e8, "kernels": 100}


@pytest.mark.parametrize(
    ("known", "word"),
    [
        (peaks(flops=1.25e11), "compute-bound"),
        (peaks(flops=1e12, numbytes=1.25e10), "memory-bound"),
        (peaks(flops=1e12, numbytes=1e12, kernels=1.2e4), "launch-bound"),
        (peaks(flops=1e13, numbytes=1e13), "operator-bound"),
        (peaks(), "operator-bound"),
        (None, "operator-bound"),
    ],
)
def test_compute_or_memory_is_said_only_where_the_peaks_account_for_half(known, word):
    assert judge(told({"operators": 9, "python": 1}, work=WORK), known).verdict.word == word


def test_a_limit_that_accounts_for_half_only_by_chance_says_nothing():
    found = judge(told({"operators": 9, "python": 1}, work=WORK), peaks(flops=1.99e11))
    assert (found.verdict.word, found.limits.found[0].value > 0.5) == ("operator-bound", True)


def test_peaks_so_low_that_the_step_beats_them_say_nothing():
    found = judge(told({"operators": 9, "python": 1}, work=WORK), peaks(flops=5e10)).verdict
    assert (found.word, "which is impossible" in found.because) == ("operator-bound", True)


def test_a_step_that_hardly_works_is_bound_by_no_limit_of_the_machine():
    assert judge(told({"python": 9, "operators": 1}, work=WORK), peaks(flops=1e11)).verdict.word == "Python-bound"


def test_peaks_of_another_thread_count_are_not_taken():
    found = judge(told({"operators": 1}, work=WORK, threads=2), peaks(flops=1e11)).limits
    assert (found.found, "neither" in found.reason) == ((), True)


# --- compiling ------------------------------------------------------------------------------------------------------

TIMERS = {
    "_compile.compile_inner": 14.0,
    "OutputGraph.call_user_compiler": 13.0,
    "compile_fx_inner": 12.0,
    "PyCodeCache.load_by_key_path": 5.0,
}


def test_the_parts_of_compiling_add_up_to_all_of_it():
    found = parts(TIMERS)
    assert list(found.values()) == [1.0, 1.0, 7.0, 5.0]
    assert math.fsum(found.values()) == TIMERS["_compile.compile_inner"]


def test_a_backward_pass_that_is_compiled_later_counts_too():
    later = {**TIMERS, "compile_fx_inner": 20.0, "compile_fx.<locals>.bw_compiler": 9.0}
    assert math.fsum(parts(later).values()) == 14.0 + 9.0


@pytest.mark.parametrize("timers", [{}, {"_compile.compile_inner": 1.0}, {**TIMERS, "compile_fx_inner": 99.0}])
def test_timers_that_do_not_lie_in_each_other_say_nothing(timers):
    assert parts(timers) == {}
