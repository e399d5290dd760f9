"""Profiles on the disk: what is written comes back, and no other command takes one for a run of cases."""

import json

import pandas as pd
import pytest

from bench.records import UserError
from bench.store import profiles, runs, schema, tables
from tests.analyse.as_frames import estimates_frame
from tests.analyse.profiles.told import told

OPERATOR = {
    "name": "aten::mm",
    "kind": "operator",
    "shapes": "[[8, 8]]",
    "dtypes": "float32",
    "calls": 200,
    "self_ns": 10,
    "total_ns": 20,
    "device_self_ns": 0,
    "device_total_ns": 0,
    "host_bytes": 64,
    "device_bytes": 0,
}
RUN = {"schema": schema.VERSION, "run": "20261126T120000Z-00000000", "machine": "m", "plan": [], "status": "complete"}


@pytest.fixture
def written(tmp_path):
    trace = tmp_path / "made.json.gz"
    trace.write_bytes(b"a trace")
    rows = [{"us": 0, "bytes": 512, "place": "mine.py:3 step"}, {"us": 4, "bytes": -512, "place": ""}]
    history = {"steps": 2, "before": 100, "lost": False, "rows": rows}
    told_ = told({"operators": 9, "python": 1}, history=history)
    stacks = profiles.stack_rows([("main", ("step (mine.py)", "mm (torch/functional.py)"), 3, 6_000_000)])
    found = {**told_, "operators": [OPERATOR], "kernels": [], "stacks": stacks}
    folder = tmp_path / "results" / "p"
    profiles.write(folder, {**RUN, "profile": {"key": told_["key"], "rung": "py-spy"}}, found, trace)
    return folder


def test_what_is_written_comes_back(written):
    found = profiles.read(written)
    assert found.operators.to_dict("records") == [OPERATOR]
    assert found.allocations["bytes"].tolist() == [512, -512]
    assert (found.told["rung"], found.told["blocks"]) == ("py-spy", 20)
    assert found.told["history"] == {"steps": 2, "before": 100, "lost": False}
    assert (written / profiles.TRACE).read_bytes() == b"a trace"
    assert found.stacks["stack"].tolist() == ["step (mine.py);mm (torch/functional.py)"]


def test_a_table_that_an_older_coursebench_wrote_is_refused(written):
    path = written / "operators.parquet"
    pd.read_parquet(path).drop(columns="dtypes").to_parquet(path)
    with pytest.raises(UserError, match="has no column 'dtypes': an older coursebench made this profile"):
        profiles.read(written)


def test_tables_are_files_of_their_own_and_not_in_the_json(written):
    assert not {"operators", "kernels", "allocations"} & set(json.loads((written / "run.json").read_text())["profile"])


def test_an_empty_table_keeps_its_columns(written):
    assert list(profiles.read(written).kernels.columns) == list(profiles.TABLES["kernels"])


def test_a_folder_that_holds_something_is_refused(written, tmp_path):
    with pytest.raises(UserError, match="not empty"):
        profiles.write(written, RUN, {}, tmp_path / "made.json.gz")


def test_a_damaged_table_is_named(written):
    (written / "operators.parquet").write_bytes(b"rubbish")
    with pytest.raises(UserError, match=r"operators\.parquet is damaged"):
        profiles.read(written)


def test_a_run_of_cases_is_no_profile(tmp_path):
    runs.create(tmp_path / "r", RUN)
    with pytest.raises(UserError, match="is not a profile"):
        profiles.read(tmp_path / "r")


def test_a_profile_is_no_run_of_cases_and_names_the_command_that_reads_it(written):
    with pytest.raises(UserError, match="bench profile --from"):
        estimates_frame(tables.read(written))


def test_a_profile_is_not_the_latest_run(written):
    with pytest.raises(UserError, match="no run in"):
        runs.locate(None, written.parent)


def test_the_latest_profile_of_each_case_and_machine_is_found(tmp_path):
    for folder, run, machine, key in (
        ("a", "20261126T120000Z-00000000", "m1", "x/y"),
        ("b", "20261127T120000Z-00000000", "m1", "x/y"),
        ("c", "20261126T120000Z-00000001", "m2", "x/y"),
    ):
        (tmp_path / folder).mkdir()
        runs.write(tmp_path / folder, {**RUN, "run": run, "fingerprint": machine, "profile": {"key": key}})
        (tmp_path / folder / profiles.PAGE).write_text("a page")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / profiles.PAGE).write_text("a page")
    found = profiles.by_case(tmp_path)
    assert {who: path.parent.name for who, path in found.items()} == {("m1", "x/y"): "b", ("m2", "x/y"): "c"}
