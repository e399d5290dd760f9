"""Compiled cases run compiled graphs, each in a process of its own: proved from Dynamo's counters, on real workers."""

import json
from pathlib import Path

import pytest

from bench.measure.facts import capabilities
from bench.plan.catalog import find
from bench.protocol import Close, Closed, Open, Opened, Refused, Visit
from bench.records import Case, Planned, Settings
from bench.run import probe, runner
from bench.run.stop import Stop
from bench.run.watch import Unwatched
from bench.run.worker import Worker
from bench.store import tables

FILE = Path(__file__).parents[1] / "workload_files" / "compiled.py"
TEN = [f"compiled/scaled[factor={factor},mode=compile]" for factor in range(1, 11)]
AHEAD = "compiled/scaled[factor=1,mode=aoti]"
SETTINGS = Settings(visits=2, warm_s=0.01, timeout_s=300)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A function that opens, visits and closes a case in a fresh process and returns its facts.

    All share one compile cache: a cold one takes 13 s, most of which is not the graph but a look at what the compiler
    can do.
    """
    if reason := capabilities()["compile"]:
        pytest.skip(reason)
    cache = tmp_path_factory.mktemp("cache")
    catalog = find([FILE], installed=False)

    def measure(text):
        case = Case.from_key(text)
        worker = Worker(1, Stop(), cache)
        try:
            opened = worker.ask(Open(case.key, catalog[case.workload].source, SETTINGS), SETTINGS.timeout_s)
            if isinstance(opened, Refused):
                return opened
            assert isinstance(opened, Opened)
            worker.ask(Visit(case.key), SETTINGS.timeout_s)
            closed = worker.ask(Close(case.key), SETTINGS.timeout_s)
            assert isinstance(closed, Closed), closed
            return closed
        finally:
            worker.end()

    return measure


@pytest.mark.parametrize("key", TEN)
def test_each_of_ten_cases_ran_a_compiled_graph_with_no_recompile(measured, key):
    counters = measured(key).facts["counters"]
    assert (counters["compiled_graphs"], counters["graph_breaks"], counters["recompiles"]) == (1, 0, 0)


def test_a_recompilation_after_the_first_call_is_counted(measured):
    assert measured("compiled/recompiles[mode=compile]").facts["counters"]["recompiles"] > 0


def test_a_step_that_never_reaches_the_compiled_function_is_refused(measured):
    refused = measured("compiled/not_compiled[mode=compile]")
    assert refused.outcome == "failed"
    assert "compiled no graph" in refused.reason


def two_launches_of(folder, *keys):
    """These cases through the runner, two launches each; the launches by key."""
    if reason := capabilities()["compile"]:
        pytest.skip(reason)
    catalog = find([FILE], installed=False)
    planned = [Planned(case, catalog[case.workload].source) for case in map(Case.from_key, keys)]
    settings, stop = Settings(launches=2, visits=2, warm_s=0.01, timeout_s=300), Stop()
    hello = probe.look(planned, stop)
    runner.begin(folder, "compiled", planned, settings, hello, "test", "bench run")
    runner.measure(folder, planned, settings, hello, stop, Unwatched())
    return folder, tables.read(folder).launches.set_index("key")


@pytest.fixture(scope="module")
def two_launches(tmp_path_factory):
    """A compiled and an eager case, two launches each."""
    return two_launches_of(tmp_path_factory.mktemp("compiled") / "run", TEN[0], "compiled/scaled[factor=1]")


@pytest.fixture(scope="module")
def two_launches_ahead(tmp_path_factory):
    """A case compiled ahead of time, two launches."""
    _, launches = two_launches_of(tmp_path_factory.mktemp("ahead") / "run", AHEAD)
    return launches.loc[Case.from_key(AHEAD).key].sort_values("launch").to_dict("records")


def test_a_compiled_case_shares_its_process_with_no_other(two_launches):
    _, launches = two_launches
    assert len(launches) == launches["process"].nunique() == 4


def test_the_first_launch_compiles_in_a_cold_cache_and_the_next_in_a_warm_one(two_launches):
    _, launches = two_launches
    first, second = launches.loc[Case.from_key(TEN[0]).key].sort_values("launch").to_dict("records")
    assert (first["cache"], second["cache"]) == ("cold", "warm")
    assert first["first_call_ns"] > second["first_call_ns"]


def test_the_caches_are_gone_when_the_run_is_sealed(two_launches):
    folder, _ = two_launches
    assert sorted(path.name for path in folder.iterdir()) == ["blocks.parquet", "launches.parquet", "run.json"]


def test_what_is_compiled_ahead_is_right_in_a_process_of_its_own_each_time(two_launches_ahead):
    assert [launch["outcome"] for launch in two_launches_ahead] == ["ok", "ok"]
    assert len({launch["process"] for launch in two_launches_ahead}) == 2


def test_what_is_compiled_ahead_is_built_in_a_cold_cache_and_then_in_a_warm_one(two_launches_ahead):
    assert [launch["cache"] for launch in two_launches_ahead] == ["cold", "warm"]


def test_compiling_ahead_is_the_cost_of_the_build_and_not_of_the_first_call(two_launches_ahead):
    assert all(launch["build_ns"] > 10 * launch["first_call_ns"] for launch in two_launches_ahead)


def test_what_is_compiled_ahead_is_not_held_to_the_counts_of_dynamo(two_launches_ahead):
    counters = [json.loads(launch["counters"]) for launch in two_launches_ahead]
    assert [(each["compiled_graphs"], each["recompiles"]) for each in counters] == [(0, 0), (0, 0)]


def test_the_peak_memory_of_what_is_compiled_ahead_is_not_told(two_launches_ahead):
    assert {launch["host_peak_reason"] for launch in two_launches_ahead} == {"a compiled case holds the compiler too"}
