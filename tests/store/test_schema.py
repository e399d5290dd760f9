"""The shape of the tables and its version."""

from __future__ import annotations

import dataclasses

import pytest

from bench.records import Block, CaseLaunch, UserError
from bench.series import Series
from bench.store import schema


def test_a_column_for_every_field_in_its_order() -> None:
    assert list(schema.BLOCKS) == [item.name for item in dataclasses.fields(Block)]
    assert list(schema.LAUNCHES) == [item.name for item in dataclasses.fields(CaseLaunch)]


def test_mappings_are_text() -> None:
    assert set(schema.NESTED) == {
        *("steps", "work", "quality", "no_clock", "counters", "seconds", "condition", "break_reasons"),
        *("changed_settings", "step_facts"),
    }
    assert {schema.LAUNCHES[name] for name in schema.NESTED} == {"string"}


def test_what_is_by_series_is_told_by_its_name_and_read_back() -> None:
    assert set(schema.BY_SERIES) == {"steps", "no_clock"}
    record = CaseLaunch("a/b", 0, steps={Series("to:host", "wall"): 3}, no_clock={Series("step", "device"): "no"})
    told = schema.plain(record)
    assert (told["steps"], told["no_clock"]) == ({"to:host:wall": 3}, {"step:device": "no"})
    assert schema.launch_of(told) == record
    with pytest.raises(ValueError, match="names no phase and clock"):
        schema.launch_of({**told, "steps": {"step": 3}})


def test_what_an_older_version_did_not_write_has_a_value_that_stands_for_it() -> None:
    old = [name for name in schema.LAUNCHES if name not in ("side", "condition", "throttled_blocks")]
    assert schema.missing(old, schema.LAUNCHES) == {"side": "", "condition": "{}", "throttled_blocks": 0}
    assert schema.missing(schema.BLOCKS, schema.BLOCKS) == {}


def test_a_run_of_this_version_from_before_has_no_facts_of_steps() -> None:
    old = [name for name in schema.LAUNCHES if name != "step_facts"]
    assert schema.missing(old, schema.LAUNCHES) == {"step_facts": "{}"}
    plain = schema.plain(CaseLaunch("a/b", 0))
    del plain["step_facts"]
    assert schema.launch_of(plain).step_facts == {}


def test_a_number_that_may_be_missing_is_nullable() -> None:
    assert schema.LAUNCHES["first_call_ns"] == "Int64"
    assert schema.LAUNCHES["foreign_load"] == "Float64"
    assert schema.LAUNCHES["steady"] == "boolean"


def test_identities_are_columns() -> None:
    assert set(schema.BLOCK_IDENTITY) <= set(schema.BLOCKS)
    assert set(schema.LAUNCH_IDENTITY) <= set(schema.LAUNCHES)


def test_a_newer_version_is_refused_and_both_versions_are_named() -> None:
    newer = schema.VERSION + 1
    named = rf"run\.json has schema {newer}; this coursebench reads up to {schema.VERSION}\. Update"
    with pytest.raises(UserError, match=named):
        schema.refuse_newer(newer, "run.json")


def test_this_version_and_older_ones_are_taken() -> None:
    for version in range(1, schema.VERSION + 1):
        schema.refuse_newer(version, "run.json")


@pytest.mark.parametrize("version", [None, "1", 1.0, []])
def test_a_run_without_a_version_is_none_of_ours(version: object) -> None:
    with pytest.raises(UserError, match="states no schema version"):
        schema.refuse_newer(version, "run.json")
