"""The datum of a launch."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bench.analyse.rows.launch_times import launch_times
from tests.analyse.conftest import MadeUpRun


def test_the_datum_of_a_launch_is_the_median_of_its_blocks_per_step(run: MadeUpRun) -> None:
    case = run.plan(size=64)
    run.launch(case)
    run.blocks(case, 0, [1e-6, 9e-6, 2e-6])
    run.blocks(case, 0, [4e-6, 5e-6], steps=10)  # another n weighs no more: each block is one value
    (row,) = launch_times(run.data()).to_dict("records")
    assert row["median_s"] == pytest.approx(4e-6)
    assert row["blocks"] == 5


def test_blocks_that_are_not_kept_are_left_out(run: MadeUpRun) -> None:
    case = run.plan(size=64)
    run.launch(case)
    run.blocks(case, 0, [1e-6])
    run.blocks(case, 0, [9e-6, 9e-6], kept=False)
    (row,) = launch_times(run.data()).to_dict("records")
    assert (row["median_s"], row["blocks"]) == (pytest.approx(1e-6), 1)


@pytest.mark.parametrize("outcome", ["skipped", "wrong", "oom", "timeout", "crashed", "failed"])
def test_a_launch_that_did_not_end_well_is_left_out(run: MadeUpRun, outcome: str) -> None:
    case = run.measured([1e-6], size=64)
    run.launch(case, 1, outcome=outcome)
    run.blocks(case, 1, [9e-6])
    assert launch_times(run.data())["launch"].tolist() == [0]


def test_blocks_of_a_launch_that_never_ended_are_left_out(run: MadeUpRun) -> None:
    case = run.measured([1e-6], size=64)
    run.blocks(case, 1, [9e-6])
    assert launch_times(run.data())["launch"].tolist() == [0]


def test_cases_phases_clocks_and_launches_are_kept_apart(run: MadeUpRun) -> None:
    one, other = run.plan(size=64), run.plan(size=128)
    for number in range(2):
        run.launch(one, number)
        run.blocks(one, number, [1e-6])
        run.blocks(one, number, [2e-6], clock="device")
        run.blocks(one, number, [3e-6], phase="to_host")
    run.launch(other)
    run.blocks(other, 0, [4e-6])
    rows = launch_times(run.data())
    assert sorted(rows["median_s"]) == pytest.approx([1e-6, 1e-6, 2e-6, 2e-6, 3e-6, 3e-6, 4e-6])


def test_the_process_of_a_launch_is_told(run: MadeUpRun) -> None:
    case = run.plan(size=64)
    run.launch(case, 0, process="4711")
    run.blocks(case, 0, [1e-6])
    assert launch_times(run.data())["process"].tolist() == ["4711"]


def test_a_block_is_as_long_as_all_its_steps(run: MadeUpRun) -> None:
    case = run.plan(size=64)
    run.launch(case)
    run.blocks(case, 0, [2e-6, 3e-6, 4e-6], steps=500)
    assert launch_times(run.data())["block_s"].tolist() == pytest.approx([1.5e-3])


def test_outliers_are_counted_within_their_launch_by_the_modified_score(run: MadeUpRun) -> None:
    case = run.plan(size=64)
    # Seed 7. The second launch is ten times as slow as a whole: none of its blocks is an outlier for that.
    launches = [scale * np.random.default_rng(7).lognormal(0, 0.02, 40) * 1e-6 for scale in (1.0, 10.0)]
    launches[0][3] *= 2
    for number, step_s in enumerate(launches):
        run.launch(case, number)
        run.blocks(case, number, step_s.tolist())
    expected = [
        int(np.sum(np.abs(step_s - np.median(step_s)) > 3.5 * stats.median_abs_deviation(step_s, scale="normal")))
        for step_s in launches
    ]
    assert expected[0] == expected[1] + 1
    assert launch_times(run.data())["outliers"].tolist() == expected


def test_blocks_that_are_mostly_alike_have_no_outliers(run: MadeUpRun) -> None:
    case = run.plan(size=64)
    run.launch(case)
    run.blocks(case, 0, [1e-6] * 9 + [5e-6])
    assert launch_times(run.data())["outliers"].tolist() == [0]


def test_a_run_without_blocks_has_no_medians(run: MadeUpRun) -> None:
    run.launch(run.plan(size=64), outcome="skipped")
    assert len(launch_times(run.data())) == 0
