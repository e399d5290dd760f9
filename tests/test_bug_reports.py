"""Reports of people who benchmark for a living, restated: what each showed, and that it is right now.

Those that are tested beside what they concern:

settings that reach neighbours   tests/cli/test_leaks.py (`as_reported`), tests/cli/test_gate_leaks.py
a GPU that tells little          tests/measure/devices/test_nvml.py
precision by a switch            tests/measure/author/test_reduced_precision.py; as axes of a run, here
warming up that gets dearer      tests/measure/timing/test_warm_up.py, test_each_block_of_a_long_warm_up_costs_the_same
"""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path

import numpy as np
import pytest

from bench.analyse.findings import findings_of
from bench.measure.dispatcher import Dispatcher
from bench.measure.timing.warm_up import WarmBlock, warm_up
from bench.plan.catalog import find
from bench.protocol import Close, Closed, Open, Opened, Visit
from bench.records import Case, Settings
from bench.series import STEP, WALL, Series
from bench.stats import intervals
from bench.stats.mean_cost import mean
from tests.agreement import periodic_steps
from tests.analyse.test_findings import QUIET
from tests.terminal import Terminal

FILES = Path(__file__).parent / "workload_files"
TIMED = Series(STEP, WALL)


def test_a_step_that_a_cache_serves_from_its_second_call_on_opens_at_once():
    """It hung its worker: the first call made blocks of one step, of which warm-up took a million."""
    source = find([FILES / "slow_first_call.py"], installed=False)["slow_first_call/remembered"].source
    key = Case.of("slow_first_call/remembered", {}).key
    dispatcher, began = Dispatcher(lambda stage: None), time.process_time()
    opened = dispatcher.answer(Open(key, source, Settings()))
    assert isinstance(opened, Opened)
    assert time.process_time() - began < 20
    assert opened.steps[TIMED] > 500  # a look-up takes a fraction of a microsecond, and a block a millisecond
    assert dispatcher.answer(Visit(key)).blocks
    assert isinstance(dispatcher.answer(Close(key)), Closed)


@pytest.mark.parametrize("step_us", [20, 10, 5, 3])
def test_warming_up_by_blocks_of_one_short_step_costs_little_more_than_its_blocks(step_us):
    """Sorting all blocks at each one took minutes for a second of them."""
    dice, began = np.random.default_rng(1), time.process_time()
    times = dice.lognormal(np.log(step_us * 1000), 0.05, size=1 << 20).astype(int).tolist()
    made = time.process_time() - began
    warmth = warm_up(lambda: WarmBlock(1, times.pop()), floor_ns=1e8, cap_ns=1e9)
    assert warmth.ns >= 1e8
    # 60 us a block is ten times what it takes here.
    assert time.process_time() - began - made < 1 + 60e-6 * warmth.calls


@pytest.mark.real
@pytest.mark.timeout(300)
def test_a_precision_and_a_layout_are_axes_of_one_run(tmp_path):
    """Autocast was `wrong`: it is `ok` where it is declared, and `wrong` with what to declare where it is not."""
    bench = Terminal(tmp_path)
    chosen = ("precision/declared", "precision/undeclared", "precision/layout")
    words = ("--launches", 1, "--format", "json", "--workloads", FILES / "precision.py")
    done = bench("run", *chosen, *words, timeout=200)
    assert done.returncode == 4, done.stderr
    rows = {row["key"]: row for row in json.loads(bench("show", "--format", "json").stdout)}
    outcomes = {
        key.partition("/")[2].replace("device=cpu,dtype=float32,", ""): row["outcome"] for key, row in rows.items()
    }
    assert outcomes == {
        "declared[amp=False,mode=eager,threads=1]": "ok",
        "declared[amp=True,mode=eager,threads=1]": "ok",
        "undeclared[amp=False,mode=eager,threads=1]": "ok",
        "undeclared[amp=True,mode=eager,threads=1]": "wrong",
        "layout[layout=contiguous,mode=eager,threads=1]": "ok",
        "layout[layout=channels_last,mode=eager,threads=1]": "ok",
    }
    assert "declare it: Prepared(…, compute_dtype=torch.bfloat16 if amp else None)" in done.stdout + done.stderr


def test_every_fourth_call_that_is_dearer_is_in_the_mean_and_is_told():
    """2 ms, and 20 ms more in every fourth call: it was "2.2 ms, 446 calls/s" without a word."""
    data = list(periodic_steps.launches(np.random.default_rng(0), 2e-3, 4, 11, periodic_steps.LAYOUTS[0]))
    cost = mean(data)
    assert cost.low is not None
    assert cost.high is not None
    assert cost.low <= 7e-3 * 1.02
    assert cost.high >= 7e-3 * 0.98
    typical = intervals.median([float(np.median(np.divide(each.seconds, each.steps))) for each in data])
    assert typical.value == pytest.approx(2e-3, rel=0.1)
    said = findings_of(dataclasses.replace(QUIET, step_s=typical.value, mean=cost, median=typical))
    assert "mean-not-median" in [finding.check for finding in said]
