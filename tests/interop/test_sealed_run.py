"""Executions of other tools as runs: what is kept, with the truth about its replication."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import interop
from bench.analyse.comparison import ONE_PROCESS
from bench.analyse.rows.analysis import Analysis
from bench.analyse.two_runs import compare
from bench.interop import execution, sealed_run
from bench.interop.execution import Benchmark, Execution
from bench.records import Case, Outcome, UserError
from bench.store import tables
from tests.analyse.as_frames import estimates_frame, judged_frame

DATA = Path(__file__).parents[1] / "data"


def imported(name, folder, number=0, **options):
    executions = interop.read(DATA / name, plain=interop.TableHints(**options))
    data, left_out = sealed_run.as_run(executions[number], folder)
    return tables.read(sealed_run.write(data)), left_out


def sealed(execution, folder):
    """The folder of the run that it becomes, and what is left out."""
    data, left_out = sealed_run.as_run(execution, folder)
    return sealed_run.write(data), left_out


def of(*benchmarks, **facts):
    return Execution("tool", "x.json", benchmarks, **facts)


def test_one_process_has_a_time_without_an_interval(tmp_path):
    data, _ = imported("pytest_benchmark/lagom_cpython310.json", tmp_path)
    frame = judged_frame(data)
    assert frame["value_s"].tolist()[0] == pytest.approx(0.0002457159999948999, rel=1e-6)
    assert frame["low_s"].isna().all()
    assert (frame["launches"] == 1).all()
    assert {finding.check for doubts in frame["findings"] for finding in doubts} >= {"few-launches"}
    assert data.run["imported"]["summaries"][frame["key"][0]] == "median of 2397 rounds"


def test_compare_of_one_process_a_side_has_no_verdict_and_says_why(tmp_path):
    """The planted mistake: thousands of rounds of one process taken for replication."""
    base, _ = imported("pytest_benchmark/lagom_cpython310.json", tmp_path / "a")
    head, _ = imported("pytest_benchmark/lagom_cpython310.json", tmp_path / "b")
    found = compare(Analysis(base), Analysis(head))
    assert {item.verdict for item in found} == {"not_resolved"}
    assert {item.note for item in found} == {ONE_PROCESS}
    assert {(item.low, item.high) for item in found} == {(None, None)}


def test_processes_of_pyperf_are_launches_and_support_a_verdict(tmp_path):
    old, _ = imported("pyperf/mult_list_py36.json", tmp_path / "a")
    new, _ = imported("pyperf/mult_list_py37.json", tmp_path / "b")
    new.run["fingerprint"] = old.run["fingerprint"]  # as if only the code had changed
    found = compare(Analysis(old), Analysis(new))
    (item,) = (each for each in found if each.key.startswith("pyperf/1-2-1000-"))
    assert item.verdict == "slower"
    assert item.base_launches == 20
    assert item.low < item.ratio < item.high


def test_processes_that_no_benchmark_shares_are_not_paired(tmp_path):
    """The planted mistake: the first process of one benchmark of pyperf taken for the first of another."""
    data, _ = imported("pyperf/mult_list_py36.json", tmp_path)
    assert data.launches.groupby("process")["key"].nunique().max() == 1
    rounds, _ = imported("pytest_benchmark/lagom_cpython310.json", tmp_path)
    assert rounds.launches["process"].nunique() == 1


def test_an_import_gives_no_peaks_and_no_costs_of_this_machine(tmp_path):
    key = Case.of("calibration/product", {"size": 1000}).key
    execution = of(Benchmark("p", key, ((1e-3,),)), kept_fingerprint="here")
    folder, _ = sealed(execution, tmp_path)
    data = tables.read(folder)
    assert not Analysis(data).peaks
    assert tables.past_costs(tmp_path, "here") == {}


def test_what_failed_elsewhere_is_a_row_with_its_reason(tmp_path):
    executions = interop.read(DATA / "asv")
    number = next(place for place, each in enumerate(executions) if each.commit.startswith("2b12eec5"))
    data, left_out = imported("asv", tmp_path, number)
    rows = estimates_frame(data).set_index("key")
    failed = rows.loc[execution.key("time_coordinates", "time_latitude")]
    assert failed["outcome"] == Outcome.FAILED
    assert failed["reason"] == "failed"
    assert not left_out


def test_what_is_no_time_is_left_out_and_named(tmp_path):
    found = of(
        Benchmark("t", execution.key("a", "t"), ((1.0,),)), Benchmark("m", execution.key("a", "m"), ((5.0,),), "bytes")
    )
    folder, left_out = sealed(found, tmp_path)
    assert left_out == ["m (bytes)"]
    assert len(tables.read(folder).blocks) == 1


def test_an_execution_without_a_time_can_be_no_run(tmp_path):
    with pytest.raises(UserError, match="unit is MB"):
        sealed(of(Benchmark("m", execution.key("a", "m"), ((5.0,),), "MB")), tmp_path)
    with pytest.raises(UserError, match="--unit"):
        sealed(of(Benchmark("m", execution.key("a", "m"), ((5.0,),), "")), tmp_path)
    with pytest.raises(UserError, match="no benchmark"):
        sealed(of(), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", [1e-9, 15.3e-9, 2.5e-6, 3.1e-2, 7.5, 4e3])
def test_a_value_keeps_its_digits_though_totals_are_whole_nanoseconds(tmp_path, value):
    folder, _ = sealed(of(Benchmark("t", execution.key("a", "t"), ((value,),))), tmp_path)
    assert estimates_frame(tables.read(folder))["value_s"][0] == pytest.approx(value, rel=2e-9)


@pytest.mark.parametrize("value", [1e-20, 1e12])
def test_a_value_that_is_no_time_of_a_step_is_refused(tmp_path, value):
    with pytest.raises(UserError, match="not a plausible time of a step"):
        sealed(of(Benchmark("t", execution.key("a", "t"), ((value,),))), tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_of_the_machine_that_imports_gets_into_the_run(tmp_path):
    data, _ = imported("asv", tmp_path)
    text = json.dumps(data.run)
    assert data.run["machine"] == "cheetah"
    assert data.run["environment"]["torch"]["version"] is None
    assert data.run["environment"]["cpu"]["affinity"] == []
    import platform

    assert platform.release() not in text


def test_runs_without_a_date_stay_in_the_order_of_their_file(tmp_path):
    executions = interop.read(DATA / "sap_hana_small/data/0002.csv", plain=interop.TableHints(unit="s"))[:20]
    created = [tables.read(sealed(each, tmp_path)[0]).run["created"] for each in executions]
    assert created == sorted(created)
    assert len(set(created)) == 20
