"""Compiled cases run compiled graphs, each in a process of its own: proved from Dynamo's counters, on real workers."""

import json
from pathlib import Path

import pytest

from bench.measure.facts import capabilities
from bench.plan.catalog import find
from bench.records import Case, Planned, Settings
from bench.run import probe, runner
from bench.run.stop import Stop
from bench.run.watch import Unwatched
from bench.store import tables

FILE = Path(__file__).parents[1] / "workload_files" / "compiled.py"
TEN = [f"compiled/scaled[factor={factor},mode=compile]" for factor in range(1, 11)]
PLANTED = ["compiled/recompiles[mode=compile]", "compiled/not_compiled[mode=compile]"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    if reason := capabilities()["compile"]:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("compiled") / "run"
    catalog = find([FILE], installed=False)
    cases = [Case.from_key(key) for key in (*TEN, *PLANTED)]
    planned = [Planned(case, catalog[case.workload].source) for case in cases]
    settings, stop = Settings(launches=1, visits=2, warm_s=0.01, timeout_s=300), Stop()
    hello = probe.look(planned, stop)
    runner.begin(folder, "compiled", planned, settings, hello, "test", "bench run")
    with pytest.MonkeyPatch.context() as patch:
        # Most of a cold compilation is the precompiling of C++ headers, which twelve caches of their own repeat here.
        patch.setenv("TORCHINDUCTOR_CPP_CACHE_PRECOMPILE_HEADERS", "0")
        runner.measure(folder, planned, settings, hello, stop, Unwatched())
    return tables.read(folder)


def row(data, key):
    rows = data.launches[data.launches["key"] == Case.from_key(key).key]
    assert len(rows) == 1
    return rows.iloc[0]


@pytest.mark.parametrize("key", TEN)
def test_each_of_ten_cases_ran_a_compiled_graph_with_no_recompile(data, key):
    found = row(data, key)
    assert found["outcome"] == "ok", found["detail"]
    assert json.loads(found["counters"]) == {"compiled_graphs": 1, "graph_breaks": 0, "recompiles": 0}


def test_each_compiled_case_had_a_process_of_its_own(data):
    assert data.launches["process"].nunique() == len(TEN) + len(PLANTED)


def test_a_cold_compilation_is_told_from_the_steady_step(data):
    found = row(data, TEN[0])
    blocks = data.blocks[data.blocks["key"] == found["key"]]
    assert found["cache"] == "cold"
    assert found["first_call_ns"] > 100 * (blocks["total_ns"] / blocks["steps"]).median()


def test_a_recompilation_after_the_first_call_is_counted(data):
    assert json.loads(row(data, PLANTED[0])["counters"])["recompiles"] > 0


def test_a_step_that_never_reaches_the_compiled_function_is_refused(data):
    found = row(data, PLANTED[1])
    assert found["outcome"] == "failed"
    assert "compiled no graph" in found["reason"]
