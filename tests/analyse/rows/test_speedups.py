"""Speed-ups: which twin, which clock, which pairing, and that above 1 is faster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.analyse.rows.launch_times import LaunchTime
from bench.analyse.rows.speedups import compare, sides_of
from bench.records import Case, UserError
from tests.analyse.as_frames import estimates_frame, with_speedups_frame
from tests.analyse.conftest import MadeUpRun


def against(run: MadeUpRun, vs: str) -> list[dict[str, Any]]:
    """The rows of a run with their speed-ups."""
    data = run.data()
    return with_speedups_frame(estimates_frame(data), data, vs).to_dict("records")  # type: ignore[return-value]


def has_none(row: dict[str, Any]) -> bool:
    """No speed-up, no reference, nothing that looks like one."""
    names = ("reference", "speedup", "speedup_low", "speedup_high", "speedup_paired")
    return all(pd.isna(row[name]) for name in names) and row["speedup_method"] == ""


# --- direction ------------------------------------------------------------------------------------------------------


def test_above_one_is_faster_than_the_reference(run: MadeUpRun) -> None:
    eager = run.measured([4e-6] * 6, size=64)
    run.measured([1e-6] * 6, size=64, mode="script")
    reference, faster = against(run, "mode=eager")
    assert faster["speedup"] == pytest.approx(4.0)
    assert faster["reference"] == eager.key
    assert faster["speedup_paired"] is True
    assert has_none(reference)


def test_below_one_is_slower_than_the_reference(run: MadeUpRun) -> None:
    run.measured([1e-6] * 6, size=64)
    run.measured([4e-6] * 6, size=64, mode="script")
    assert against(run, "mode=eager")[1]["speedup"] == pytest.approx(0.25)


def test_estimates_stay_as_they_are(run: MadeUpRun) -> None:
    run.measured([1e-6] * 6, size=64)
    run.measured([2e-6] * 6, size=64, mode="script")
    data = run.data()
    frame = estimates_frame(data)
    pd.testing.assert_frame_equal(with_speedups_frame(frame, data, "mode=eager")[list(frame)], frame)


# --- pairing --------------------------------------------------------------------------------------------------------


def drifting(launches: int = 8) -> tuple[list[float], list[float]]:
    """Two cases, the first twice as slow, that both slow down by half from launch to launch. Seed 1."""
    noise = np.random.default_rng(1).lognormal(0, 0.005, (2, launches))
    drift = 1e-6 * 1.5 ** np.arange(launches)
    return (2 * drift * noise[0]).tolist(), (drift * noise[1]).tolist()


def in_launches(run: MadeUpRun, case: Case, step_s: Sequence[float], processes: Sequence[str], first: int = 0) -> None:
    for number, (seconds, process) in enumerate(zip(step_s, processes, strict=True), start=first):
        run.launch(case, number, process)
        run.blocks(case, number, [seconds])


def pair(run: MadeUpRun, processes: tuple[Sequence[str], Sequence[str]], first: int = 0) -> dict[str, Any]:
    """The row of a case against eager, each measured in these processes; the case from launch number `first` on."""
    slow, fast = drifting()
    in_launches(run, run.plan(size=64), slow, processes[0])
    in_launches(run, run.plan(size=64, mode="script"), fast, processes[1], first)
    return against(run, "mode=eager")[1]


def test_cases_that_shared_their_launches_are_paired_by_launch(run: MadeUpRun) -> None:
    row = pair(run, ("abcdefgh", "abcdefgh"))
    assert row["speedup_method"].startswith("paired by launch:")
    assert row["speedup_paired"] is True
    assert row["speedup"] == pytest.approx(2.0, rel=0.01)
    assert row["speedup_high"] / row["speedup_low"] < 1.05


def test_cases_in_processes_of_their_own_are_paired_by_round(run: MadeUpRun) -> None:
    row = pair(run, ("abcdefgh", "ijklmnop"))
    assert row["speedup_method"].startswith("paired by round:")
    assert row["speedup_paired"] is True
    assert row["speedup_high"] / row["speedup_low"] < 1.05


def test_one_launch_in_another_process_makes_it_by_round(run: MadeUpRun) -> None:
    assert pair(run, ("abcdefgh", "abcdefgX"))["speedup_method"].startswith("paired by round:")


def test_cases_without_a_common_round_are_not_paired(run: MadeUpRun) -> None:
    row = pair(run, ("abcdefgh", "ijklmnop"), first=8)
    assert "unpaired:" in row["speedup_method"]
    assert row["speedup_paired"] is False
    assert row["speedup_method"].startswith("not known:")  # the drift is in it
    assert pd.isna(row["speedup_low"])


def launched(medians: dict[int, tuple[str, float]]) -> list[LaunchTime]:
    """Medians of launches by their number, each with its process."""
    return [
        LaunchTime(number, process, value, value, value, 1, 0, value) for number, (process, value) in medians.items()
    ]


def test_one_common_round_in_two_processes_is_not_a_pair() -> None:
    reference = launched({0: ("a", 2.0), 1: ("b", 2.2)})
    case = launched({1: ("c", 1.0), 2: ("d", 1.1)})
    assert compare(sides_of(reference, case))[1] is False


def test_only_common_rounds_are_paired() -> None:
    reference = launched({0: ("a", 99.0), 1: ("b", 2.0), 2: ("c", 4.0), 3: ("d", 6.0)})
    case = launched({3: ("d", 2.0), 2: ("c", 2.0), 1: ("b", 2.0), 4: ("e", 99.0)})
    found, paired = compare(sides_of(reference, case))
    assert (found.value, found.n, paired) == (2.0, 3, True)


def test_launches_are_paired_by_their_number_not_their_place() -> None:
    reference = launched({0: ("a", 1.0), 1: ("b", 10.0), 2: ("c", 100.0)})
    case = launched({2: ("c", 100.0), 0: ("a", 1.0), 1: ("b", 10.0)})
    found, _ = compare(sides_of(reference, case))
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_a_single_launch_has_a_speedup_without_an_interval(run: MadeUpRun) -> None:
    run.measured([2e-6], size=64)
    run.measured([1e-6], size=64, mode="script")
    row = against(run, "mode=eager")[1]
    assert row["speedup"] == pytest.approx(2.0)
    assert pd.isna(row["speedup_low"])
    assert pd.isna(row["speedup_high"])


# --- twins ----------------------------------------------------------------------------------------------------------


def test_a_twin_differs_in_the_one_axis_alone(run: MadeUpRun) -> None:
    for size in (64, 128):
        run.measured([size * 4e-8] * 3, size=size)
        run.measured([size * 1e-8] * 3, size=size, mode="script")
    rows = against(run, "mode=eager")
    assert [Case.from_key(row["reference"])["size"] for row in rows if row["mode"] == "script"] == [64, 128]


def test_a_case_without_a_twin_has_no_speedup(run: MadeUpRun) -> None:
    run.measured([1e-6] * 3, size=64)
    run.measured([1e-6] * 3, size=128, mode="script")
    assert has_none(against(run, "mode=eager")[1])


def test_another_workload_is_no_twin(run: MadeUpRun) -> None:
    run.measured([1e-6] * 3, size=64)
    run.measured([1e-6] * 3, workload="matmul/other", size=64, mode="script")
    assert has_none(against(run, "mode=eager")[1])


def test_a_case_without_the_axis_has_no_speedup(run: MadeUpRun) -> None:
    run.measured([1e-6] * 3, size=64)
    run.measured([1e-6] * 3, workload="autograd/polynomial")
    assert has_none(against(run, "size=64")[1])


@pytest.mark.parametrize("bad", ["case", "reference"])
def test_a_case_that_was_not_measured_has_no_speedup_and_is_none(run: MadeUpRun, bad: str) -> None:
    eager, script = run.measured([1e-6] * 3, size=64), run.measured([1e-6] * 3, size=64, mode="script")
    run.launch(script if bad == "case" else eager, 3, outcome="wrong")
    run.measured([1e-6], workload="autograd/polynomial")  # so that something was measured eager
    assert all(has_none(row) for row in against(run, "mode=eager"))


def test_against_one_case_all_others_are_measured(run: MadeUpRun) -> None:
    one = run.measured([8e-6] * 6, size=64)
    run.measured([4e-6] * 6, size=128)
    run.measured([2e-6] * 6, workload="autograd/polynomial")
    rows = against(run, one.key)
    assert [row["speedup"] for row in rows[1:]] == pytest.approx([2.0, 4.0])
    assert has_none(rows[0])


def test_a_reference_may_be_named_by_the_axes_that_are_not_defaults(run: MadeUpRun) -> None:
    one = run.measured([8e-6] * 6, size=64)
    run.measured([4e-6] * 6, size=128)
    assert against(run, "matmul/square[size=64]")[1]["reference"] == one.key


def test_a_reference_that_turned_wrong_is_refused(run: MadeUpRun) -> None:
    one = run.measured([8e-6] * 6, size=64)
    run.launch(one, 6, outcome="wrong")
    run.measured([4e-6] * 6, size=128)
    with pytest.raises(UserError, match="that case is wrong"):
        against(run, one.key)


# --- across devices -------------------------------------------------------------------------------------------------


def on_cuda(run: MadeUpRun, clocks: dict[str, float], **params: Any) -> None:
    """A case on the GPU in six launches, each clock of it with so many seconds per step."""
    case = run.plan(size=64, device="cuda", **params)
    for number in range(6):
        run.launch(case, number)
        for clock, seconds in clocks.items():
            run.blocks(case, number, [seconds], clock)


def test_the_processor_has_one_clock_that_meets_wall_and_latency(run: MadeUpRun) -> None:
    run.measured([12e-6] * 6, size=64)
    on_cuda(run, {"wall": 2e-6, "latency": 4e-6})
    speedups = {row["clock"]: row["speedup"] for row in against(run, "device=cpu") if row["device"] == "cuda"}
    assert speedups == pytest.approx({"wall": 6.0, "latency": 3.0})


def test_across_devices_the_device_clock_has_no_speedup(run: MadeUpRun) -> None:
    run.measured([12e-6] * 6, size=64)
    on_cuda(run, {"wall": 2e-6, "device": 1e-6})
    assert [has_none(row) for row in against(run, "device=cpu")] == [True, False, True]  # cpu, wall, device


def test_on_one_device_the_device_clock_meets_itself(run: MadeUpRun) -> None:
    on_cuda(run, {"wall": 9e-6, "device": 6e-6})
    on_cuda(run, {"wall": 8e-6, "device": 2e-6}, mode="script")
    speedups = {row["clock"]: row["speedup"] for row in against(run, "mode=eager") if row["mode"] == "script"}
    assert speedups == pytest.approx({"wall": 9 / 8, "device": 3.0})


def test_the_latency_of_a_gpu_does_not_meet_the_wall_of_a_gpu(run: MadeUpRun) -> None:
    on_cuda(run, {"wall": 2e-6})
    on_cuda(run, {"wall": 1e-6, "latency": 4e-6}, mode="script")
    (row,) = [row for row in against(run, "mode=eager") if row["clock"] == "latency"]
    assert has_none(row)


def test_the_processor_stands_with_its_fastest_thread_count(run: MadeUpRun) -> None:
    for threads, seconds in [(1, 16e-6), (2, 8e-6), (4, 12e-6)]:
        run.measured([seconds] * 6, size=64, threads=threads)
    on_cuda(run, {"wall": 2e-6})
    (row,) = [row for row in against(run, "device=cpu") if row["device"] == "cuda"]
    assert row["speedup"] == pytest.approx(4.0)
    assert Case.from_key(row["reference"])["threads"] == 2


def test_a_thread_count_that_turned_wrong_is_not_the_fastest(run: MadeUpRun) -> None:
    run.measured([16e-6] * 6, size=64)
    wrong = run.measured([1e-6] * 6, size=64, threads=2)
    run.launch(wrong, 6, outcome="wrong")
    on_cuda(run, {"wall": 2e-6})
    (row,) = [row for row in against(run, "device=cpu") if row["device"] == "cuda"]
    assert Case.from_key(row["reference"])["threads"] == 1


def test_no_thread_count_of_the_reference_device_has_a_speedup(run: MadeUpRun) -> None:
    for threads in (1, 2):
        run.measured([1e-6 * threads] * 6, size=64, threads=threads)
    assert all(has_none(row) for row in against(run, "device=cpu"))


def test_thread_counts_matter_where_another_axis_is_compared(run: MadeUpRun) -> None:
    run.measured([8e-6] * 6, size=64, threads=1)
    run.measured([1e-6] * 6, size=64, threads=2)
    run.measured([4e-6] * 6, size=64, threads=1, mode="script")
    assert against(run, "mode=eager")[2]["speedup"] == pytest.approx(2.0)


def test_thread_counts_can_be_compared_themselves(run: MadeUpRun) -> None:
    run.measured([8e-6] * 6, size=64, threads=1)
    run.measured([5e-6] * 6, size=64, threads=2)
    assert against(run, "threads=1")[1]["speedup"] == pytest.approx(1.6)


# --- what cannot be asked -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vs", "message"),
    [
        ("mode=trace", r"nothing was measured with that value \(eager\)"),
        ("colour=red", "nothing that was measured has an axis 'colour'"),
        ("mode", "takes axis=value or a case key, not 'mode'"),
        ("mode=", "takes axis=value or a case key, not 'mode='"),
        ("", "takes axis=value or a case key, not ''"),
        ("matmul/square[size=99]", "no such case in this run"),
        ("matmul/square[size]", "is not axis=value"),
        ("matmul/square[", "is not a case key"),
    ],
)
def test_a_reference_that_is_none_is_refused(run: MadeUpRun, vs: str, message: str) -> None:
    run.measured([1e-6], size=64)
    with pytest.raises(UserError, match=message):
        against(run, vs)


def test_a_value_with_which_nothing_was_measured_is_refused(run: MadeUpRun) -> None:
    run.measured([1e-6], size=64)
    run.launch(run.plan(size=64, device="cuda"), outcome="skipped")
    with pytest.raises(UserError, match="nothing was measured with that value"):
        against(run, "device=cuda")
