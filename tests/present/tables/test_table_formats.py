"""A table in each of its formats."""

import json

import pytest

from bench.present.tables.table_formats import Layout, Table, text_of
from bench.present.tables.terminal_table import Column, TableLine
from bench.records import UserError

NAMES = [Column("name"), Column("size", right=True)]
BELOW = Table([Column("peak")], [{"peak": "launch"}], heading="Peaks of today")
TABLE = Table(
    NAMES,
    [{"name": "a|b", "size": 64, "more": [1]}],
    [
        Layout([Column("name"), Column("size")], [TableLine({"name": "a very long name", "size": "64 rows"})]),
        Layout([Column("name")], [TableLine({"name": "short"})]),
    ],
    caption=["All cases: cpu"],
    notes=["(a) A doubt."],
    then=BELOW,
)


def test_markdown_has_the_heading_above_caption_and_notes_below_and_then_the_next_table() -> None:
    assert text_of(TABLE, "md").splitlines() == [
        "| name | size |", "| --- | ---: |", "| a\\|b | 64 |",
        "", "All cases: cpu", "", "(a) A doubt.", "", "Peaks of today", "", "| peak |", "| --- |", "| launch |",
    ]  # fmt: skip


def test_a_terminal_gets_the_roomiest_layout_that_fits() -> None:
    wide, narrow = text_of(TABLE, "table", width=80).splitlines(), text_of(TABLE, "table", width=20).splitlines()
    assert (wide[0], wide[2].split(), wide[4]) == ("All cases: cpu", ["name", "size"], "a very long name  64 rows")
    assert (narrow[2], narrow[4]) == ("name", "short")
    assert wide[-5:] == ["Peaks of today", "", "peak", "──────", "launch"]


def test_programs_get_the_values_without_caption_notes_and_the_next_table() -> None:
    assert json.loads(text_of(TABLE, "json")) == [{"name": "a|b", "size": 64, "more": [1]}]
    assert text_of(TABLE, "csv") == "name,size\na|b,64\n"


def test_people_read_a_sentence_instead_of_an_empty_table() -> None:
    empty = Table(NAMES, [], empty="Nothing.")
    assert [text_of(empty, format) for format in ("table", "md", "csv", "json")] == [
        "Nothing.\n",
        "Nothing.\n",
        "name,size\n",
        "[]\n",
    ]


def test_another_format_is_refused() -> None:
    with pytest.raises(UserError, match="no format 'xml'"):
        text_of(TABLE, "xml")
