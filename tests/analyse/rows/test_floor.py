"""The floor of a case, with mistakes planted: a time that cannot be, peaks of another place, noise, missing peaks."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from bench.analyse.findings.floor_checks import AbovePeak, BelowFloor, StaleCalibration
from bench.analyse.rows import record_reader
from bench.analyse.rows.floor import command, with_floor
from bench.analyse.rows.peaks import Peaks, Place
from bench.analyse.rows.row import Floor
from bench.records import Case
from bench.stats.intervals import Interval
from tests.analyse.as_frames import estimates_frame, peaks_of_frame, with_floor_frame, with_speedups_frame
from tests.analyse.conftest import MadeUpRun

CREATED = "2026-11-01T10:00:00+00:00"
GIGA = 1e9
HERE = Place("cpu", 1, "wall")


def row(workload: str, value: float, spread: float = 0.1, clock: str = "wall", **more: Any) -> dict[str, Any]:
    """An `ok` row: `value` seconds, its interval `spread` to either side; keywords are columns or axes."""
    columns: dict[str, Any] = {
        "outcome": "ok", "reason": "", "clock": clock, "value_s": value, "low_s": value * (1 - spread),
        "high_s": value * (1 + spread), "method": "t", "launches": 3, "blocks": 48, "flops": math.nan,
        "bytes": math.nan, "kernels": math.nan, "working_set": math.nan, "items": 1.0, "items_per_s": 1 / value,
        "items_per_s_low": 1 / value, "items_per_s_high": 1 / value, "threads_used": math.nan, "peak_bytes": 1e6,
        "first_call_s": 1.0, "first_call_s_low": math.nan, "first_call_s_high": math.nan, "compile_cold_s": math.nan,
        "compile_warm_s": math.nan, "build_s": math.nan, "run": "R", "findings": [],
    }  # fmt: skip
    axes = {name: item for name, item in more.items() if name not in (*columns, "fastest_s")}
    case = Case.of(workload, axes)
    given = {name: item for name, item in more.items() if name not in axes}
    return {"key": case.key, "workload": workload, **case.axes, "params": case.axes, **columns, **given}


def product(rate: float, flops: float = 2e9, **more: Any) -> dict[str, Any]:
    """A product at `rate` flops a second."""
    return row("calibration/product", flops / rate, flops=flops, **more)


def stream(rate: float, size: float, kind: str = "copy", passes: int = 1, **more: Any) -> dict[str, Any]:
    """Passes over a set of `size` bytes at `rate` bytes a second."""
    moved = {"bytes": passes * size, "working_set": size, "kernels": passes, "numbytes": int(size)}
    return row(f"calibration/{kind}", passes * size / rate, **{**moved, **more})


def kernel(cost: float, **more: Any) -> dict[str, Any]:
    """A thousand kernels at `cost` seconds each."""
    return row("calibration/empty_kernel", 1000 * cost, kernels=1000.0, **more)


MACHINE = [
    product(100 * GIGA),
    stream(80 * GIGA, 2**15),
    stream(60 * GIGA, 2**20),
    stream(10 * GIGA, 2**28),
    kernel(50e-9),
]
"""100 GFLOP/s; 80, 60 and 10 GB/s in two caches and in memory; 50 ns a launch."""


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


def measured(*rows: dict[str, Any]) -> Peaks:
    return peaks_of_frame(frame(*(rows or MACHINE)), CREATED)


def held(lesson: dict[str, Any], *rows: dict[str, Any]) -> dict[Any, Any]:
    """The row of `lesson`, held against the peaks of `rows`, or of `MACHINE`."""
    (found,) = with_floor_frame(frame(lesson), measured(*rows)).to_dict("records")
    return found


# --- the floor ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("work", "seconds", "by"),
    [
        ({"flops": 1e9, "bytes": 1e6, "kernels": 1.0}, 0.01, "flops"),
        ({"flops": 1e3, "bytes": 2**28, "kernels": 1.0}, 2**28 / (10 * GIGA), "bytes"),
        ({"flops": 1e3, "bytes": 100.0, "kernels": 4.0}, 200e-9, "kernels"),
    ],
)
def test_the_floor_is_the_longest_of_the_three_parts(work: dict[str, float], seconds: float, by: str) -> None:
    found = held(row("a/b", 1.0, **work))
    assert (found["floor_s"], found["floor_by"]) == (pytest.approx(seconds), by)


def test_a_part_that_is_not_stated_is_left_out() -> None:
    found = held(row("a/b", 1.0, bytes=1000.0), *MACHINE[1:4])
    assert (found["floor_by"], found["floor_reason"]) == ("bytes", "")


def test_a_step_that_computes_and_moves_nothing_has_no_floor() -> None:
    found = held(row("a/view", 1e-7, flops=0.0, bytes=0.0, kernels=0.0))
    assert math.isnan(found["floor_s"])
    assert found["floor_reason"] == "it computes and moves nothing"


def test_calibration_rows_are_the_peak_and_have_no_floor() -> None:
    found = with_floor_frame(frame(*MACHINE), measured())
    assert set(found["floor_reason"]) == {"it is the peak"}
    assert set(found["outcome"]) == {"ok"}
    assert found["floor_s"].isna().all()


def test_a_case_without_a_time_has_no_floor() -> None:
    found = held(row("a/b", math.nan, outcome="oom", flops=1e9))
    assert (found["outcome"], found["floor_reason"]) == ("oom", "it has no time")


def test_time_over_floor_puts_both_at_their_worst() -> None:
    found = held(row("a/b", 0.05, spread=0.1, flops=1e9), product(100 * GIGA, spread=0.2))
    assert found["times_floor"] == pytest.approx(5)
    assert found["times_floor_low"] == pytest.approx(0.045 / (0.01 * 1.2))
    assert found["times_floor_high"] == pytest.approx(0.055 / (0.01 * 0.8))


def test_all_else_stays_as_it_was() -> None:
    given = record_reader.rows_of([row("a/b", 1.0, flops=1.0, size=64), row("a/c", 1.0, flops=1.0)])
    found = with_floor(given, measured())
    assert [replace(each, floor=None, times_floor=None) for each in found] == given
    assert all(each.floor for each in found)


def test_a_frame_without_rows_stays_one() -> None:
    assert len(with_floor_frame(frame(row("a/b", 1.0)).head(0), measured())) == 0


# --- flops in another number format than the dtype ------------------------------------------------------------------


def in_format(name: str, value: float, **more: Any) -> dict[str, Any]:
    """A row whose author declares what it computes in."""
    return {**row("a/b", value, **more), "compute_dtype": name}


FAST = [product(100 * GIGA, flops=1e10), *MACHINE[1:], product(800 * GIGA, flops=1e10, dtype="bfloat16")]
"""The machine, with bfloat16 eight times as fast as float32."""


def test_the_peak_is_that_of_the_format_that_a_step_computes_in() -> None:
    assert held(in_format("bfloat16", 1.0, flops=8e9), *FAST)["floor_s"] == pytest.approx(0.01)
    assert held(row("a/b", 1.0, flops=8e9), *FAST)["floor_s"] == pytest.approx(0.08)


def test_a_step_under_autocast_is_not_wrong_for_being_faster_than_float32_can() -> None:
    assert held(in_format("bfloat16", 0.02, flops=8e9), *FAST)["outcome"] == "ok"
    assert held(row("a/b", 0.02, flops=8e9), *FAST)["outcome"] == "wrong"


def test_a_format_whose_peak_was_not_measured_says_how_to() -> None:
    found = held(in_format("bfloat16", 0.02, flops=8e9))
    assert "no peak of flops was measured" in found["floor_reason"]
    assert "-s dtype=bfloat16" in found["floor_reason"]


def test_of_tf32_no_peak_is_known() -> None:
    found = held(in_format("tf32", 1e-9, flops=8e9))
    assert (found["outcome"], found["floor_reason"]) == (
        "ok",
        "its flops are in tf32, of which the calibration measures no peak",
    )


# --- a time that cannot be ------------------------------------------------------------------------------------------

FOLDED = row("matmul/square", 1e-6, flops=2e9, kernels=1.0, mode="trace")
"""The product of 1000×1000 that a tracing mode folded: 1 µs, where its flops take 20 ms."""


def test_a_time_wholly_below_the_floor_is_wrong_and_withheld() -> None:
    found = held(FOLDED)
    assert found["outcome"] == "wrong"
    missing = "value_s low_s high_s items_per_s first_call_s peak_bytes times_floor times_floor_low times_floor_high"
    assert all(math.isnan(found[name]) for name in missing.split())
    assert pd.isna(found["clock"])
    assert found["launches"] == 0
    assert found["floor_s"] == pytest.approx(0.02)


def test_the_reason_says_time_floor_what_binds_and_what_may_be_at_fault() -> None:
    assert held(FOLDED)["reason"] == (
        "its time [900 ns, 1.1 µs] lies wholly below the floor 20 ms [18 ms, 22 ms] (2 G flops at 100 G flops/s, "
        "run R): the work was not done, or its formula or the peak is wrong"
    )


def test_the_doubt_is_an_error_with_advice() -> None:
    (finding,) = held(FOLDED)["findings"]
    assert (finding.check, finding.severity, finding.case) == ("below-floor", "error", FOLDED["key"])
    assert "folded" in finding.advice


def test_an_interval_that_touches_the_floors_is_not_wrong() -> None:
    # 100 GFLOP/s ± 0.1 gives 18 to 22 ms for 2 GFLOP; this time ends where that begins.
    low = held(row("a/b", 0.02, flops=2e9))["floor_low_s"]
    assert low == pytest.approx(0.018)
    touching = row("a/b", 0.01, flops=2e9, low_s=0.009, high_s=low)
    assert (held(touching)["outcome"], held(touching)["times_floor"]) == ("ok", 0.5)
    assert held({**touching, "high_s": math.nextafter(low, 0)})["outcome"] == "wrong"


def test_without_an_interval_of_the_time_nothing_is_wrong_but_said() -> None:
    found = held({**FOLDED, "low_s": math.nan, "high_s": math.nan})
    assert found["outcome"] == "ok"
    assert "without an interval nothing is decided" in found["floor_reason"]


def test_without_an_interval_of_the_peak_nothing_is_wrong_but_said() -> None:
    single = product(100 * GIGA, low_s=math.nan, high_s=math.nan)
    found = held(row("a/b", 1e-6, flops=2e9), single)
    assert (found["outcome"], found["floor_s"]) == ("ok", pytest.approx(0.02))
    assert "without an interval nothing is decided" in found["floor_reason"]


def test_a_peak_reaches_up_to_the_fastest_block_that_was_seen() -> None:
    # A neighbour slowed every launch of the product alike; one block shows what the machine can.
    disturbed = product(25 * GIGA, spread=0.01, fastest_s=2e9 / (100 * GIGA))
    found = held(row("a/b", 0.03, spread=0.01, flops=2e9), disturbed)
    assert (found["outcome"], found["floor_low_s"]) == ("ok", pytest.approx(0.02))


def test_a_product_larger_than_any_that_was_calibrated_is_not_judged() -> None:
    larger = row("matmul/square", 0.1, flops=2e10)  # at twice the peak, as on a GPU that 1000×1000 does not fill
    found = held(larger)
    assert found["outcome"] == "ok"
    assert "larger than any product its peak was measured with" in found["floor_reason"]
    assert held(larger, product(100 * GIGA, flops=2e10))["outcome"] == "wrong"


def test_a_case_with_one_clock_below_the_floor_is_wrong_on_all_in_one_row() -> None:
    machine = [product(100 * GIGA, device="cuda", clock=clock) for clock in ("wall", "device")]
    clocks = [
        row("a/b", 1.0, flops=2e9, device="cuda", clock="wall"),
        row("a/b", 1e-6, flops=2e9, device="cuda", clock="device"),
        row("a/c", 1.0, flops=2e9, device="cuda", clock="wall"),
    ]
    found = with_floor_frame(frame(*clocks), measured(*machine))
    assert found["outcome"].tolist() == ["wrong", "ok"]


def test_nothing_is_compared_with_a_case_that_is_wrong(run: MadeUpRun) -> None:
    work = {"flops": 2e9, "items": 1, "unit": "product"}
    for mode, seconds in (("eager", 0.03), ("trace", 1e-6)):
        case = run.plan(size=1000, mode=mode)
        for number in range(6):
            run.launch(case, number, work=work, threads=1)
            run.blocks(case, number, [seconds])
    case = run.plan("calibration/product", size=1024)
    for number in range(6):
        run.launch(case, number, work=work, threads=1)
        run.blocks(case, number, [0.02])
    data = run.data()
    floored = with_floor_frame(estimates_frame(data), peaks_of_frame(estimates_frame(data), CREATED))
    eager, trace, _ = with_speedups_frame(floored, data, "mode=eager").to_dict("records")
    assert (eager["outcome"], eager["times_floor"]) == ("ok", pytest.approx(1.5))
    assert trace["outcome"] == "wrong"
    assert math.isnan(trace["speedup"])


# --- which peak -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "lacks"),
    [
        ({"dtype": "float64"}, "dtype=float64"),
        ({"threads": 2}, "threads=2"),
        ({"device": "cuda"}, "device=cuda"),
    ],
)
def test_a_peak_of_another_place_is_not_used(other: dict[str, Any], lacks: str) -> None:
    found = held(row("a/b", 1.0, flops=1e9, **other))
    assert math.isnan(found["floor_s"])
    assert lacks in found["floor_reason"]
    assert "bench run 'calibration/*'" in found["floor_reason"]


def test_a_missing_peak_is_a_reason_that_names_the_part_and_the_command() -> None:
    found = held(row("a/b", 1.0, flops=1e9, bytes=8.0), *MACHINE[1:])
    assert found["floor_reason"] == (
        "no peak of flops was measured for device=cpu dtype=float32 threads=1: "
        "bench run 'calibration/*' -s threads=1 -s dtype=float32"
    )


def test_bytes_and_kernels_are_held_against_peaks_of_any_dtype() -> None:
    found = held(row("a/b", 1.0, bytes=8.0, kernels=100.0, dtype="float64"))
    assert (found["floor_by"], found["floor_s"]) == ("kernels", pytest.approx(5e-6))


def test_threads_are_counted_not_named() -> None:
    named = row("a/b", 1.0, flops=1e9, threads="physical", threads_used=2.0)
    assert held(named, product(150 * GIGA, threads=2))["floor_s"] == pytest.approx(1 / 150)


def test_threads_do_not_matter_to_a_device_that_has_none() -> None:
    found = held(row("a/b", 1.0, flops=1e9, device="cuda", threads=2), product(1e12, device="cuda"))
    assert found["floor_s"] == pytest.approx(1e-3)


def test_a_device_time_is_held_against_device_times_and_a_latency_against_wall() -> None:
    machine = [product(1e12, device="cuda", clock="wall"), product(2e12, device="cuda", clock="device")]
    floors = {
        clock: held(row("a/b", 1.0, flops=2e9, device="cuda", clock=clock), *machine)["floor_s"]
        for clock in ("wall", "latency", "device")
    }
    assert floors == {"wall": pytest.approx(2e-3), "latency": pytest.approx(2e-3), "device": pytest.approx(1e-3)}


def test_latencies_of_calibration_are_no_peaks() -> None:
    assert not measured(product(1e12, device="cuda", clock="latency"))


def test_a_calibration_row_that_did_not_end_well_is_no_peak() -> None:
    assert not measured(product(1e12, outcome="wrong"), product(math.nan, outcome="skipped"))


# --- noise and sets -------------------------------------------------------------------------------------------------


def test_the_best_size_is_the_peak_whatever_the_others_say() -> None:
    slow = [product(rate * GIGA, flops=flops) for rate, flops in ((3, 1e6), (40, 1e8))]
    assert held(row("a/b", 1.0, flops=1e9), *MACHINE, *slow)["floor_s"] == pytest.approx(0.01)


@pytest.mark.parametrize("work", [{"flops": 1e9}, {"bytes": 2.0**22}, {"kernels": 100.0}])
def test_noise_in_a_calibration_row_cannot_raise_the_floor(work: dict[str, float]) -> None:
    quiet = held(row("a/b", 1.0, **work))["floor_s"]
    noisy = [{**each, "value_s": 10 * each["value_s"], "high_s": 30 * each["high_s"]} for each in MACHINE]
    assert held(row("a/b", 1.0, **work), *MACHINE, *noisy)["floor_s"] == quiet


@pytest.mark.parametrize(
    ("working_set", "ceiling"),
    [(2**10, 80), (2**15, 80), (2**19, 80), (2**20, 60), (2**27, 60), (2**28, 10), (2**32, 10)],
)
def test_the_ceiling_is_that_of_the_largest_set_not_larger_than_the_working_set(
    working_set: float, ceiling: float
) -> None:
    found = held(row("a/b", 1e3, bytes=1e10, working_set=float(working_set)))
    assert found["floor_s"] == pytest.approx(10 / ceiling)


def test_without_a_working_set_the_bytes_are_it() -> None:
    assert held(row("a/b", 1.0, bytes=2.0**20))["floor_s"] == pytest.approx(2**20 / (60 * GIGA))


def test_the_ceiling_falls_from_set_to_set_though_noise_made_a_small_set_slow() -> None:
    rates = {2**15: 20, 2**17: 55, 2**20: 60, 2**23: 15, 2**25: 16, 2**28: 10}
    found = measured(*(stream(rate * GIGA, size) for size, rate in rates.items()))
    ceilings = [rate.value / GIGA for _, rate in found.bandwidths[HERE]]
    assert ceilings == pytest.approx([60, 60, 60, 16, 16, 10])


def test_copy_and_triad_of_one_set_are_one_set_though_three_arrays_fill_it_less() -> None:
    triad = stream(20 * GIGA, 2**25, "triad", working_set=float(2**25 - 2**11))
    found = held(row("a/b", 1.0, bytes=float(2**25)), stream(10 * GIGA, 2**25), triad)
    assert found["floor_s"] == pytest.approx(2**25 / (20 * GIGA), rel=1e-3)


def test_a_set_that_is_passed_over_counts_each_pass() -> None:
    found = measured(stream(80 * GIGA, 2**15, passes=256))
    assert found.bandwidths[HERE][0][1].value == pytest.approx(80 * GIGA)


def test_the_interval_of_a_rate_is_that_of_its_time_turned_round() -> None:
    rate = measured(product(100 * GIGA, spread=0.2)).flops[HERE, "float32"]
    assert (rate.low, rate.value, rate.high) == pytest.approx((100 * GIGA / 1.2, 100 * GIGA, 100 * GIGA / 0.8))


def test_peaks_know_their_age() -> None:
    found = measured()
    assert found.age_s(found.created.replace(hour=13)) == 3 * 3600


# --- the command ----------------------------------------------------------------------------------------------------


def test_the_command_names_what_the_rows_need() -> None:
    rows = [row("a/b", 1.0), row("a/b", 1.0, threads="physical"), row("a/b", 1.0, dtype="float64")]
    assert (
        command(record_reader.rows_of(rows))
        == "bench run 'calibration/*' -s threads=1,physical -s dtype=float32,float64"
    )
    assert command(record_reader.rows_of([row("a/b", 1.0, device="cuda")])).endswith(
        "-s device=cuda -s threads=1 -s dtype=float32"
    )
    assert command([]) == "bench run 'calibration/*'"


# --- what the estimates tell it -------------------------------------------------------------------------------------


def test_the_working_set_of_a_launch_reaches_the_estimates(run: MadeUpRun) -> None:
    case = run.plan(size=64)
    run.launch(case, work={"bytes": 1e9, "working_set": 2**20})
    run.blocks(case, 0, [1.0])
    assert estimates_frame(run.data())["working_set"].tolist() == [2**20]


def test_the_fastest_block_of_all_launches_reaches_the_estimates(run: MadeUpRun) -> None:
    case = run.plan(size=64)
    for number, step_s in enumerate([[3e-6, 5e-6, 9e-6], [2e-6, 6e-6, 7e-6]]):
        run.launch(case, number)
        run.blocks(case, number, step_s)
    run.blocks(case, 0, [1e-9], kept=False)
    assert estimates_frame(run.data())["fastest_s"].tolist() == [pytest.approx(2e-6)]


def test_a_median_below_its_floor_whose_interval_touches_is_doubted_and_kept():
    near = Interval(0.9e-3, 0.8e-3, 1.2e-3, 6, "")
    floor = Floor(Interval(1e-3, 0.95e-3, 1.05e-3, 6, ""), "flops", source="100 G flops/s")
    assert BelowFloor().look(near, floor) is None
    message, advice = AbovePeak().look(near, floor)
    assert "decides nothing" in message
    assert "six launches" in advice
    assert AbovePeak().look(replace(near, value=1.0e-3), floor) is None


def test_a_time_that_cannot_be_is_an_error_and_not_a_doubt_as_well():
    impossible = Interval(1e-4, 0.9e-4, 1.1e-4, 6, "")
    floor = Floor(Interval(1e-3, 0.95e-3, 1.05e-3, 6, ""), "flops", source="100 G flops/s")
    assert BelowFloor().look(impossible, floor) is not None
    assert AbovePeak().look(impossible, floor) is None


@pytest.mark.parametrize(("days", "stale"), [(0.0, False), (7.0, False), (7.1, True), (-8.0, True)])
def test_peaks_of_another_week_are_stale(days, stale):
    found = StaleCalibration().look(days, measured())
    assert (found is not None) is stale
    if found is not None:
        assert f"{abs(days):.0f} days {'before' if days > 0 else 'after'}" in found[0]


def test_stale_peaks_are_a_doubt_about_every_time_that_has_a_floor():
    made = measured()
    found = with_floor_frame(frame(*MACHINE, row("a/b", 1.0, flops=1e6)), made, made.created + timedelta(days=30))
    told = {item["key"]: [each.check for each in item["findings"]] for item in found.to_dict("records")}
    assert [key for key, checks in told.items() if "stale-calibration" in checks] == [
        key for key in told if key.startswith("a/b")
    ]


def test_where_every_block_lost_its_core_the_cpu_time_of_the_fastest_still_bounds_the_peak() -> None:
    """A product of 45 ms loses its core in each block beside eight busy programs."""
    loaded, on_cpu = product(40e9, fastest_s=2e9 / 45e9), product(90e9, clock="cpu", fastest_s=2e9 / 95e9)
    peaks = peaks_of_frame(frame(loaded, on_cpu), CREATED)
    rate = peaks.flops[HERE, "float32"]
    assert (rate.value, rate.high) == (pytest.approx(40e9), pytest.approx(95e9))


def test_cpu_time_of_two_threads_bounds_no_peak() -> None:
    loaded = product(40e9, fastest_s=2e9 / 45e9, threads=2)
    on_cpu = product(30e9, clock="cpu", fastest_s=2e9 / 30e9, threads=2)
    peaks = peaks_of_frame(frame(loaded, on_cpu), CREATED)
    assert peaks.flops[Place("cpu", 2, "wall"), "float32"].high == pytest.approx(45e9)
