"""Rows as flat records, as pandas frames, and back."""

from __future__ import annotations

import dataclasses
import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.analyse.rows import record, record_reader
from bench.analyse.rows.row import Row
from bench.records import Case, Outcome
from bench.stats.intervals import Interval
from bench.workload import Work
from tests.analyse.rows.made_up_rows import KINDS, of_a_run
from tests.tiers import examples

BARE = Row(Case.of("a/b", {}), "r", "m", "2.13.0", Outcome.OK)


@pytest.mark.parametrize("kind", list(KINDS))
@given(data=st.data())
@settings(max_examples=examples(25), deadline=None)
def test_a_row_is_read_back_from_its_record(kind: str, data: st.DataObject) -> None:
    row = data.draw(KINDS[kind])
    assert record_reader.row_of(record.record(row)) == row


@given(rows=of_a_run())
@settings(max_examples=examples(40), deadline=None)
def test_rows_of_several_kinds_are_read_back_from_their_records_and_from_their_frame(rows: list[Row]) -> None:
    records = record.records(rows)
    assert record_reader.rows_of(records) == rows
    assert record_reader.rows_of_frame(record.frame(rows)) == rows
    assert record.records(record_reader.rows_of_frame(record.frame(rows))) == records


@given(rows=of_a_run())
@settings(max_examples=examples(25), deadline=None)
def test_all_records_have_the_same_columns_in_the_same_order(rows: list[Row]) -> None:
    assert len({tuple(each) for each in record.records(rows, record.SPEEDUP)}) == 1


@given(rows=of_a_run())
@settings(max_examples=examples(25), deadline=None)
def test_numbers_are_floats_in_a_frame_and_axes_of_whole_numbers_stay_whole(rows: list[Row]) -> None:
    frame = record.frame(rows)
    assert {str(frame[name].dtype) for name in record.NUMBERS if name in frame} <= {"float64"}
    if rows[0].verdict is None:  # a verdict has its axes within `params` alone
        for axis in {axis for row in rows for axis in row.params}:
            kinds = {type(row.params[axis]) for row in rows if axis in row.params}
            assert (str(frame[axis].dtype) == "Int64") == (kinds == {int})


def test_a_size_is_no_float_where_another_case_has_none() -> None:
    """The planted mistake: pandas would make 64.0 of it."""
    frame = record.frame([BARE, Row(Case.of("a/b", {"size": 64}), "r", "m", "2.13.0", Outcome.OK)])
    assert frame["size"].tolist() == [pd.NA, 64]


def test_what_a_step_computes_in_has_a_column_where_a_case_declares_it() -> None:
    declared = dataclasses.replace(BARE, work=Work(compute_dtype="bfloat16"))
    assert "compute_dtype" not in record.record(BARE)
    assert [each["compute_dtype"] for each in record.records([BARE, declared])] == [None, "bfloat16"]


def test_columns_that_were_asked_for_are_there_where_no_row_has_them() -> None:
    plain, asked = record.frame([BARE]), record.frame([BARE], record.SPEEDUP, record.BREAK_EVEN)
    assert not {*record.SPEEDUP, *record.BREAK_EVEN} & set(plain)
    assert [name for name in asked if name not in plain] == [*record.BREAK_EVEN, *record.SPEEDUP]
    assert asked["speedup"].isna().all()


def test_findings_come_back_from_json_too() -> None:
    found = [{"check": "drift", "severity": "warning", "message": "slower", "advice": "wait", "later": "unknown"}]
    (finding,) = record_reader.row_of({**record.record(BARE), "findings": json.loads(json.dumps(found))}).findings
    assert (finding.check, finding.advice, finding.case) == ("drift", "wait", "")


def test_an_interval_does_not_take_the_words_of_the_time_s() -> None:
    """The planted mistake: a floor or a first call that says it was made of the launches of the time."""
    time = Interval(1.0, 0.9, 1.1, 6, "order statistics of 6 launches, 96.9 %")
    row = Row(BARE.case, "r", "m", "2.13.0", Outcome.OK, clock="wall", time=time, first_call=time)
    read = record_reader.row_of(record.record(row))
    assert read.time == time
    assert read.first_call == Interval(1.0, 0.9, 1.1, 0, "")


def test_a_record_without_a_key_is_of_no_row() -> None:
    with pytest.raises(KeyError):
        record_reader.row_of({"run": "r"})
