"""Profile pairs on the disk: what is written comes back, and what is damaged is named."""

import json

import pytest

from bench.records import UserError
from bench.store import profile_pair_tables
from tests.analyse.profiles.pairs_made_up import pairs

MADE = pairs(count=3, owned=({("copies", "aten::copy_", "float32"): 5.0},) * 2, calls=({("aten::mm", ""): 2},) * 2)


def test_what_is_written_comes_back(tmp_path):
    profile_pair_tables.write(tmp_path, MADE.facts, MADE)
    found = profile_pair_tables.read(tmp_path)
    assert (found.sides, found.stacks, found.owned, found.calls) == (MADE.sides, MADE.stacks, MADE.owned, MADE.calls)
    assert found.facts == {"schema": profile_pair_tables.SCHEMA, **MADE.facts}


def test_a_run_without_pairs_has_none(tmp_path):
    assert profile_pair_tables.read(tmp_path) is None


def test_pairs_of_no_case_are_written_all_the_same(tmp_path):
    profile_pair_tables.write(
        tmp_path, {"keys": [], "ended": {"a/b": "crashed"}, "alpha": 0.001}, profile_pair_tables.ProfilePairs()
    )
    assert profile_pair_tables.read(tmp_path).sides == []


def test_a_damaged_table_is_an_error(tmp_path):
    folder = profile_pair_tables.write(tmp_path, MADE.facts, MADE)
    (folder / "stacks.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(UserError, match="explained is damaged and cannot be read"):
        profile_pair_tables.read(tmp_path)


def test_a_newer_schema_is_refused(tmp_path):
    folder = profile_pair_tables.write(tmp_path, MADE.facts, MADE)
    (folder / profile_pair_tables.FACTS).write_text(json.dumps({"schema": 99}))
    with pytest.raises(UserError, match="has schema 99"):
        profile_pair_tables.read(tmp_path)
