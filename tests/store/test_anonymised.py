"""A run as others may read it."""

import json

import pandas as pd
import pytest

from bench.records import CaseLaunch, UserError
from bench.store import (
    anonymised,
    journal,
    runs,
    schema,
    tables,
)
from tests.store.conftest import KEY, visit_of, write_down

PATHS = {
    "command": "bench run -p lecture -o /home/ann/out/r1",
    "plan": [
        {"key": KEY, "source": {"path": "/home/ann/course/workloads/matmul.py", "dotted": "workloads.matmul"}},
        {"key": "mine/own", "source": {"path": "/home/ann/mine.py", "dotted": None}},
    ],
    "code": {"/home/ann/course/bench/measure/timing/one_core.py": "a1", "/home/ann/mine.py": "b2"},
    "environment": {"environment": {"CUDA_HOME": "/usr/local/cuda"}, "torch": {"build": "see https://pytorch.org/a/b"}},
}


@pytest.fixture
def sealed(tmp_path):
    folder = tmp_path / "run"
    runs.create(folder, {"schema": schema.VERSION, "run": "run", "status": "complete", "sessions": [], **PATHS})
    book = journal.Journal(folder)
    book.session({"started": "2026-11-01T10:00:00", "cases": 1})
    write_down(book, CaseLaunch(KEY, 0, "1", outcome="failed", reason="no file /home/ann/data.bin"), [visit_of()])
    book.close()
    tables.seal(tables.read(folder), {"status": "complete"})
    return folder


def test_no_path_of_the_machine_is_in_the_copy_and_every_number_is(sealed, tmp_path):
    anonymised.copy(tables.read(sealed), tmp_path / "copy")
    copied, own = tables.read(tmp_path / "copy"), tables.read(sealed)
    assert "/home" not in json.dumps(copied.run) + copied.launches.to_csv()
    pd.testing.assert_frame_equal(copied.blocks, own.blocks)
    assert copied.launches["reason"].tolist() == ["no file data.bin"]


def test_a_file_of_a_tree_keeps_its_place_in_it_and_any_other_its_name():
    told = anonymised.shareable(PATHS)
    assert told["command"] == "bench run -p lecture -o r1"
    assert [item["source"]["path"] for item in told["plan"]] == ["workloads/matmul.py", "mine.py"]
    assert told["code"] == {"bench/measure/timing/one_core.py": "a1", "mine.py": "b2"}
    assert told["environment"]["environment"] == {"CUDA_HOME": "cuda"}
    assert told["environment"]["torch"]["build"] == "see https://pytorch.org/a/b"


def test_files_of_one_name_in_an_installed_harness_stay_apart():
    harness = "/usr/lib/python3.11/site-packages/bench"
    names = ("records.py", "measure/__init__.py", "measure/timing/__init__.py")
    code = {f"{harness}/{name}": name for name in names} | {"/home/ann/mine.py": "b2"}
    told = anonymised.shareable({"plan": [], "code": code})
    assert told["code"] == {f"bench/{name}": name for name in names} | {"mine.py": "b2"}


def test_a_run_that_is_still_measured_is_not_copied(folder, book, tmp_path):
    with pytest.raises(UserError, match="is not sealed"):
        anonymised.copy(tables.read(folder), tmp_path / "copy")


def test_a_folder_that_holds_something_is_left_alone(sealed, tmp_path):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "kept").write_text("mine")
    with pytest.raises(UserError, match="not empty"):
        anonymised.copy(tables.read(sealed), tmp_path / "copy")
