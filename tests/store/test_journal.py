"""The journal: what a run knows so far, and what survives a killed writer."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from bench.records import Block, BlockPair, CaseLaunch, UserError
from bench.series import Series
from bench.store import journal
from tests.store.conftest import KEY, OTHER, block, lines_of, visit_of, write_down


def cut(folder: Path, characters: int) -> None:
    """Take characters off the end of the journal, as a writer killed in the middle of a line leaves it."""
    path = folder / journal.NAME
    path.write_bytes(path.read_bytes()[:-characters])


def damage(folder: Path, number: int, line: bytes) -> None:
    """Put something else in the place of a line, counted from 1."""
    path = folder / journal.NAME
    lines = path.read_bytes().splitlines(keepends=True)
    lines[number - 1] = line + b"\n"
    path.write_bytes(b"".join(lines))


# --- reading back ---------------------------------------------------------------------------------------------------


def test_what_was_written_down_is_read_back(folder: Path, book: journal.Journal) -> None:
    record = CaseLaunch(
        KEY, 0, "1", reason="ß", steps={Series("step", "wall"): 100}, steady=True, work={"flops": 2, "unit": "ß"}
    )
    visits = [visit_of(visit=0), visit_of(visit=1)]
    write_down(book, record, visits)
    pages = journal.read(folder)
    assert pages.launches == [record]
    assert pages.blocks == [*visits[0], *visits[1]]
    assert pages.problems == []


LINES_OF_OLD = """\
{"kind": "session", "at_s": 0.0, "started": "2026-11-01T10:00:00", "cases": 1}
{"kind": "visit", "at_s": 1.5, "process": "p", "blocks": [["a/b[x=1]", 0, 1, "to_device", "latency", 2, true,\
 9, 7, ""]]}
{"kind": "launch", "at_s": 2.0, "record": {"key": "a/b[x=1]", "launch": 0, "process": "p", "outcome": "ok",\
 "steps": {"step:wall": 100, "to_device:latency": 9}, "no_clock": {"step:device": "it synchronises"}}}
{"kind": "pair", "at_s": 2.5, "couples": [["a/b[x=1]", 3, "head", "wall", 5, "base", 10, 1000, 1100, 1, false]]}
"""


def test_a_journal_whose_rows_are_lists_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / journal.NAME).write_text(LINES_OF_OLD)
    contents = journal.read(tmp_path)
    assert contents.problems == []
    assert contents.blocks == [Block("a/b[x=1]", 0, 1, "to_device", "latency", 2, True, 9, 7)]
    assert contents.block_pairs == [BlockPair("a/b[x=1]", 3, "head", "wall", 5, "base", 10, 1000, 1100, 1)]
    (launch,) = contents.launches
    assert launch.steps == {Series("step", "wall"): 100, Series("to_device", "latency"): 9}
    assert launch.no_clock == {Series("step", "device"): "it synchronises"}


def test_rows_name_their_fields_and_series_are_text(folder: Path, book: journal.Journal) -> None:
    steps, no_clock = {Series("step", "wall"): 100}, {Series("step", "device"): "it synchronises"}
    write_down(book, CaseLaunch(KEY, 0, "1", steps=steps, no_clock=no_clock), [[block(index=3)]])
    _, visit, launch = lines_of(folder)
    assert visit["rows"] == [dataclasses.asdict(block(index=3))]
    assert launch["record"]["steps"] == {"step:wall": 100}
    assert launch["record"]["no_clock"] == {"step:device": "it synchronises"}


def test_a_line_is_on_the_disk_before_the_next_is_measured(folder: Path, book: journal.Journal) -> None:
    book.visit("1", visit_of())
    assert [line["kind"] for line in lines_of(folder)] == ["session", "visit"]


def test_a_folder_without_a_journal_has_empty_pages(tmp_path: Path) -> None:
    assert journal.read(tmp_path) == journal.JournalContents()


def test_appending_goes_on_behind_what_is_there(folder: Path, book: journal.Journal) -> None:
    book.launch(CaseLaunch(KEY, 0))
    book.close()
    again = journal.Journal(folder)
    again.launch(CaseLaunch(KEY, 1))
    again.close()
    assert [record.launch for record in journal.read(folder).launches] == [0, 1]


def test_a_session_ends_with_what_it_spent(folder: Path, book: journal.Journal) -> None:
    book.spent({"ended": "later", "spawn_s": 1.5})
    (session,) = journal.read(folder).sessions
    assert session["started"] == "2026-11-01T10:00:00"
    assert session["spawn_s"] == 1.5


def test_a_session_that_was_killed_lasted_until_its_last_line(folder: Path, book: journal.Journal) -> None:
    book.launch(CaseLaunch(KEY, 0))
    assert journal.read(folder).sessions[0]["wall_s"] == lines_of(folder)[-1]["at_s"]


def test_each_session_has_its_own_time(folder: Path, book: journal.Journal) -> None:
    book.close()
    path = folder / journal.NAME
    path.write_text('{"kind":"session","at_s":0.0,"started":"a"}\n{"kind":"spent","at_s":9.5}\n')
    with path.open("a") as file:
        file.write('{"kind":"session","at_s":0.0,"started":"b"}\n{"kind":"spent","at_s":2.5}\n')
    assert [session["wall_s"] for session in journal.read(folder).sessions] == [9.5, 2.5]


# --- who counts -----------------------------------------------------------------------------------------------------


def test_visits_of_a_process_that_did_not_finish_the_case_do_not_count(folder: Path, book: journal.Journal) -> None:
    book.visit("killed", [block(total_ns=999)])
    write_down(book, CaseLaunch(KEY, 0, "second"), [[block(total_ns=111)]])
    assert [item.total_ns for item in journal.read(folder).blocks] == [111]


def test_visits_of_a_launch_that_did_not_end_do_not_count(folder: Path, book: journal.Journal) -> None:
    book.visit("1", visit_of())
    assert journal.read(folder).blocks == []


def test_a_launch_that_was_finished_twice_counts_once(folder: Path, book: journal.Journal) -> None:
    write_down(book, CaseLaunch(KEY, 0, "first", reason="old"), [[block(total_ns=111)]])
    write_down(book, CaseLaunch(KEY, 0, "second", reason="new"), [[block(total_ns=222)]])
    pages = journal.read(folder)
    assert [record.reason for record in pages.launches] == ["new"]
    assert [item.total_ns for item in pages.blocks] == [222]


def test_launches_of_other_cases_and_numbers_are_kept_apart(folder: Path, book: journal.Journal) -> None:
    for key, launch in [(KEY, 0), (KEY, 1), (OTHER, 0)]:
        write_down(book, CaseLaunch(key, launch, "1"), [visit_of(key, launch)])
    pages = journal.read(folder)
    assert [(record.key, record.launch) for record in pages.launches] == [(KEY, 0), (KEY, 1), (OTHER, 0)]
    assert len(pages.blocks) == 9


# --- damage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("characters", [2, 10, 60])
def test_half_a_last_line_costs_only_itself(folder: Path, book: journal.Journal, characters: int) -> None:
    book.launch(CaseLaunch(KEY, 0))
    book.launch(CaseLaunch(KEY, 1))
    cut(folder, characters)
    pages = journal.read(folder)
    assert [record.launch for record in pages.launches] == [0]
    assert len(pages.problems) == 1


def test_a_last_line_that_lacks_but_its_newline_is_whole(folder: Path, book: journal.Journal) -> None:
    book.launch(CaseLaunch(KEY, 0))
    cut(folder, 1)
    pages = journal.read(folder)
    assert [record.launch for record in pages.launches] == [0]
    assert pages.problems == []


@pytest.mark.parametrize("characters", [1, 2, 60])
def test_what_is_appended_behind_half_a_line_is_intact(folder: Path, book: journal.Journal, characters: int) -> None:
    book.launch(CaseLaunch(KEY, 0))
    book.close()
    cut(folder, characters)
    again = journal.Journal(folder)
    again.session({"started": "again"})
    again.launch(CaseLaunch(KEY, 1))
    again.close()
    pages = journal.read(folder)
    assert 1 in [record.launch for record in pages.launches]
    assert [session["started"] for session in pages.sessions][-1] == "again"
    assert len(pages.problems) == (characters > 1)


@pytest.mark.parametrize(
    "line",
    [
        b"\x00\x00\x00",
        b"half of",
        b"[]",
        b"3",
        b"null",
        b'"text"',
        b"{}",
        b'{"kind":"visit","at_s":1}',
        b'{"kind":"visit","at_s":1,"process":"1","blocks":[[1,2]]}',
        b'{"kind":"visit","at_s":"soon","process":"1","blocks":[]}',
        b'{"kind":"launch","at_s":1,"record":{"key":"a/b"}}',
        b'{"kind":"launch","at_s":1,"record":{"key":"a/b","launch":0,"mood":1}}',
        b'{"kind":"launch","at_s":1,"record":7}',
        b'{"kind":"launch","record":{"key":"a/b","launch":0}}',
    ],
)
def test_a_damaged_line_is_named_and_the_rest_is_read(folder: Path, book: journal.Journal, line: bytes) -> None:
    for launch in range(3):
        book.launch(CaseLaunch(KEY, launch))
    damage(folder, 3, line)  # the second launch: the first line is the session
    pages = journal.read(folder)
    assert [record.launch for record in pages.launches] == [0, 2]
    assert pages.problems == [f"{folder / journal.NAME}:3: not a line of a journal, passed over"]


def test_a_cost_without_its_session_is_named(folder: Path, book: journal.Journal) -> None:
    book.spent({"ended": "later"})
    damage(folder, 1, b"")
    pages = journal.read(folder)
    assert pages.sessions == []
    assert len(pages.problems) == 1


def test_a_byte_that_is_no_text_damages_its_line(folder: Path, book: journal.Journal) -> None:
    book.launch(CaseLaunch(KEY, 0))
    book.launch(CaseLaunch(KEY, 1))
    path = folder / journal.NAME
    path.write_bytes(path.read_bytes().replace(b"matmul", b"mat\xfful", 1))
    pages = journal.read(folder)
    assert [(record.key, record.launch) for record in pages.launches] == [(KEY, 1)]
    assert len(pages.problems) == 1


def test_a_visit_with_one_bad_row_is_passed_over_as_a_whole(folder: Path, book: journal.Journal) -> None:
    book.visit("1", visit_of())
    book.launch(CaseLaunch(KEY, 0, "1"))
    body = json.loads((folder / journal.NAME).read_text().splitlines()[1])
    body["rows"][1]["mood"] = "good"
    damage(folder, 2, json.dumps(body).encode())
    pages = journal.read(folder)
    assert len(pages.problems) == 1
    assert pages.blocks == []


# --- the lock -------------------------------------------------------------------------------------------------------


def test_one_process_measures_a_run(folder: Path, book: journal.Journal) -> None:
    with pytest.raises(UserError, match="is being measured by another process"):
        journal.Journal(folder)


def test_a_refused_second_writer_leaves_the_journal_as_it_was(folder: Path, book: journal.Journal) -> None:
    book.launch(CaseLaunch(KEY, 0))
    before = (folder / journal.NAME).read_bytes()
    with pytest.raises(UserError):
        journal.Journal(folder)
    book.launch(CaseLaunch(KEY, 1))
    assert (folder / journal.NAME).read_bytes().startswith(before)
    assert len(journal.read(folder).launches) == 2


def test_a_closed_journal_gives_its_lock_back(folder: Path, book: journal.Journal) -> None:
    book.close()
    journal.Journal(folder).close()


def test_a_journal_that_is_being_written_can_be_read(folder: Path, book: journal.Journal) -> None:
    book.launch(CaseLaunch(KEY, 0))
    assert journal.read(folder).launches == [CaseLaunch(KEY, 0)]


def test_every_field_of_a_launch_survives(folder: Path, book: journal.Journal) -> None:
    # Another value than the default for every field, so that one that is dropped shows.
    given: dict[str, Any] = {"str": "x", "int": 7, "int | None": 7, "float | None": 0.5, "bool | None": False}
    given |= {
        "Mapping[Series, int]": {Series("half", "wall"): 7},
        "Mapping[Series, str]": {Series("step", "device"): "x"},
    }
    record = CaseLaunch(**{f.name: given.get(str(f.type), {"x": 1}) for f in dataclasses.fields(CaseLaunch)})
    book.launch(record)
    assert journal.read(folder).launches == [record]
