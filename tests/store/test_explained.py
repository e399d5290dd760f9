"""Profile pairs on the disk: what is written comes back, and what is damaged is named."""

import json

import pytest

from bench.records import UserError
from bench.store import explained
from tests.analyse.profiles.pairs_made_up import pairs

MADE = pairs(count=3, owned=({("copies", "aten::copy_", "float32"): 5.0},) * 2, calls=({("aten::mm", ""): 2},) * 2)


def test_what_is_written_comes_back(tmp_path):
    explained.write(tmp_path, MADE.told, MADE)
    found = explained.read(tmp_path)
    assert (found.sides, found.stacks, found.owned, found.calls) == (MADE.sides, MADE.stacks, MADE.owned, MADE.calls)
    assert found.told == {"schema": explained.SCHEMA, **MADE.told}


def test_a_run_without_pairs_has_none(tmp_path):
    assert explained.read(tmp_path) is None


def test_pairs_of_no_case_are_written_all_the_same(tmp_path):
    explained.write(tmp_path, {"keys": [], "ended": {"a/b": "crashed"}, "alpha": 0.001}, explained.Pairs())
    assert explained.read(tmp_path).sides == []


def test_a_damaged_table_is_an_error(tmp_path):
    folder = explained.write(tmp_path, MADE.told, MADE)
    (folder / "stacks.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(UserError, match="explained is damaged and cannot be read"):
        explained.read(tmp_path)


def test_a_newer_schema_is_refused(tmp_path):
    folder = explained.write(tmp_path, MADE.told, MADE)
    (folder / explained.FACTS).write_text(json.dumps({"schema": 99}))
    with pytest.raises(UserError, match="has schema 99"):
        explained.read(tmp_path)
