"""Functions by samples, and whose code they are."""

import pandas as pd
import pytest

from bench.analyse.profiles import frame_owner, judge
from bench.analyse.profiles.recorded import RecordedProfile
from bench.analyse.profiles.sampled_functions import Sampling, frames_of, imports_of, sampling_of, stacks_of
from bench.stats.intervals import wilson
from tests.analyse.profiles.told import told

ROWS = [
    ("main", "step (mine.py);forward (mine.py);linear (torch/nn/functional.py)", 60, 120),
    ("main", "step (mine.py);forward (mine.py)", 30, 60),
    ("main", "step (mine.py);fact (mine.py);fact (mine.py)", 10, 20),
    ("loader worker", "augment (mine.py)", 50, 100),
]
STACKS = pd.DataFrame(ROWS, columns=["thread", "stack", "samples", "ns"])


def test_a_function_has_the_share_it_is_innermost_in_and_the_share_it_is_in_at_all():
    found = {frame.name: frame for frame in frames_of(STACKS)}
    assert [(name, frame.own, frame.total) for name, frame in found.items()] == [
        ("linear (torch/nn/functional.py)", 0.6, 0.6),
        ("forward (mine.py)", 0.3, 0.9),
        ("fact (mine.py)", 0.1, 0.1),
        ("step (mine.py)", 0.0, 1.0),
    ]


def test_the_shares_of_what_is_innermost_add_up():
    assert sum(frame.own for frame in frames_of(STACKS)) == pytest.approx(1)


def test_a_loaders_workers_are_a_thread_of_their_own():
    assert [frame.name for frame in frames_of(STACKS, "loader worker")] == ["augment (mine.py)"]


def test_what_starting_workers_import_is_told_as_a_share_of_their_time():
    rows = [
        ("starting worker", "prepare (multiprocessing/spawn.py);_find_and_load (<frozen importlib._bootstrap>)", 3, 60),
        ("starting worker", "prepare (multiprocessing/spawn.py)", 1, 20),
    ]
    assert imports_of(pd.DataFrame([*ROWS, *rows], columns=STACKS.columns)) == 0.75
    assert imports_of(STACKS) is None


def test_without_samples_there_are_no_functions():
    assert frames_of(STACKS[:0]) == []


def test_stacks_come_from_the_outermost_frame_on():
    assert list(stacks_of(STACKS, "loader worker")) == [(("augment (mine.py)",), 50, 100)]


def test_the_interval_of_a_share_is_wilsons():
    """Agresti & Coull, The American Statistician 52, 1998: 0 of 10 gives [0, 0.278], 5 of 10 [0.237, 0.763]."""
    assert wilson(0.0, 10) == pytest.approx((0.0, 0.278), abs=5e-4)
    assert wilson(0.5, 10) == pytest.approx((0.237, 0.763), abs=5e-4)
    frame = frames_of(STACKS)[1]
    assert (frame.low, frame.high) == wilson(0.3, 100)


def test_what_the_sampler_cost_is_told_and_over_budget_no_shares_are():
    watched = {"refused": {}, "steps": 10, "plain_ns": [1000] * 5, "watched_ns": [1300] * 5, "samples": 700,
               "elsewhere": 9, "errors": 1}  # fmt: skip
    found = sampling_of(RecordedProfile.of(told({"operators": 1}, watched=watched)).sampling)
    assert isinstance(found, Sampling)
    assert (found.overhead.value, found.shape_only) == (1.3, True)
    assert found.step_s.value == pytest.approx(100e-9)
    assert judge(told({"operators": 1}, watched=None)).sampling is None


@pytest.mark.parametrize(
    ("frame", "own"),
    [
        ("step (mine.py)", True),
        ("step (workloads/regression.py)", True),
        ("Linear.forward (torch/nn/modules/linear.py)", False),
        ("select (selectors.py)", False),
        ("<module> (<string>)", False),
        ("time_block (bench/measure/timing/blocks.py)", False),
        ("inner (numpy/_core/multiarray.py)", False),
        ("the loop over the steps", False),
        (f"call (c{'abcdefgh234567' * 4}.py)", False),
    ],
)
def test_whose_code_a_frame_is(frame, own):
    assert frame_owner.is_own(frame) is own


def test_what_a_compiler_generated_has_one_name_whatever_its_hash():
    frames = [f"call (c{letter * 51}.py)" for letter in "ab"]
    assert {frame_owner.named(frame) for frame in frames} == {frame_owner.COMPILED}
    assert frame_owner.named("step (mine.py)") == "step (mine.py)"


def test_a_wait_and_the_backward_pass_follow_others():
    assert frame_owner.waits("_ConnectionBase.poll (multiprocessing/connection.py)")
    assert frame_owner.follows("_engine_run_backward (torch/autograd/graph.py)")
    assert not frame_owner.follows("step (mine.py)")
