"""The CPU clock: rows that follow from the wall blocks, ratios that load cannot bend, one clock at a time."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from bench.analyse.rows import clock_choice
from bench.analyse.rows.analysis import Analysis
from bench.analyse.rows.launch_times import launch_times
from bench.analyse.rows.row import Row
from bench.analyse.rows.speedups import speedups
from bench.interop.launch_times import launch_times as exported
from bench.present.tables import estimates_table
from bench.records import Case, UserError
from bench.series import CPU, WALL
from tests.analyse.conftest import MadeUpRun

LAUNCHES = 6
STEPS = 1000


def timed(
    run: MadeUpRun, case: Case, number: int, wall_s: list[float], cpu_s: list[float], *, others: float = 0.0,
    waited: int = 0, preempted: int = 0, steps: int = STEPS,
) -> None:  # fmt: skip
    """A launch on the CPU. cpu_s: of the process, per step; others: share of wall that its other threads took."""
    run.launch(case, number)
    for wall, cpu in zip(wall_s, cpu_s, strict=True):
        cpu_ns = round(cpu * steps * 1e9)
        thread_ns = cpu_ns - round(others * wall * steps * 1e9)
        run.blocks(
            case, number, [wall], steps=steps, cpu_ns=cpu_ns, thread_ns=thread_ns, preempted=preempted, waited=waited
        )


def loaded(run: MadeUpRun, seed: int, cpu_s: float, **changes: object) -> Case:
    """A case beside busy programs: its wall is the CPU time and what they take, block by block and launch by launch."""
    dice = np.random.default_rng(seed)
    case = run.plan(**changes.pop("axes", {}))  # type: ignore[arg-type]
    for number in range(LAUNCHES):
        cpu = cpu_s * dice.lognormal(0, 0.005, 8)
        wall = cpu * dice.lognormal(0.5, 0.4) * dice.lognormal(0, 0.1, 8)
        timed(run, case, number, wall.tolist(), cpu.tolist(), **changes)  # type: ignore[arg-type]
    return case


def rows_of(run: MadeUpRun, vs: str | None = None) -> list[Row]:
    return Analysis(run.data()).rows(vs)


def by_clock(rows: list[Row]) -> dict[str, Row]:
    return {str(row.clock): row for row in rows}


# --- rows -------------------------------------------------------------------------------------------------------------


def test_a_case_on_the_cpu_has_a_row_for_each_clock(run: MadeUpRun) -> None:
    case = run.plan(size=64)
    for number in range(LAUNCHES):
        timed(run, case, number, [2e-6] * 4, [1e-6] * 4)
    wall, cpu = rows_of(run)
    assert (wall.clock, wall.step.value) == (WALL, pytest.approx(2e-6))
    assert (cpu.clock, cpu.step.value) == (CPU, pytest.approx(1e-6))
    assert cpu.launches == LAUNCHES
    assert cpu.mean is not None
    assert cpu.mean.value == pytest.approx(1e-6)
    assert wall.waiting == cpu.waiting == pytest.approx(0.5)
    assert (wall.background, wall.preempted_share) == (0.0, 0.0)


def test_a_run_without_cpu_times_has_the_wall_alone(run: MadeUpRun) -> None:
    run.measured([1e-6] * LAUNCHES, size=64)
    (row,) = rows_of(run)
    assert (row.clock, row.waiting, row.background, row.preempted_share) == (WALL, None, None, None)


def test_cpu_time_that_is_counted_too_coarsely_is_no_clock(run: MadeUpRun) -> None:
    case = run.plan(size=64)
    timed(run, case, 0, [2e-6] * 3, [1e-6, 0.0, 1e-6])
    assert [row.clock for row in rows_of(run)] == [WALL]


def test_other_phases_and_clocks_have_no_cpu_clock(run: MadeUpRun) -> None:
    case = run.plan(size=64)
    run.launch(case)
    run.blocks(case, 0, [1e-6], phase="backward", cpu_ns=10, thread_ns=10)
    run.blocks(case, 0, [1e-6], clock="device")
    times = launch_times(run.data())
    assert set(zip(times["phase"], times["clock"], strict=True)) == {("backward", WALL), ("step", "device")}


def test_the_table_of_people_shows_the_default_clock_and_programs_get_all(run: MadeUpRun) -> None:
    loaded(run, 1, 1e-5)
    rows = rows_of(run)
    assert "cpu clock" not in estimates_table.show(rows, "table")
    assert "wall clock" in estimates_table.show(rows, "table")
    assert estimates_table.show(rows, "csv").count("\n") == 3
    asked = clock_choice.on_clock(rows, CPU)
    assert "cpu clock" in estimates_table.show(asked, "table")


def test_a_clock_that_timed_nothing_is_refused(run: MadeUpRun) -> None:
    loaded(run, 1, 1e-5)
    with pytest.raises(UserError, match="on the clock 'device'; there are: wall, cpu"):
        clock_choice.on_clock(rows_of(run), "device")


def test_other_tools_are_given_the_wall(run: MadeUpRun) -> None:
    loaded(run, 1, 1e-5)
    data = run.data()
    data.run["fingerprint"] = "here"
    data.run["environment"]["cpu"] |= {"model": "x"}
    assert [case.clock for case in exported(data).cases] == [WALL]


def test_cpu_time_is_no_peak_has_no_floor_and_no_break_even(run: MadeUpRun) -> None:
    """Two threads take twice the CPU time of their wall; a peak of CPU time would be half of what the machine does."""
    peak = run.plan("calibration/product", size=1024)
    case = run.plan(size=64)
    for number in range(LAUNCHES):
        run.launch(peak, number, work={"flops": 2e9})
        run.blocks(peak, number, [1e-2], steps=1, cpu_ns=1_000, thread_ns=1_000, preempted=0, waited=0)
        run.launch(case, number, work={"flops": 2e9})
        run.blocks(case, number, [1.1e-2], steps=1, cpu_ns=1_000, thread_ns=1_000, preempted=0, waited=0)
    found = Analysis(run.data())
    rows = by_clock([row for row in found.floored(found.peaks) if row.case == case])
    assert rows[WALL].ok  # on CPU time, a millionth of wall, the peak would be so high that nothing reaches its floor
    assert rows[WALL].floor.seconds.value == pytest.approx(1e-2)  # type: ignore[union-attr]
    assert rows[CPU].floor.seconds is None  # type: ignore[union-attr]
    assert "wall clock" in rows[CPU].floor.reason  # type: ignore[union-attr]


# --- speed-ups --------------------------------------------------------------------------------------------------------


def couple(run: MadeUpRun, factor: float, **changes: object) -> list[Row]:
    loaded(run, 11, factor * 1e-5, axes={"mode": "eager"}, **changes)
    loaded(run, 22, 1e-5, axes={"mode": "script"}, **changes)
    return rows_of(run, "mode=eager")


@pytest.mark.parametrize("factor", [1.0, 1.05, 1.5])
def test_load_does_not_bend_a_speedup(run: MadeUpRun, factor: float) -> None:
    rows = couple(run, factor)
    (wall,) = [row for row in rows if row.axis("mode") == "script" and row.clock == WALL]
    assert wall.speedup is not None
    assert wall.speedup.clock == CPU
    assert wall.speedup.ratio.value == pytest.approx(factor, rel=0.02)
    assert wall.speedup.ratio.low <= factor <= wall.speedup.ratio.high  # type: ignore[operator]
    assert wall.step.value > 1.2e-5  # its own time is wall all the same


@pytest.mark.parametrize("changes", [{"others": 0.05}, {"waited": 9}], ids=["other threads compute too", "it waits"])
def test_where_cpu_time_is_not_what_a_step_takes_the_wall_is_told(run: MadeUpRun, changes: dict[str, object]) -> None:
    (wall,) = [row for row in couple(run, 1.5, **changes) if row.axis("mode") == "script" and row.clock == WALL]
    assert wall.speedup is not None
    assert wall.speedup.clock == WALL


def test_a_wait_now_and_then_in_long_blocks_is_no_waiting(run: MadeUpRun) -> None:
    """One voluntary switch a block of 20 ms and more is fewer than one in 10 ms."""
    (wall,) = [
        row for row in couple(run, 1.5, waited=1, steps=5000) if row.axis("mode") == "script" and row.clock == WALL
    ]
    assert wall.speedup is not None
    assert wall.speedup.clock == CPU


def test_a_side_without_cpu_times_leaves_the_wall(run: MadeUpRun) -> None:
    run.measured([1.5e-5 * factor for factor in (1, 1.3, 0.8, 2, 1.1, 1.6)], mode="eager")
    loaded(run, 22, 1e-5, axes={"mode": "script"})
    (wall, cpu) = [row for row in rows_of(run, "mode=eager") if row.axis("mode") == "script"]
    assert wall.speedup is not None
    assert wall.speedup.clock == WALL
    assert cpu.speedup is None  # never one time of each clock


def test_the_narrower_clock_is_told(run: MadeUpRun) -> None:
    """A quiet machine whose CPU times are counted coarsely: wall is narrower."""
    dice = np.random.default_rng(5)
    for mode, seconds in (("eager", 1.5e-5), ("script", 1e-5)):
        case = run.plan(mode=mode)
        for number in range(LAUNCHES):
            wall = seconds * dice.lognormal(0, 0.001, 8)
            timed(run, case, number, wall.tolist(), (wall * dice.lognormal(0, 0.2)).tolist())
    (found,) = [row for row in rows_of(run, "mode=eager") if row.axis("mode") == "script" and row.clock == WALL]
    assert found.speedup is not None
    assert found.speedup.clock == WALL
    assert found.speedup.ratio.value == pytest.approx(1.5, rel=0.01)


def test_both_times_of_a_ratio_are_of_one_clock(run: MadeUpRun) -> None:
    rows = couple(run, 1.5)
    for row in rows:
        if row.speedup is not None:
            own = {(each.key, each.clock): each.step.value for each in rows}
            over, under = (own[key, row.speedup.clock] for key in (row.speedup.reference, row.key))
            assert row.speedup.ratio.value == pytest.approx(over / under, rel=0.02)


def test_the_table_says_that_a_speedup_is_of_the_cpu_clock(run: MadeUpRun) -> None:
    rows = couple(run, 1.5)
    for format in ("table", "md"):
        text = estimates_table.show(rows, format, "mode=eager", width=200)
        assert text.count("on the CPU clock") == 2  # at the number, and above with what it means
    frame = pd.DataFrame(estimates_table_records(rows))
    assert frame["speedup_clock"].tolist() == ["", "", "cpu", "cpu"]


def estimates_table_records(rows: list[Row]) -> list[dict[str, object]]:
    from bench.analyse.rows.record import records

    return records(rows)


def test_a_row_of_the_wall_alone_is_compared_as_before(run: MadeUpRun) -> None:
    rows = couple(run, 1.5)
    walls = [dataclasses.replace(row, speedup=None) for row in rows if row.clock == WALL]
    found = speedups(walls, Analysis(run.data()).readings, "mode=eager")
    assert found[0] is None
    assert found[1] is not None
    assert found[1].clock == CPU
