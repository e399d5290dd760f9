"""A gate as continuous integration shows it: what fits, what is escaped, and what is said of what was left out."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bench.analyse.gate.gate_plan import Place
from bench.present.tables import gate_in_ci, gate_report
from tests.present.tables.test_gate_report import ALL, GREW, KEY, case, judged

LINK = "https://example.org/runs/1"


def many(number):
    return judged(*(case(f"a/b[size={place}]", "regressed", 1.1) for place in range(number)))


def test_a_small_comment_is_the_whole_report():
    assert gate_in_ci.comment(ALL).replace("\n", "") == gate_report.markdown(ALL).replace("\n", "")


@pytest.mark.parametrize("number", [1, 500, 3000])
@pytest.mark.parametrize("explained", [(), ("\n" + "why " * 20_000,)])
def test_a_comment_is_never_longer_than_it_may_be_and_says_what_it_lacks(number, explained):
    text = gate_in_ci.comment(many(number), explained, LINK)
    assert len(text) <= 60_000
    assert text.startswith(f"### bench gate: regressed: {number} regressed")
    cut = number > 500 or bool(explained)
    assert text.rstrip().endswith(f"lines are left out here: [the whole result]({LINK}).") == cut
    if cut and number == 3000:
        shown = sum(line.startswith("| a/b") for line in text.splitlines())
        assert 300 < shown < 3000
        assert int(text.rstrip().splitlines()[-1].partition(" ")[0]) >= 3000 - shown


def test_the_length_is_counted_as_the_reader_of_comments_counts_it():
    wide = judged(*(case(f"a/b[name={'𝟘' * 40}{place}]", "regressed", 1.1) for place in range(900)))
    assert len(gate_in_ci.comment(wide).encode("utf-16-le")) <= 2 * 60_000


def test_a_summary_leaves_room_for_what_is_there_already_and_ends_with_a_whole_line():
    text = "".join(f"line {place} ÷\n" for place in range(1000))
    assert gate_in_ci.summary(text, 0) == text
    short = gate_in_ci.summary(text, 900, LINK, most=2000)
    assert len(short.encode()) <= 1100
    assert short.endswith(f"\nThe rest is left out here: [the whole result]({LINK}).\n")
    assert short.splitlines()[-3].endswith("÷")
    assert gate_in_ci.summary(text, 1_000_000, LINK) == ""


def test_a_case_that_regressed_is_marked_on_its_line_and_what_failed_without_one():
    plan = replace(ALL.plan, places={KEY: Place("tests/speed, all.py", 12)})
    found = replace(ALL, plan=plan, failures=(replace(GREW, metric="time"), GREW))
    lines = gate_in_ci.marked_lines(found)
    assert lines[0].startswith(
        "::error file=tests/speed%2C all.py,line=12,title=bench gate%3A regression/train_step[rows=800]::regressed: "
    )
    assert "host_memory of" in lines[1]
    assert lines[2].startswith("::error title=bench gate%3A dataloader/epoch::dataloader/epoch on the head: crashed")
    assert [line.partition(" ")[0] for line in lines[3:]] == ["::warning", "::warning"]


def test_nothing_in_a_message_can_begin_another_command():
    line = gate_in_ci.annotation("error", "100 %\n::set-output name=x::y\r", "a,b::c\n", Place("x\n::y", 1))
    assert "\n" not in line
    assert "\r" not in line
    assert line == (
        "::error file=x%0A%3A%3Ay,line=1,title=bench gate%3A a%2Cb%3A%3Ac%0A::100 %25%0A::set-output name=x::y%0D"
    )


def test_only_as_many_lines_are_marked_as_are_shown_and_the_last_counts_the_rest():
    found = many(30)
    found = replace(found, failures=tuple(replace(GREW, key=each.key) for each in found.cases))
    lines = gate_in_ci.marked_lines(found)
    assert len(lines) == 10
    assert lines[-1].endswith("(20 more)")


@pytest.mark.parametrize(
    ("found", "message", "color"),
    [
        (many(2), "regressed: 2 of 2", "red"),
        (judged(case(KEY, "not_slower", 1.0)), "not slower", "brightgreen"),
        (judged(case(KEY, "not_resolved", 1.0)), "not resolved", "yellow"),
        (judged(case(KEY, "not_resolved", 1.0), could_not_fail=True), "could not fail", "orange"),
        (judged(case(KEY, "machine_unfit", 1.2), fired=True), "machine unfit", "orange"),
    ],
)
def test_a_badge_is_what_the_endpoint_of_shields_reads(found, message, color):
    told = json.loads(gate_in_ci.badge(found))
    assert told == {"schemaVersion": 1, "label": "bench gate", "message": message, "color": color}
