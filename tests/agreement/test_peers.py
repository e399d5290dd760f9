"""The figures by which tools are compared, on made-up turns."""

from __future__ import annotations

import statistics
from importlib.metadata import version

import numpy as np
import pytest
import torch

from bench.measure.author.context import CaseContext
from bench.plan.catalog import find
from bench.records import UNIVERSAL_AXES, Case
from tests.agreement import peer_tools, peers
from tests.agreement.builds import RawData
from workloads import dataloader, regression, torchscript


def turns_of(values, cost_s=4.0, half=None):
    ends = {} if half is None else {"low_s": 0.0, "high_s": 0.0}
    turns = [{"value_s": value, "cost_s": cost_s, **ends} for value in values]
    for turn in turns:
        if half is not None:
            turn |= {"low_s": turn["value_s"] - half, "high_s": turn["value_s"] + half}
    return turns


def test_the_figure_is_the_relative_spread_times_the_root_of_the_seconds():
    assert peers.figure(turns_of([9, 10, 11])) == pytest.approx(0.1 * 2)
    assert peers.figure(turns_of([90, 100, 110], cost_s=16)) == pytest.approx(0.1 * 4)


def test_the_interval_of_the_figure_holds_the_truth_as_often_as_stated():
    dice = np.random.default_rng(0)
    found = [peers.figure_within(turns_of(dice.normal(1, 0.1, 20))) for _ in range(300)]
    assert sum(each.low <= 0.2 <= each.high for each in found) >= 270


def test_an_interval_of_its_own_is_held_to_the_median_of_all():
    assert peers.held(turns_of([9, 10, 11, 14], half=1.6)) == 0.75  # of 10.5
    assert peers.held(turns_of([9, 10])) is None


def rounds_of(**values):
    return [
        {tool: turns_of([each])[0] for tool, each in zip(values, row, strict=True)}
        for row in zip(*values.values(), strict=True)
    ]


def test_ratios_are_of_figures_and_of_medians():
    rounds = rounds_of(ours=[9, 10, 11], other=[18, 20, 23])
    other = [18, 20, 23]
    assert peers.medians("other", "ours", rounds) == 2
    spread = statistics.stdev(other) / statistics.fmean(other)
    assert peers.figures("ours", "other", rounds) == pytest.approx(0.1 / spread)


def test_the_table_compares_with_the_best_peer_the_first_build_and_the_timer():
    dice = np.random.default_rng(1)
    names = {"old": 0.2, "new": 0.05, "torch Timer": 0.1, "pyperf -p 5": 0.4}
    rounds = [{tool: turns_of([dice.normal(1e-5, 1e-5 * sd)])[0] for tool, sd in names.items()} for _ in range(40)]
    old, new, *others = peers.table("sine", rounds, ["old", "new"])
    columns = dict(zip(peers.head(["old", "new"]), new, strict=True))
    assert columns["÷ best peer"].endswith("(torch Timer)")
    assert float(columns["÷ best peer"].split()[0]) == pytest.approx(0.5, rel=0.5)
    assert float(columns["÷ old"].split()[0]) == pytest.approx(0.25, rel=0.5)
    assert columns["reported"].endswith(" µs")
    assert float(columns["median ÷ Timer's"].split()[0]) == pytest.approx(1, abs=0.1)
    assert dict(zip(peers.head(["old", "new"]), old, strict=True))["÷ old"] == "–"
    assert [line[1] for line in others] == ["pyperf -p 5", "torch Timer"]
    assert float(others[0][6].split()[0]) == pytest.approx(0.4 * 2, rel=0.4)


def test_what_the_machine_does_to_all_tools_alike_is_no_tool_s_own():
    dice = np.random.default_rng(2)
    names = {"a": 0.01, "b": 0.02, "c": 0.04, "d": 0.02}
    wander = dice.normal(1, 0.3, 2000)
    rounds = [{tool: turns_of([abs(level) * dice.normal(1, sd)])[0] for tool, sd in names.items()} for level in wander]
    assert peers.figure([each["a"] for each in rounds]) > 0.4
    for tool, sd in names.items():
        assert peers.own_figure(tool, rounds) == pytest.approx(2 * sd, rel=0.15)
    assert np.isnan(peers.own_figure("a", rounds_of(a=[9, 10, 11], b=[9, 11, 10])))
    assert peers.own_text("a", rounds_of(a=[9, 10, 11], b=[9, 11, 10])) == "–"


def test_a_round_that_was_interrupted_is_left_out():
    kept = RawData(None, {})
    turn = turns_of([1e-6])[0]
    for number, tools in enumerate((("new", "torch Timer"), ("new", "torch Timer"), ("new",))):
        kept.turns += [
            {"round": number, "who": ["sine", tool], **turn, "value_s": 1e-6 + number * 1e-8} for tool in tools
        ]
    assert [line[2] for line in peers.lines_of(kept, "sine", ["new"])] == ["1.0 µs"] * 2
    kept.turns = kept.turns[:2]
    assert peers.lines_of(kept, "sine", ["new"]) == []


def test_words_are_for_all_builds_or_for_one():
    all_of_them = "run {case} -s mode=eager --launches 6"
    assert peers.words_by_build(["a", "b"], []) == {"a": peers.OURS, "b": peers.OURS}
    assert peers.words_by_build(["a", "b"], [all_of_them, "b=run {case}"]) == {"a": all_of_them, "b": "run {case}"}
    with pytest.raises(SystemExit, match="no build has the name c"):
        peers.words_by_build(["a", "b"], ["c=run {case}"])


CALLED = {
    "net": lambda ctx: torchscript.inference(ctx, batch=32),
    "train": lambda ctx: regression.train_step(ctx, rows=800),
    "epoch": lambda ctx: dataloader.epoch(ctx, loader="dataloader", batch=32, workers=0, pin=False),
}


@pytest.mark.parametrize("name", peer_tools.STEPS)
def test_the_other_tools_time_what_the_case_times(name):
    """From one seed both give the same answer; a product and a sine are of other numbers, of the same number."""
    step, names = peer_tools.STEPS[name], {}
    exec(peer_tools.SETUP + step.setup, names)
    found = eval(step.statement, names)
    if name in CALLED:
        prepared = CALLED[name](CaseContext(torch.device("cpu"), torch.float32, "eager", 0, step.case))
        if prepared.reset is not None:
            prepared.reset()
        assert torch.equal(found, prepared.step())
    else:
        assert found.isfinite().all()
        assert found.numel() == {"product": 64 * 64, "sine": 10_000}[name]


def test_every_case_is_in_the_catalog():
    catalog = find()
    for step in peer_tools.STEPS.values():
        case = Case.from_key(step.case)
        axes = catalog[case.workload].axes
        assert all(value in axes[axis] for axis, value in case.axes.items() if axis not in UNIVERSAL_AXES)


def test_an_interpreter_without_asv_is_said_to_lack_it(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'asv'\" >&2\nexit 1\n")
    python.chmod(0o755)
    assert peer_tools.why_no_asv(str(python)) == "ModuleNotFoundError: No module named 'asv'"


def test_asv_beside_another_torch_would_be_other_work(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 1.0.0+cpu\n")
    python.chmod(0o755)
    assert peer_tools.why_no_asv(str(python)) == f"its torch is not {version('torch')}"
