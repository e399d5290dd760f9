"""Compiled cases run compiled graphs, each in a process of its own: proved from Dynamo's counters, on real workers."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

from bench.measure.machine.facts import capabilities
from bench.plan.catalog import find
from bench.protocol import Close, Closed, Open, Opened, Refused, Visit
from bench.records import Case, Planned, Settings
from bench.runner import machine_probe, run_description, whole_run
from bench.runner.listener import SilentListener
from bench.runner.stop_request import Stop
from bench.runner.worker import Worker
from bench.runner.worker_pool import WorkerPool
from bench.store import tables

FILE = Path(__file__).parents[1] / "workload_files" / "compiled.py"
ONE, OTHER, EAGER, AHEAD = (
    f"compiled/scaled[factor={factor},mode={mode}]"
    for factor, mode in ((1, "compile"), (2, "compile"), (1, "eager"), (1, "aoti"))
)
SETTINGS = Settings(visits=2, warm_s=0.01, timeout_s=300)

pytestmark = pytest.mark.timeout(900)


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


def test_a_case_ran_a_compiled_graph_with_no_recompile(measured):
    counters = measured(OTHER).facts["counters"]
    assert (counters["compiled_graphs"], counters["graph_breaks"], counters["recompiles"]) == (1, 0, 0)


def test_a_recompilation_after_the_first_call_is_counted(measured):
    assert measured("compiled/recompiles[mode=compile]").facts["counters"]["recompiles"] > 0


def test_a_step_that_never_reaches_the_compiled_function_is_refused(measured):
    refused = measured("compiled/not_compiled[mode=compile]")
    assert refused.outcome == "failed"
    assert "compiled no graph" in refused.reason


class Twice(NamedTuple):
    """A compiled case, an eager one and one that is compiled ahead of time, two launches each."""

    folder: Path
    unpacked: Path
    """Where torch unpacked libraries meanwhile."""
    launches: pd.DataFrame

    def of(self, text: str) -> list[dict[str, Any]]:
        """The two launches of a case."""
        own = self.launches[self.launches["key"] == Case.from_key(text).key]
        return own.sort_values("launch").to_dict("records")


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    if reason := capabilities()["compile"]:
        pytest.skip(reason)
    folder, unpacked = tmp_path_factory.mktemp("compiled") / "run", tmp_path_factory.mktemp("unpacked")
    catalog = find([FILE], installed=False)
    planned = [Planned(case, catalog[case.workload].source) for case in map(Case.from_key, (ONE, EAGER, AHEAD))]
    settings, stop = replace(SETTINGS, launches=2), Stop()
    hello = machine_probe.look([], stop)
    run_description.begin(folder, run_description.described("compiled", planned, settings, hello, "test", "bench run"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPILED_TMPDIR", str(unpacked))
        with WorkerPool(stop) as pool:
            whole_run.measure(folder, planned, settings, hello, stop, SilentListener(), pool)
    return Twice(folder, unpacked, tables.read(folder).launches)


def test_a_compiled_case_shares_its_process_with_no_other(twice):
    assert len(twice.launches) == twice.launches["process"].nunique() == 6


def test_the_first_launch_compiles_in_a_cold_cache_and_the_next_in_a_warm_one(twice):
    first, second = twice.of(ONE)
    assert (first["cache"], second["cache"]) == ("cold", "warm")
    assert first["first_call_ns"] > second["first_call_ns"]


def test_a_graph_that_is_found_in_the_cache_is_one_compiled_graph_too(twice):
    counters = [json.loads(launch["counters"]) for launch in twice.of(ONE)]
    assert [(each["compiled_graphs"], each["graph_breaks"], each["recompiles"]) for each in counters] == [(1, 0, 0)] * 2


def test_the_caches_are_gone_when_the_run_is_sealed(twice):
    assert sorted(path.name for path in twice.folder.iterdir()) == ["blocks.parquet", "launches.parquet", "run.json"]


def test_what_is_compiled_ahead_is_right_in_a_process_of_its_own_each_time(twice):
    assert [launch["outcome"] for launch in twice.of(AHEAD)] == ["ok", "ok"]
    assert len({launch["process"] for launch in twice.of(AHEAD)}) == 2


def test_what_is_compiled_ahead_leaves_no_package_and_once_closed_no_library(twice):
    told = [json.loads(launch["quality"]) for launch in twice.of(AHEAD)]
    assert [each["packages"] for each in told] == [0, 0]
    assert [each["unpacked"] for each in told] == [1, 1]  # else this looks where nothing is
    assert list(twice.unpacked.iterdir()) == []


def test_what_is_compiled_ahead_is_built_in_a_cold_cache_and_then_in_a_warm_one(twice):
    assert [launch["cache"] for launch in twice.of(AHEAD)] == ["cold", "warm"]


def test_compiling_ahead_is_the_cost_of_the_build_and_not_of_the_first_call(twice):
    assert all(launch["build_ns"] > 10 * launch["first_call_ns"] for launch in twice.of(AHEAD))


def test_what_is_compiled_ahead_is_not_held_to_the_counts_of_dynamo(twice):
    counters = [json.loads(launch["counters"]) for launch in twice.of(AHEAD)]
    assert [(each["compiled_graphs"], each["recompiles"]) for each in counters] == [(0, 0), (0, 0)]


def test_the_peak_memory_of_what_is_compiled_ahead_is_not_told(twice):
    assert {launch["host_peak_reason"] for launch in twice.of(AHEAD)} == {"a compiled case holds the compiler too"}
