"""The JSON of a gate is as its schema says: that of made-up verdicts, and that of recorded pairs."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import bench.present
from bench.jobs.gate_job import gate
from bench.present.tables import gate_report
from bench.stats.gate_policy import FAIL_ON, Acknowledged, CaseNumbers, GatePolicy, IgnoredCases
from tests import recordings
from tests.present.tables.test_gate_report import ALL, GREW, KEY, RUN, case, judged

SCHEMA = json.loads(Path(bench.present.__file__).with_name("gate.schema.json").read_text())
CHECKED = jsonschema.Draft202012Validator(SCHEMA)

POLICY = GatePolicy(
    fail_on=FAIL_ON, metric_slack={"host_memory": 0.1}, cases=(CaseNumbers("a/*", 0.1),),
    ignored=(IgnoredCases("b/*", "x"),), acknowledged=(Acknowledged("c/*", "y", ("time",), "2099-01-31"),),
)  # fmt: skip


def faults(text):
    return [f"{error.json_path}: {error.message}" for error in CHECKED.iter_errors(json.loads(text))]


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "found",
    [
        ALL,
        judged(case(KEY, "not_slower", 1.0), failures=(GREW,), policy=POLICY),
        judged(case(KEY, "machine_unfit", 1.2), fired=True),
        judged(case(KEY, "not_resolved", None, pairs=0), could_not_fail=True),
    ],
)
def test_made_up_verdicts_are_as_it_says(found):
    assert faults(gate_report.as_json(found, RUN, [{"key": KEY}], 1)) == []


def test_a_recorded_gate_is_as_it_says_and_names_every_property(tmp_path):
    found = gate(replay=recordings.copied("gate", tmp_path / "gate"))
    text = found.json()
    assert faults(text) == []
    told = json.loads(text)
    assert set(told) == set(SCHEMA["properties"])
    assert set(told["cases"][0]) == set(SCHEMA["$defs"]["case"]["properties"])
    assert told["exit_code"] == found.exit_code() == 1
    assert told["failures"][0]["metric"] == "time"


def test_every_property_is_explained_or_named_by_its_type():
    assert all("description" in each or "$ref" in each for each in SCHEMA["properties"].values())


@pytest.mark.parametrize("spoil", [{"verdict": "slower"}, {"exit_code": "1"}, {"cases": [{}]}, {"schema": 1}])
def test_what_is_otherwise_is_found(spoil):
    """The planted mistake: a schema that takes anything."""
    assert faults(json.dumps({**json.loads(gate_report.as_json(ALL, RUN)), **spoil}))


def test_the_version_is_that_of_the_program():
    assert SCHEMA["properties"]["schema"]["const"] == gate_report.SCHEMA
