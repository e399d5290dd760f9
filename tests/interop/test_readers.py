"""Real files of other projects: what is read of each, and what is refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from bench import interop
from bench.interop import execution, pytest_benchmark
from bench.records import Case, UserError

DATA = Path(__file__).parents[1] / "data"

FILES = sorted(path for path in DATA.rglob("*") if path.is_file())


def read(name, **options):
    return interop.read(DATA / name, plain=interop.TableHints(**options))


def refused(path, **options):
    with pytest.raises(UserError) as caught:
        interop.read(path, **options)
    return str(caught.value)


NO_BENCHMARKS = ("PROVENANCE.md", "README.md", "LICENSE", "machine.json", "benchmarks.json")


def names(paths):
    return [str(path.relative_to(DATA)) for path in paths]


WITH = [path for path in FILES if path.name not in NO_BENCHMARKS]
WITHOUT = [path for path in FILES if path.name in NO_BENCHMARKS]


@pytest.mark.parametrize("path", WITH, ids=names(WITH))
def test_every_file_of_benchmarks_is_read(path):
    executions = interop.read(path)
    assert executions
    assert all(Case.from_key(item.key) for execution in executions for item in execution.benchmarks)


@pytest.mark.parametrize("path", WITHOUT, ids=names(WITHOUT))
def test_every_other_file_is_refused_with_a_reason(path):
    reason = refused(path).replace(str(path), "")
    assert len(reason) > 15


# --- pytest-benchmark -----------------------------------------------------------------------------------------------


def test_statistics_of_pytest_benchmark_are_one_datum_of_one_process():
    (execution,) = read("pytest_benchmark/lagom_cpython310.json")
    assert execution.commit == "2f235c94515378acee701ee745671e2ae6f04fcb"
    assert execution.machine == "2-core Intel(R) Xeon(R) Platinum 8171M CPU @ 2.60GHz"
    found = {item.name: item for item in execution.benchmarks}
    magic = found["tests/benchmarking/test_basic_benchmarks.py::test_magic"]
    assert magic.processes == ((0.0002457159999948999,),)
    assert magic.summary == "median of 2397 rounds"
    assert Case.from_key(magic.key).workload == "tests-benchmarking-test_basic_benchmarks/test_magic"
    assert Case.from_key(magic.key)["threads"] == "unknown"


def test_a_dirty_tree_is_another_state_than_its_commit():
    (execution,) = read("pytest_benchmark/cachew_sqlite3.json")
    assert execution.commit.endswith("+dirty")
    assert len(execution.benchmarks) == 208
    assert len({item.key for item in execution.benchmarks}) == 208


def test_raw_rounds_are_the_values_of_one_process(tmp_path):
    content = json.loads((DATA / "pytest_benchmark/lagom_cpython310.json").read_text())
    content["benchmarks"] = content["benchmarks"][:1]
    content["benchmarks"][0]["stats"]["data"] = [1e-3, 2e-3, 3e-3]
    (tmp_path / "x.json").write_text(json.dumps(content))
    (execution,) = interop.read(tmp_path / "x.json")
    assert execution.benchmarks[0].processes == ((1e-3, 2e-3, 3e-3),)
    assert execution.benchmarks[0].summary == ""


@pytest.mark.parametrize(
    ("fullname", "workload", "param"),
    [
        ("tests/test_a.py::test_b", "tests-test_a/test_b", None),
        ("tests/test_a.py::test_b[c]", "tests-test_a/test_b", "c"),
        ("tests/test_a.py::TestX::test_b[1-2]", "tests-test_a-TestX/test_b", "1-2"),
        ("tests/test_a.py::test_b[a::b]", "tests-test_a/test_b", "a::b"),
        ("test_b[x y]", "pytest/test_b", "x_y-"),
        ("test_b[]", "pytest/test_b", None),
    ],
)
def test_the_name_of_a_test_becomes_a_key(fullname, workload, param):
    case = Case.from_key(pytest_benchmark._key(fullname))
    assert case.workload == workload
    if param is not None:
        assert str(case["param"]) == param or (param[-1] == "-" and str(case["param"]).startswith(param))


# --- pyperf ---------------------------------------------------------------------------------------------------------


def test_pyperf_keeps_processes_apart():
    (execution,) = read("pyperf/mult_list_py36.json")
    assert [item.name for item in execution.benchmarks] == ["[1]*1000", "[1,2]*1000", "[1,2,3]*1000"]
    first = execution.benchmarks[0]
    assert len(first.processes) == 20
    assert first.processes[0] == (2.087224121094522e-06, 2.1127525786646117e-06, 2.1118663786623415e-06)
    assert first.steps == 64 * 1024
    assert execution.machine == "8-core Intel(R) Core(TM) i7-6820HQ CPU @ 2.70GHz"


def test_pyperf_s_own_library_reads_the_same_values():
    """An independent reading of the same file."""
    pyperf = pytest.importorskip("pyperf")
    suite = pyperf.BenchmarkSuite.load(str(DATA / "pyperf/mult_list_py37.json"))
    (execution,) = read("pyperf/mult_list_py37.json")
    for theirs, ours in zip(suite.get_benchmarks(), execution.benchmarks, strict=True):
        assert [value for process in ours.processes for value in process] == list(theirs.get_values())


def test_names_of_pyperf_that_are_mostly_signs_keep_a_digest():
    (execution,) = read("pyperf/mult_list_py36.json")
    assert [Case.from_key(item.key).workload.partition("-")[0] for item in execution.benchmarks] == ["pyperf/1"] * 3
    assert len({item.key for item in execution.benchmarks}) == 3


def test_another_python_is_another_fingerprint():
    (old,), (new,) = read("pyperf/mult_list_py36.json"), read("pyperf/mult_list_py37.json")
    assert old.fingerprint != new.fingerprint


# --- asv ------------------------------------------------------------------------------------------------------------


def test_asv_s_folder_is_an_execution_a_commit_by_date():
    found = read("asv")
    assert len(found) == 12
    assert [each.at for each in found] == sorted(each.at for each in found)
    assert {each.machine for each in found} == {"cheetah"}
    (one,) = [each for each in found if each.commit.startswith("05d283b9")]
    by_name = {item.name: item for item in one.benchmarks}
    assert by_name["time_quantity.time_quantity_init_scalar"].processes == ((8.302178382873535e-05,),)
    # The file's own benchmarks.json calls this one a time.
    assert by_name["time_units.mem_unit"].processes == ()
    assert by_name["time_units.mem_unit"].reason == "its name says bytes, benchmarks.json says s"


def test_what_failed_in_asv_has_a_reason_and_no_value():
    (one,) = [each for each in read("asv") if each.commit.startswith("2b12eec5")]
    failed = next(item for item in one.benchmarks if item.name == "time_coordinates.time_latitude")
    assert failed.processes == ()
    assert failed.reason == "failed"


def test_nothing_and_an_empty_text_are_one_version_of_asv_s_requirements():
    found = {each.commit[:8]: each.fingerprint for each in read("asv")}
    assert found["05d283b9"] == found["2b12eec5"]


def version_2(tmp_path, result):
    content = {
        "commit_hash": "abc", "date": 1700000000000, "params": {"machine": "m"}, "python": "3.12", "requirements": {},
        "result_columns": ["result", "params", "version", "samples"], "results": {"suite.time_x": result}, "version": 2,
    }  # fmt: skip
    (tmp_path / "abc.json").write_text(json.dumps(content))
    (execution,) = interop.read(tmp_path / "abc.json")
    return execution.benchmarks


def test_asv_s_second_version_has_parameters_and_samples(tmp_path):
    found = version_2(tmp_path, [[1e-3, None], [["10", "20"]], "v", [[1e-3, 1.1e-3], None]])
    assert [Case.from_key(item.key)["param1"] for item in found] == [10, 20]
    assert found[0].processes == ((1e-3, 1.1e-3),)
    assert found[1].reason == "failed"


def test_asv_s_second_version_has_one_null_where_all_combinations_failed(tmp_path):
    found = version_2(tmp_path, [None, [["10", "20"]], "v"])
    assert [item.reason for item in found] == ["failed", "failed"]


def test_a_result_of_asv_that_does_not_fit_its_parameters_is_refused(tmp_path):
    with pytest.raises(UserError, match="as many results"):
        version_2(tmp_path, [[1e-3], [["10", "20"]], "v"])


# --- github-action-benchmark ----------------------------------------------------------------------------------------


def test_rates_of_data_js_become_times():
    found = read("github_action_benchmark/safetensors_first250.js")
    assert len(found) == 250
    first = found[0].benchmarks[0]
    assert first.name == "benches/test_flax.py::test_flax_flax_load"
    # The file tells the mean as well: 850.2 ms.
    assert first.processes[0][0] == pytest.approx(0.8502072782000141)
    assert found[0].at.isoformat() == "2022-11-01T13:53:50.383000+00:00"


@pytest.mark.parametrize(
    ("unit", "number", "seconds"),
    [
        ("iter/sec", 4.0, 0.25), ("ops/sec", 4.0, 0.25), ("ns/iter", 5.0, 5e-9), ("ms", 2.0, 2e-3),
        ("us/step", 3.0, 3e-6), ("sec", 2.0, 2.0), ("MB/s", 2.0, None), ("", 2.0, None),
    ],
)  # fmt: skip
def test_units_of_data_js(unit, number, seconds):
    from bench.interop.github_action import _seconds

    assert _seconds(number, unit) == (None if seconds is None else pytest.approx(seconds))


# --- csv ------------------------------------------------------------------------------------------------------------


def test_a_history_of_otava_has_a_series_a_column():
    found = read("otava/sample.csv")
    assert len(found) == 10
    assert found[0].commit == "aaa0"
    assert found[0].at.isoformat() == "2024-01-01T02:00:00+00:00"
    assert [(item.name, item.processes) for item in found[0].benchmarks] == [
        ("metric1", ((154023.0,),)),
        ("metric2", ((10.43,),)),
    ]


def test_branches_are_series_of_their_own():
    keys = {item.key for each in read("otava/sample_multi_branch.csv") for item in each.benchmarks}
    assert {Case.from_key(key)["branch"] for key in keys} == {"main", "feature-x", "feature-y"}


def test_a_unit_makes_the_columns_times():
    (first, *_) = read("otava/sample.csv", unit="ms")
    assert first.benchmarks[0].unit == "s"
    assert first.benchmarks[0].processes[0][0] == pytest.approx(154.023)


def test_an_index_is_no_series_and_builds_are_commits():
    found = read("sap_hana_small/data/0002.csv")
    assert {item.name for each in found for item in each.benchmarks} == {"Measurement"}
    assert len({each.commit for each in found}) == 27
    assert execution.points(found)["commit"].nunique() == 27


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no row"),
        ("time,commit\n2024-01-01,a\n", "no column is a series"),
        ("commit,x\na,fast\n", "no column is a series"),
        ("commit,x\na,1\nb,2\nc,fast\n", "row 3, x: 'fast' is not a number"),
        ("commit,x\na,1\nb,nan\n", "row 2, x: 'nan' is not a number"),
        ("commit,x\na,1,2\n", "3 cells"),
        ("commit,x,x\na,1,2\n", "two columns have the same name"),
        ("time,x\nyesterday,1\n", "not a date and time"),
        ("key,value\na/b,soon\n", "not a number"),
    ],
)
def test_a_csv_that_cannot_be_read_says_where(tmp_path, text, reason):
    (tmp_path / "x.csv").write_text(text)
    assert reason in refused(tmp_path / "x.csv")


def written(tmp_path, text, **options):
    (tmp_path / "x.csv").write_text(text)
    return interop.read(tmp_path / "x.csv", plain=interop.TableHints(**options))


def test_roles_are_told_by_words_in_the_names_of_columns(tmp_path):
    text = "push_timestamp;git_revision;note;runtime\n1700000000;abc;fine;5\n1700000000000;def;;6\n"
    first, second = written(tmp_path, text)
    assert (first.commit, second.commit) == ("abc", "def")
    assert first.at == second.at
    assert first.at.isoformat() == "2023-11-14T22:13:20+00:00"
    assert [item.name for item in first.benchmarks] == ["runtime"]


def test_roles_can_be_named(tmp_path):
    text = "when,what,who,x,y\n2024-01-01,abc,me,1,2\n"
    (found,) = written(tmp_path, text, columns={"time": "when", "commit": "what", "value": "y"})
    assert found.commit == "abc"
    assert found.at.year == 2024
    assert [item.name for item in found.benchmarks] == ["y"]
    with pytest.raises(UserError, match="no such column"):
        written(tmp_path, text, columns={"commit": "none"})
    with pytest.raises(UserError, match="a column is one of"):
        written(tmp_path, text, columns={"colour": "x"})


def test_a_time_that_was_measured_is_no_date(tmp_path):
    (found,) = written(tmp_path, "commit,run_time,time_ms\nabc,5,7\n")
    assert found.at is None
    assert [(item.name, item.unit) for item in found.benchmarks] == [("run_time", ""), ("time_ms", "s")]


@pytest.mark.parametrize(
    ("text", "date"),
    [("20240101", "2024-01-01"), ("1700000000.5", "2023-11-14"), ("2024/03/01", "2024-03-01"), ("²", None)],
)
def test_dates_as_people_write_them(tmp_path, text, date):
    if date is None:
        with pytest.raises(UserError, match="not a date"):
            written(tmp_path, f"when,x\n{text},1\n", columns={"time": "when"})
    else:
        (found,) = written(tmp_path, f"date,x\n{text},1\n")
        assert found.at.date().isoformat() == date


def test_rows_of_somebody_else_are_rounds_of_one_process(tmp_path):
    """The planted mistake: a hundred rows taken for a hundred processes."""
    rows = "".join(f"a,load,{5 + number / 10}\n" for number in range(100))
    (found,) = written(tmp_path, f"commit,benchmark,value\n{rows}", unit="ms")
    assert len(found.benchmarks[0].processes) == 1
    assert len(found.benchmarks[0].processes[0]) == 100
    assert found.benchmarks[0].processes[0][0] == pytest.approx(0.005)


@pytest.mark.parametrize("header", ["command,mean,min", "Name,Median,Max", "key,value_s,low_s"])
def test_rows_that_are_named_are_no_history_of_one_series(tmp_path, header):
    with pytest.raises(UserError, match="--column value="):
        written(tmp_path, f"{header}\nsleep,1,2\nls,3,4\n")
    name = header.split(",")[1]
    (found,) = written(tmp_path, f"{header}\nsleep,1,2\nls,3,4\n", columns={"value": name})
    assert [item.processes for item in found.benchmarks] == [((1.0,),), ((3.0,),)]


def test_a_table_with_dates_for_an_index_keeps_them(tmp_path):
    frame = pd.DataFrame({"x_s": [1.0, 2.0]}, index=pd.Index(["2024-01-01", "2024-01-02"], name="date"))
    frame.to_parquet(tmp_path / "x.parquet")
    found = interop.read(tmp_path / "x.parquet")
    assert [each.at.day for each in found] == [1, 2]


def test_a_run_of_ours_is_no_file_of_another_tool(tmp_path):
    """The planted mistake: a run's own blocks read as a history of total_ns."""
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "blocks.parquet").write_bytes(b"")
    assert "a run of coursebench" in refused(tmp_path)
    assert "a run of coursebench" in refused(tmp_path / "blocks.parquet")


def test_a_value_that_is_not_above_0_is_left_out_with_its_reason(tmp_path):
    found = written(tmp_path, "commit,x\na,1\nb,0\nc,-2\nd,\n")
    assert execution.reasons(found) == {"its value is 0": 1, "its value is -2": 1, "no value": 1}
    assert execution.points(found)["commit"].tolist() == ["a"]


def test_a_row_a_value_with_names_of_somebody_else(tmp_path):
    first, second = written(tmp_path, "commit,name,value,unit\na,load it,2,ms\na,save,3,MB\nb,load it,4,ms\n")
    assert [(item.name, item.processes, item.unit) for item in first.benchmarks] == [
        ("load it", ((0.002,),), "s"),
        ("save", ((3.0,),), "MB"),
    ]
    assert second.commit == "b"


# --- refusals -------------------------------------------------------------------------------------------------------


def test_a_path_that_is_not_there_or_of_no_kind_is_refused(tmp_path):
    assert "is not there" in refused(tmp_path / "none.json")
    (tmp_path / "x.json").write_text("{}")
    assert "--from" in refused(tmp_path / "x.json")
    assert "no format 'excel'" in refused(tmp_path / "x.json", tool="excel")
    (tmp_path / "empty").mkdir()
    assert "holds no file" in refused(tmp_path / "empty")


@pytest.mark.parametrize("tool", ["pytest-benchmark", "pyperf", "asv"])
@pytest.mark.parametrize(
    ("text", "reason"), [("{", "not JSON"), ("[]", "an object"), ("{}", "has no '"), ("[" * 100_000, "not JSON")]
)
def test_a_file_of_another_kind_is_refused(tmp_path, tool, text, reason):
    (tmp_path / "x.json").write_text(text)
    assert reason in refused(tmp_path / "x.json", tool=tool)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00\x01")
    assert "not text" in refused(tmp_path / "x.csv")


def test_what_is_wrong_is_named_with_its_place(tmp_path):
    content = json.loads((DATA / "pytest_benchmark/lagom_cpython310.json").read_text())
    content["benchmarks"][2]["stats"]["median"] = "soon"
    (tmp_path / "x.json").write_text(json.dumps(content))
    assert refused(tmp_path / "x.json").endswith("benchmarks[2].stats.median should be a finite number, but is 'soon'")


def test_a_name_has_one_key_whatever_stands_beside_it():
    """The planted mistake: a digest only where two names of one file meet."""
    keys = [execution.key("pyperf", name) for name in ("[1,2]*1000", "(1,2)*1000", "[1;2]*1000")]
    assert len(set(keys)) == 3
    made = execution.unambiguous([execution.Benchmark(str(number), key) for number, key in enumerate(keys)])
    assert [item.key for item in made] == keys


def test_names_that_differ_only_in_what_sets_words_apart_are_told_apart():
    made = execution.unambiguous([execution.Benchmark(name, execution.key("x", name)) for name in ("a b", "a.b", "c")])
    assert len({item.key for item in made}) == 3
    assert made[2].key == execution.key("x", "c")


def test_one_name_twice_is_refused():
    with pytest.raises(UserError, match="twice"):
        execution.unambiguous([execution.Benchmark("a", execution.key("x", "a"))] * 2)


@pytest.mark.parametrize("text", ["nan", "inf", "1e5", "007", "True", "x y", "", "ü", "1_000", "a=b", "-0", "1.50"])
def test_a_value_survives_its_way_through_a_key(text):
    key = execution.key("f", "n", {"param": execution.value(text)})
    assert Case.from_key(key).key == key
