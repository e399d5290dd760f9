"""Median, mean and fastest block: what stands for the blocks of a launch, and what it is called."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from bench.analyse.rows import frames
from bench.analyse.rows.analysis import Analysis
from bench.analyse.rows.launch_times import STATISTICS, known_statistic, launch_times
from bench.analyse.rows.row import Row
from bench.present.tables import estimates_table
from bench.records import Case, UserError
from tests.analyse.conftest import MadeUpRun


def periodic(run: MadeUpRun, launches: int = 6, every: int = 4, blocks: int = 16, steps: int = 1) -> Case:
    """2 ms a step, and 22 ms in every `every`-th: 7 ms on the mean with 4."""
    dice = np.random.default_rng(1)
    case = run.plan(size=64)
    for number in range(launches):
        run.launch(case, number, work={"items": 1, "unit": "call"})
        cost = np.where((np.arange(blocks) + number) % every == 0, 22e-3, 2e-3) * dice.lognormal(0, 0.01, blocks)
        run.blocks(case, number, cost.tolist(), steps=steps)
    return case


def the_row(run: MadeUpRun, statistic: str = "median") -> Row:
    (row,) = Analysis(run.data(), known_statistic(statistic)).rows()
    return row


def test_the_data_of_a_launch_are_three(run: MadeUpRun) -> None:
    case = run.plan(size=64)
    run.launch(case)
    run.blocks(case, 0, [1e-6, 2e-6], steps=1000)
    run.blocks(case, 0, [9e-6], steps=2000)  # twice the steps weigh twice in the mean
    (datum,) = launch_times(run.data()).to_dict("records")
    assert datum["median_s"] == pytest.approx(2e-6)
    assert datum["mean_s"] == pytest.approx((1 + 2 + 2 * 9) / 4 * 1e-6)
    assert datum["fastest_s"] == pytest.approx(1e-6)


@pytest.mark.parametrize(("statistic", "seconds"), [("median", 2e-3), ("mean", 7e-3), ("min", 1.97e-3)])
def test_the_time_is_by_the_statistic(run: MadeUpRun, statistic: str, seconds: float) -> None:
    periodic(run)
    row = the_row(run, statistic)
    assert row.statistic == statistic
    assert row.step.value == pytest.approx(seconds, rel=0.02)
    assert row.step.low <= row.step.value <= row.step.high  # type: ignore[operator]


def test_items_per_second_come_from_the_mean_whatever_the_time_is(run: MadeUpRun) -> None:
    periodic(run)
    for statistic in STATISTICS:
        row = the_row(run, statistic)
        assert row.mean is not None
        assert row.rate is not None
        assert row.mean.value == pytest.approx(7e-3, rel=0.02)
        assert row.rate.value == pytest.approx(1 / row.mean.value)
        assert (row.rate.low, row.rate.high) == (1 / row.mean.high, 1 / row.mean.low)  # type: ignore[operator]


def test_a_step_that_is_dear_now_and_then_is_doubted(run: MadeUpRun) -> None:
    periodic(run)
    checks = [finding.check for finding in the_row(run).findings]
    assert {"mean-not-median", "dear-steps"} <= set(checks)
    text = estimates_table.show([the_row(run)], "table", width=160)
    assert "mean" in text
    assert "7.0" in text


def test_blocks_that_lost_their_core_are_no_dear_steps(run: MadeUpRun) -> None:
    """A time slice of 4 ms is as long each time, and so would be a kind of its own."""
    dice = np.random.default_rng(2)
    case = run.plan(size=64)
    for number in range(6):
        run.launch(case, number)
        for place in range(24):
            lost = place % 5 == number % 5
            wall = 1e-3 * dice.lognormal(0, 0.01) + 4e-3 * lost
            run.blocks(case, number, [wall], steps=1, cpu_ns=10**6, thread_ns=10**6, preempted=int(lost), waited=0)
    rows = Analysis(run.data()).rows()
    assert all("dear-steps" not in [finding.check for finding in row.findings] for row in rows)


@pytest.mark.parametrize(("blocks", "p95", "p99"), [(10, False, False), (16, True, False), (100, True, True)])
def test_percentiles_of_single_steps_where_there_are_enough(run: MadeUpRun, blocks: int, p95: bool, p99: bool) -> None:
    periodic(run, blocks=blocks)
    row = the_row(run)
    assert ((row.p95 is not None), (row.p99 is not None)) == (p95, p99)
    for found in filter(None, (row.p95, row.p99)):
        assert found.value == pytest.approx(22e-3, rel=0.05)
        assert found.low <= found.value <= found.high  # type: ignore[operator]


def test_blocks_of_many_steps_have_no_percentile(run: MadeUpRun) -> None:
    periodic(run, blocks=100, steps=2)
    assert (the_row(run).p95, the_row(run).p99) == (None, None)


def test_the_caption_says_which_statistic(run: MadeUpRun) -> None:
    periodic(run)
    for statistic, words in (("median", "the median per step"), ("mean", "the mean per step"), ("min", "the fastest")):
        text = estimates_table.show([the_row(run, statistic)], "table", width=200)
        assert f"Time is {words}" in text or words in text


def test_frames_have_the_columns_and_read_back(run: MadeUpRun) -> None:
    from bench.analyse.rows import record_reader

    periodic(run, blocks=100)
    frame = frames.frame_of(run.data(), "estimates", statistic="mean")
    row = frame.iloc[0]
    assert row["statistic"] == "mean"
    assert row["value_s"] == row["mean_s"]
    assert row["low_s"] == row["mean_low_s"] < row["mean_high_s"]
    assert row["p95_low_s"] <= row["p95_s"] <= row["p95_high_s"]
    (back,) = record_reader.rows_of_frame(frame)
    assert back.mean == the_row(run).mean
    assert math.isclose(back.p99.value, row["p99_s"])  # type: ignore[union-attr]


def test_an_older_frame_reads_back_without_the_columns(run: MadeUpRun) -> None:
    from bench.analyse.rows import record_reader

    periodic(run)
    frame = frames.frame_of(run.data(), "estimates")
    new = [name for name in frame if str(name).startswith(("mean_", "p95_", "p99_", "speedup_clock"))]
    older = frame.drop(columns=[*new, "statistic", "waiting", "background", "preempted_share"])
    (back,) = record_reader.rows_of_frame(pd.DataFrame(older))
    assert (back.statistic, back.mean, back.p95, back.waiting) == ("median", None, None, None)
    assert back.rate is not None


def test_an_unknown_statistic_is_refused() -> None:
    with pytest.raises(UserError, match="there is no statistic 'mode'; choose one of median, mean, min"):
        known_statistic("mode")
