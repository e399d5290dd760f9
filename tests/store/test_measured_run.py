"""The tables of a run that was really measured: an eager case, a scripted one, a wrong one and one that crashed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.store import anonymised, runs, schema, tables
from tests.measured import OUTCOMES


@pytest.fixture(scope="module")
def data(measured_run):
    return tables.read(measured_run.folder)


def test_its_columns_have_the_names_and_types_of_the_schema(data):
    assert dict(data.blocks.dtypes.astype(str)) == dict(schema.BLOCKS)
    assert dict(data.launches.dtypes.astype(str)) == dict(schema.LAUNCHES)


def test_every_case_has_an_outcome_and_each_launch_of_a_good_one_whole_visits(data):
    last = data.launches.groupby("key")["outcome"].last()
    assert last.value_counts().to_dict() == OUTCOMES
    kept = data.blocks[data.blocks["kept"] & (data.blocks["phase"] == "step")]
    assert set(kept["key"]) == set(last.index[last == "ok"])
    # A launch has as many visits as tell more than another one would, of about the blocks of the settings.
    by_visit = kept.groupby(["key", "launch", "visit"]).size()
    assert by_visit.min() >= data.run["settings"]["blocks"] - 2  # one more or fewer is drawn, and the first is left out
    visits = kept.groupby(["key", "launch"])["visit"]
    assert (visits.nunique() == visits.max() + 1).all()
    assert (kept.groupby("key")["steps"].nunique() == 1).all()
    assert (kept["total_ns"] > 0).all()


def test_a_worker_that_died_took_no_launch_of_another_case_with_it(data):
    launches = data.launches.set_index("key")
    crashed = launches[launches["outcome"] == "crashed"]
    assert set(crashed["reason"]) == {"the worker exited with code 3"}
    good = data.launches[data.launches["outcome"] == "ok"]
    assert (good.groupby("key")["launch"].nunique() == data.run["settings"]["launches"]).all()


def test_what_is_read_and_sealed_again_is_the_same(data, tmp_path):
    runs.create(tmp_path / "again", dict(data.run))
    tables.seal(replace(data, folder=tmp_path / "again"), {})
    again = tables.read(tmp_path / "again")
    assert again.blocks.equals(data.blocks)
    assert again.launches.equals(data.launches)


def test_a_copy_for_others_has_the_same_numbers_and_no_path(data, tmp_path):
    anonymised.copy(data, tmp_path / "copy")
    assert tables.read(tmp_path / "copy").blocks.equals(data.blocks)
    assert '"/' not in (tmp_path / "copy" / "run.json").read_text()
