"""The frame of estimates: a row a case and clock, or the reason there is no time."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pandas as pd
import pytest

from bench.analyse.rows.once import ONCE
from bench.records import Case, Outcome
from bench.series import Series
from bench.store.schema import COLUMNS
from tests.analyse.as_frames import estimates_frame, phases_frame, with_speedups_frame
from tests.analyse.conftest import MadeUpRun

SIX = [1.3e-6, 1.1e-6, 1.6e-6, 1.2e-6, 1.5e-6, 1.4e-6]


def row_of(run: MadeUpRun) -> dict[str, Any]:
    """The one row of a run."""
    (row,) = estimates_frame(run.data()).to_dict("records")
    return row  # type: ignore[no-any-return]


def checks_of(run: MadeUpRun) -> list[str]:
    """The findings of the one row of a run."""
    return [finding.check for finding in row_of(run)["findings"]]


# --- times ----------------------------------------------------------------------------------------------------------


def test_a_row_has_the_median_over_launches_with_its_interval(run: MadeUpRun) -> None:
    run.measured(SIX, size=64)
    row = row_of(run)
    assert (row["value_s"], row["low_s"], row["high_s"]) == pytest.approx((1.35e-6, 1.1e-6, 1.6e-6))
    assert (row["launches"], row["blocks"], row["outcome"], row["clock"]) == (6, 6, "ok", "wall")
    assert "order statistics" in row["method"]


def test_a_launch_is_one_datum_however_many_blocks_it_has(run: MadeUpRun) -> None:
    case = run.plan(size=64)
    for number, step_s in enumerate([[9e-6] * 9, [1e-6], [2e-6]]):
        run.launch(case, number)
        run.blocks(case, number, step_s)
    row = row_of(run)
    assert (row["value_s"], row["launches"], row["blocks"]) == (pytest.approx(2e-6), 3, 11)


def test_a_single_launch_has_a_value_and_no_interval(run: MadeUpRun) -> None:
    run.measured([2e-6], size=64)
    row = row_of(run)
    assert row["value_s"] == pytest.approx(2e-6)
    assert pd.isna(row["low_s"])
    assert pd.isna(row["high_s"])


def test_blocks_that_are_not_kept_do_not_count(run: MadeUpRun) -> None:
    case = run.measured([2e-6], size=64)
    run.blocks(case, 0, [90e-6] * 5, kept=False)
    row = row_of(run)
    assert (row["value_s"], row["blocks"]) == (pytest.approx(2e-6), 1)


def test_a_phase_of_its_own_is_not_part_of_the_step(run: MadeUpRun) -> None:
    case = run.measured([2e-6], size=64)
    run.blocks(case, 0, [90e-6], phase="to_host")
    assert row_of(run)["value_s"] == pytest.approx(2e-6)


def test_two_clocks_are_two_rows(run: MadeUpRun) -> None:
    case = run.measured([3e-6], size=64, device="cuda")
    run.blocks(case, 0, [2e-6], clock="device")
    frame = estimates_frame(run.data())
    assert frame[["clock", "value_s"]].values.tolist() == [
        ["wall", pytest.approx(3e-6)],
        ["device", pytest.approx(2e-6)],
    ]


def test_rows_stand_in_the_order_of_the_plan(run: MadeUpRun) -> None:
    planned = [run.plan(size=size) for size in (1024, 64, 256)]
    for case in reversed(planned):
        run.launch(case)
        run.blocks(case, 0, [1e-6])
    assert estimates_frame(run.data())["size"].tolist() == [1024, 64, 256]


def test_a_rate_is_items_over_time_and_its_interval_turns_round(run: MadeUpRun) -> None:
    case = run.plan(size=64)
    for number, seconds in enumerate(SIX):
        run.launch(case, number, work={"items": 32, "unit": "sample", "flops": 7})
        run.blocks(case, number, [seconds])
    row = row_of(run)
    assert row["items_per_s"] == pytest.approx(32 / 1.35e-6)
    assert (row["items_per_s_low"], row["items_per_s_high"]) == pytest.approx(
        (32 / row["mean_high_s"], 32 / row["mean_low_s"])
    )
    assert row["mean_low_s"] < row["mean_s"] < row["mean_high_s"]
    assert (row["unit"], row["flops"]) == ("sample", 7)


def test_without_items_there_is_no_rate(run: MadeUpRun) -> None:
    run.measured([1e-6], size=64)
    assert pd.isna(row_of(run)["items_per_s"])


# --- outcomes -------------------------------------------------------------------------------------------------------


def test_a_planned_case_without_launches_is_skipped_with_the_status_of_the_run(run: MadeUpRun) -> None:
    run.plan(size=64)
    run.status = "out of budget"
    row = row_of(run)
    assert (row["outcome"], row["reason"]) == ("skipped", "not measured: the run is out of budget")
    assert math.isnan(row["value_s"])


@pytest.mark.parametrize("outcome", [outcome.value for outcome in Outcome if outcome != Outcome.OK])
def test_a_case_that_ended_badly_once_has_no_time(run: MadeUpRun, outcome: str) -> None:
    case = run.measured([1e-6, 1e-6], size=64)
    run.launch(case, 2, outcome=outcome, reason="because", detail="at length")
    row = row_of(run)
    assert (row["outcome"], row["reason"], row["detail"]) == (outcome, "because", "at length")
    assert all(math.isnan(row[name]) for name in ("value_s", "low_s", "high_s", "items_per_s"))
    assert (row["launches"], row["blocks"], row["findings"]) == (0, 0, [])
    assert pd.isna(row["clock"])


def test_the_first_bad_ending_is_the_outcome(run: MadeUpRun) -> None:
    case = run.measured([1e-6], size=64)
    run.launch(case, 1, outcome="timeout", reason="first")
    run.launch(case, 2, outcome="oom", reason="second")
    assert row_of(run)["reason"] == "first"


def test_a_bad_ending_costs_only_its_own_case(run: MadeUpRun) -> None:
    run.measured([1e-6], size=64)
    run.launch(run.plan(size=128), outcome="wrong")
    frame = estimates_frame(run.data())
    assert frame["outcome"].tolist() == ["ok", "wrong"]
    assert frame["value_s"].notna().tolist() == [True, False]


def test_a_run_in_which_nothing_was_measured_has_a_row_a_case(run: MadeUpRun) -> None:
    run.plan(size=64)
    run.plan(size=128)
    assert estimates_frame(run.data())["outcome"].tolist() == ["skipped", "skipped"]


# --- axes and facts -------------------------------------------------------------------------------------------------


def test_axes_are_columns(run: MadeUpRun) -> None:
    case = run.measured([1e-6], size=64, mode="script")
    row = row_of(run)
    assert (row["workload"], row["size"], row["mode"], row["threads"]) == ("matmul/square", 64, "script", 1)
    assert (row["key"], row["params"]) == (case.key, case.axes)


def test_an_axis_of_whole_numbers_stays_whole_where_another_workload_lacks_it(run: MadeUpRun) -> None:
    run.measured([1e-6], size=64)
    run.measured([1e-6], workload="autograd/polynomial")
    sizes = estimates_frame(run.data())["size"]
    assert str(sizes.dtype) == "Int64"
    assert sizes.isna().tolist() == [False, True]
    assert str(sizes[0]) == "64"


def test_an_axis_of_fractions_keeps_them(run: MadeUpRun) -> None:
    run.measured([1e-6], rate=0.5)
    run.measured([1e-6], rate=1.0)
    assert estimates_frame(run.data())["rate"].tolist() == [0.5, 1.0]


def test_an_axis_of_fractions_that_happen_to_be_whole_stays_one(run: MadeUpRun) -> None:
    run.measured([1e-6], rate=1.0)
    assert "Float" in str(estimates_frame(run.data())["rate"].dtype).title()


def test_a_symbolic_thread_count_stands_beside_numbers(run: MadeUpRun) -> None:
    run.measured([1e-6], threads=1)
    case = run.plan(threads="physical")
    run.launch(case, threads=8)
    run.blocks(case, 0, [1e-6])
    frame = estimates_frame(run.data())
    assert frame["threads"].tolist() == [1, "physical"]
    assert frame["threads_used"].tolist()[1] == 8


def test_every_column_of_the_frame_is_a_name_no_axis_may_take(run: MadeUpRun) -> None:
    # Each axis is a column beside them: one of the same name would overwrite it, or be overwritten.
    run.measured([1e-6], size=64)
    data = run.data()
    frame = with_speedups_frame(estimates_frame(data), data, "size=64")
    assert set(frame.columns) - set(frame["params"][0]) <= COLUMNS


def test_the_peak_is_the_devices_where_it_has_memory_of_its_own(run: MadeUpRun) -> None:
    case = run.plan(size=64, device="cuda")
    run.launch(case, 0, device_peak_bytes=100, host_peak_bytes=9000)
    run.launch(case, 1, device_peak_bytes=300, host_peak_bytes=9000)
    run.blocks(case, 0, [1e-6])
    assert row_of(run)["peak_bytes"] == 300


def test_the_peak_is_the_hosts_where_there_is_no_device(run: MadeUpRun) -> None:
    case = run.plan(size=64)
    run.launch(case, 0, host_peak_bytes=500)
    run.launch(case, 1, host_peak_bytes=700)
    run.launch(case, 2)
    run.blocks(case, 0, [1e-6])
    assert row_of(run)["peak_bytes"] == 700


def test_a_peak_of_nothing_on_the_device_is_not_the_hosts(run: MadeUpRun) -> None:
    case = run.plan(size=64, device="cuda")
    run.launch(case, 0, device_peak_bytes=0, host_peak_bytes=9000)
    run.blocks(case, 0, [1e-6])
    assert row_of(run)["peak_bytes"] == 0


def test_the_peak_is_unknown_where_the_device_keeps_no_high_water_mark(run: MadeUpRun) -> None:
    """The planted mistake: that of the host stands for the tensors of an Apple GPU."""
    case = run.plan(size=64, device="mps")
    run.launch(case, 0, device_reserved_bytes=800, host_peak_bytes=9000)
    run.blocks(case, 0, [1e-6])
    assert row_of(run)["peak_bytes"] is None or math.isnan(row_of(run)["peak_bytes"])


def test_a_peak_of_nothing_is_known_to_be_nothing(run: MadeUpRun) -> None:
    case = run.plan(size=64)
    run.launch(case, 0, host_peak_bytes=0)
    run.blocks(case, 0, [1e-6])
    assert row_of(run)["peak_bytes"] == 0


def test_a_peak_that_no_launch_could_read_is_missing(run: MadeUpRun) -> None:
    run.measured([1e-6], size=64)
    assert pd.isna(row_of(run)["peak_bytes"])


def test_why_a_clock_could_not_time_a_case_is_told(run: MadeUpRun) -> None:
    case = run.plan(size=64, device="cuda")
    run.launch(
        case,
        no_clock={Series("step", "device"): "the step synchronises"},
        quality={"loss": 0.5},
        counters={"graphs": 1},
    )
    run.blocks(case, 0, [1e-6])
    row = row_of(run)
    assert row["no_clock"] == {"step:device": "the step synchronises"}
    assert (row["quality"], row["counters"]) == ({"loss": 0.5}, {"graphs": 1})


# --- first calls ----------------------------------------------------------------------------------------------------


def compiled(run: MadeUpRun, caches: list[tuple[str, int]]) -> dict[str, Any]:
    """The row of a compiled case whose first calls found the cache so and took so many seconds."""
    case = run.plan(size=64, mode="compile")
    for number, (cache, seconds) in enumerate(caches):
        run.launch(case, number, cache=cache, first_call_ns=seconds * 10**9)
        run.blocks(case, number, [1e-6])
    return row_of(run)


def compiled_ahead(run: MadeUpRun, caches: list[tuple[str, int, int]]) -> Case:
    """A case of AOTInductor whose launches found the cache so; seconds of each build and of each first call."""
    case = run.plan(size=64, mode="aoti")
    for number, (cache, build, call) in enumerate(caches):
        run.launch(case, number, cache=cache, build_ns=build * 10**9, first_call_ns=call * 10**9)
        run.blocks(case, number, [1e-6])
    return case


def test_cold_and_warm_compilation_are_kept_apart(run: MadeUpRun) -> None:
    row = compiled(run, [("cold", 17), ("warm", 2), ("warm", 4), ("warm", 3)])
    assert (row["compile_cold_s"], row["compile_warm_s"]) == (17, 3)


def test_the_first_call_of_a_compiled_case_is_the_warm_one(run: MadeUpRun) -> None:
    assert compiled(run, [("cold", 17), ("warm", 2), ("warm", 4), ("warm", 3)])["first_call_s"] == 3


def test_a_case_that_was_compiled_cold_only_has_no_warm_compilation(run: MadeUpRun) -> None:
    row = compiled(run, [("cold", 17)])
    assert (row["compile_cold_s"], row["first_call_s"]) == (17, 17)
    assert pd.isna(row["compile_warm_s"])


def test_a_mode_without_a_compiler_has_a_first_call_and_no_compilation(run: MadeUpRun) -> None:
    row = compiled(run, [("", 19), ("", 20), ("", 21)])
    assert row["first_call_s"] == 20
    assert row["first_call_s_low"] < 20 < row["first_call_s_high"]
    assert pd.isna(row["compile_cold_s"])
    assert pd.isna(row["compile_warm_s"])


def test_what_is_compiled_ahead_is_compiled_in_the_build(run: MadeUpRun) -> None:
    compiled_ahead(run, [("cold", 30, 1), ("warm", 20, 2), ("warm", 24, 9), ("warm", 22, 8)])
    row = row_of(run)
    assert (row["compile_cold_s"], row["compile_warm_s"], row["build_s"]) == (30, 22, 22)


def test_the_first_call_of_what_is_compiled_ahead_compiles_nothing_with_any_cache(run: MadeUpRun) -> None:
    compiled_ahead(run, [("cold", 30, 1), ("warm", 20, 2), ("warm", 24, 9)])
    assert row_of(run)["first_call_s"] == 2


def test_what_was_compiled_ahead_cold_only_has_no_warm_compilation(run: MadeUpRun) -> None:
    compiled_ahead(run, [("cold", 30, 1)])
    row = row_of(run)
    assert (row["compile_cold_s"], row["build_s"]) == (30, 30)
    assert pd.isna(row["compile_warm_s"])


def test_the_time_to_build_is_a_median_over_launches(run: MadeUpRun) -> None:
    case = run.measured([1e-6], size=64)
    for number, seconds in enumerate([5, 7, 6], start=1):
        run.launch(case, number, build_ns=seconds * 10**9)
    assert row_of(run)["build_s"] == 6


# --- phases ---------------------------------------------------------------------------------------------------------


def test_phases_are_rows_of_their_own(run: MadeUpRun) -> None:
    case = run.measured([1e-6] * 3, size=64)
    for number, seconds in enumerate([4e-6, 6e-6, 5e-6]):
        run.blocks(case, number, [seconds], phase="to_host")
    (row,) = phases_frame(run.data()).to_dict("records")
    assert (row["key"], row["clock"], row["phase"], row["launches"]) == (case.key, "wall", "to_host", 3)
    assert row["value_s"] == pytest.approx(5e-6)
    assert row["low_s"] < 5e-6 < row["high_s"]


def test_a_run_without_phases_has_an_empty_frame_of_them(run: MadeUpRun) -> None:
    run.measured([1e-6], size=64)
    assert len(phases_frame(run.data())) == 0


def test_what_a_case_costs_once_stands_among_its_phases_with_interval_and_launches(run: MadeUpRun) -> None:
    case = run.plan(size=64, mode="trace")
    for number, seconds in enumerate([25, 27, 26]):
        run.launch(case, number, build_ns=seconds * 10**9, first_call_ns=(seconds - 4) * 10**9)
        run.blocks(case, number, [1e-6])
    frame = phases_frame(run.data())
    assert frame[["clock", "phase", "value_s", "launches"]].values.tolist() == [
        ["wall", "build", 26, 3],
        ["wall", "first_call", 22, 3],
    ]
    assert (frame["low_s"] < frame["value_s"]).all()
    assert (frame["value_s"] < frame["high_s"]).all()
    assert set(frame["method"]) != {""}


@pytest.mark.parametrize("mode", ["compile", "aoti"])
def test_compiling_cold_and_warm_are_phases_apart(run: MadeUpRun, mode: str) -> None:
    case = run.plan(size=64, mode=mode)
    for number, (cache, seconds) in enumerate([("cold", 30), ("warm", 3), ("warm", 5), ("warm", 4)]):
        compiling, other = ("build_ns", "first_call_ns")[:: 1 if mode == "aoti" else -1]
        run.launch(case, number, cache=cache, **{compiling: seconds * 10**9, other: 10**9})
        run.blocks(case, number, [1e-6])
    rows = {row["phase"]: row for row in phases_frame(run.data()).to_dict("records")}
    assert list(rows) == list(ONCE)
    assert (rows["compile_cold"]["value_s"], rows["compile_cold"]["launches"]) == (30, 1)
    assert (rows["compile_warm"]["value_s"], rows["compile_warm"]["launches"]) == (4, 3)


def test_the_phases_of_a_case_stand_together_in_the_order_of_the_plan(run: MadeUpRun) -> None:
    later, sooner = run.plan(size=1024), run.plan(size=64)
    for case in (sooner, later):
        run.launch(case, 0, first_call_ns=10**6)
        run.blocks(case, 0, [1e-6], phase="compute")
    assert phases_frame(run.data())[["key", "phase"]].values.tolist() == [
        [case.key, phase] for case in (later, sooner) for phase in ("first_call", "compute")
    ]


# --- what the checks are told ---------------------------------------------------------------------------------------


def measured_with(run: MadeUpRun, *launches: dict[str, Any], step_s: float = 1e-6, spread: float = 0.001) -> Case:
    """A case of eight launches and quiet blocks; the first launches have these facts."""
    case = run.plan(size=64)
    for number in range(8):
        facts = launches[number] if number < len(launches) else {}
        run.launch(case, number, **{"steady": True, **facts})
        run.blocks(case, number, [step_s * (1 + spread * (index - number % 3)) for index in range(5)])
    return case


def test_a_quiet_case_has_no_findings(run: MadeUpRun) -> None:
    facts = {"foreign_load": 0.01, "clock_resolution_ns": 1.0, "empty_call_ns": 1.0, "counters": {"graph_breaks": 0}}
    measured_with(run, *[facts] * 8)
    assert checks_of(run) == []


@pytest.mark.parametrize(
    ("facts", "check"),
    [
        ({"steady": False}, "not-steady"),
        ({"foreign_load": 0.5}, "foreign-load"),
        ({"clock_resolution_ns": 1100.0}, "clock-resolution"),
        ({"empty_call_ns": 11.0}, "harness-overhead"),
        ({"counters": {"recompiles": 1}}, "recompiled-in-timing"),
        ({"counters": {"graph_breaks": 1}}, "graph-break"),
        ({"step_facts": {"tasks_left": 1}}, "background-work"),
        ({"step_facts": {"children_cores": 0.5}}, "background-work"),
        ({"step_facts": {"await_ns": 10.0}}, "event-loop"),
        ({"step_facts": {"subnormal_share": 0.5, "subnormal_in": "x"}}, "subnormal-numbers"),
    ],
)
@pytest.mark.parametrize("worst", [0, 7])
def test_the_worst_launch_is_enough_for_a_doubt(run: MadeUpRun, worst: int, facts: dict[str, Any], check: str) -> None:
    measured_with(run, *[{}] * worst, facts)
    assert checks_of(run) == [check]


@pytest.mark.parametrize(("short", "said"), [(1, []), (7, ["clock-resolution"])])
def test_the_blocks_of_most_launches_decide_whether_they_are_long_enough(
    run: MadeUpRun, short: int, said: list[str]
) -> None:
    case = run.plan(size=64)
    for number in range(8):
        run.launch(case, number, clock_resolution_ns=1000.0)
        run.blocks(case, number, [1e-6], steps=500 if number < short else 2000)  # half a millisecond, or two
    assert checks_of(run) == said


def test_an_interval_wider_than_was_asked_for_is_a_doubt(run: MadeUpRun) -> None:
    run.measured(SIX, size=64)
    assert checks_of(run) == ["wide-interval"]
    run.settings = dataclasses.replace(run.settings, precision=0.9)
    assert checks_of(run) == []
    run = MadeUpRun()
    run.measured([1e-6, 1.5e-6, 2e-6, 2.7e-6, 3.5e-6, 4e-6], size=64)  # so wide that no interval is given
    assert checks_of(run) == ["wide-interval"]
    assert pd.isna(row_of(run)["low_s"])
    assert row_of(run)["method"].startswith("not known:")


def test_outliers_of_all_launches_are_a_share_of_all_blocks(run: MadeUpRun) -> None:
    case = measured_with(run)  # 40 blocks
    run.blocks(case, 0, [1e-3] * 4)
    assert checks_of(run) == []  # 4 of 44
    run.blocks(case, 1, [1e-3])
    assert checks_of(run) == ["outlier-share"]  # 5 of 45


def test_few_launches_are_a_doubt(run: MadeUpRun) -> None:
    run.measured([1e-6] * 5, size=64)
    assert checks_of(run) == ["few-launches"]


def test_a_finding_names_its_case(run: MadeUpRun) -> None:
    case = run.measured([1e-6], size=64)
    assert [finding.case for finding in row_of(run)["findings"]] == [case.key]


def test_a_case_that_did_not_end_well_shows_no_number_at_all(run: MadeUpRun) -> None:
    case = run.plan(size=64, mode="compile")
    run.launch(case, 0, first_call_ns=12_345_678, cache="cold", build_ns=1000, host_peak_bytes=99)
    run.blocks(case, 0, [1e-6])
    run.launch(case, 1, outcome="wrong", first_call_ns=23_456_789, cache="warm")
    row = row_of(run)
    assert row["outcome"] == "wrong"
    numbers = ("value_s", "first_call_s", "compile_cold_s", "compile_warm_s", "build_s", "peak_bytes", "items_per_s")
    assert [name for name in numbers if not pd.isna(row[name])] == []


def test_phases_of_a_case_that_turned_wrong_are_not_shown(run: MadeUpRun) -> None:
    case = run.plan(size=64)
    for launch in range(2):
        run.launch(case, launch)
        run.blocks(case, launch, [1e-6], phase="compute")
    assert len(phases_frame(run.data())) == 1
    run.launch(case, 2, outcome="wrong", first_call_ns=10**6)
    assert len(phases_frame(run.data())) == 0


def test_waiting_for_the_device_counts_as_overhead_of_latency_alone(run: MadeUpRun) -> None:
    case = run.plan(size=64, device="cuda")
    run.launch(case, 0, empty_call_ns=30.0, drain_ns=5000.0)
    for clock in ("wall", "latency", "device"):
        run.blocks(case, 0, [100e-6], clock=clock)
    rows = estimates_frame(run.data()).to_dict("records")
    doubted = {row["clock"] for row in rows for item in row["findings"] if item.check == "harness-overhead"}
    assert doubted == {"latency"}


def test_a_column_of_numbers_is_one_even_where_nothing_was_measured(run: MadeUpRun) -> None:
    run.launch(run.plan(size=64), outcome="skipped", reason="no GPU")
    frame = estimates_frame(run.data())
    names = ["value_s", "first_call_s", "compile_cold_s", "compile_warm_s", "peak_bytes", "items_per_s"]
    assert {str(frame[name].dtype) for name in names} == {"float64"}
