"""What is said of a run that was really measured."""

from __future__ import annotations

import pytest

import bench
from tests.measured import OUTCOMES


@pytest.fixture(scope="module")
def frame(measured_run):
    return bench.load(measured_run.folder, vs="mode=eager")


def test_a_number_is_the_median_of_its_launch_medians_and_lies_within_its_interval(frame, measured_run):
    blocks = bench.load(measured_run.folder, level="blocks").query("kept and phase == 'step'")
    medians = (blocks["total_ns"] / blocks["steps"] / 1e9).groupby([blocks["key"], blocks["launch"]]).median()
    by_case = medians.groupby("key").median()
    good = frame[frame["outcome"] == "ok"]
    wall = good[good["clock"] == "wall"].set_index("key")
    assert len(wall) == OUTCOMES["ok"]
    assert wall["value_s"].to_dict() == pytest.approx(by_case.to_dict())
    # Beside other programs two launches may differ so much that there is no interval, which the method says.
    known = good["low_s"].notna()
    assert known.any()
    assert good.loc[~known, "method"].str.startswith("not known: ").all()
    assert (good["low_s"] <= good["value_s"])[known].all()
    assert (good["value_s"] <= good["high_s"])[known].all()


def test_what_was_wrong_or_crashed_has_a_reason_and_no_time(frame):
    bad = frame[frame["outcome"].isin(["wrong", "crashed"])].set_index("outcome")
    assert set(bad.index) == {"wrong", "crashed"}
    assert bad["value_s"].isna().all()
    assert bad["speedup"].isna().all()
    assert "relative error" in bad.loc["wrong", "reason"]
    assert bad.loc["crashed", "reason"] == "the worker exited with code 3"


def test_each_launch_beside_its_eager_twin_makes_the_speedup(frame):
    scripted = frame[(frame["params"].map(lambda params: params["mode"]) == "script") & (frame["outcome"] == "ok")]
    assert scripted["clock"].tolist() == ["wall", "cpu"]
    assert scripted["speedup_paired"].all()
    assert (scripted["speedup"] > 0).all()
