"""What a difference is made of, as it is read: one table that adds up, and a page."""

import json
import re

import pytest

from bench.analyse.profiles import frame_owner
from bench.analyse.profiles.difference import MOVED, explain
from bench.present.pages import difference_page
from bench.present.tables import difference_table
from tests.analyse.profiles.pairs_made_up import BACKWARD, FORWARD, KEY, LINEAR, STEP, WAIT, pairs

SLOWER = {**STEP, FORWARD: 600.0, LINEAR: 300.0}
RUN = {"coursebench": "0.1.0", "run": "r", "machine": "2-core Example", "created": "2026-11-26T12:00:00Z"}


def made(**more):
    data = pairs(noise=0.005, **{"head": SLOWER, **more})
    return explain(data, KEY), data


def test_the_table_says_what_was_measured_who_it_was_and_what_is_unexplained():
    table = difference_table.rows(made()[0])
    assert [(row["view"], row["what"]) for row in table[:4]] == [
        ("measured", "step"),
        ("code", "Net.forward (mine.py)"),
        ("code", "Linear.forward (torch/nn/modules/linear.py), called in Net.forward (mine.py)"),
        ("code", "unexplained"),
    ]
    shares = [float(row["share"].removesuffix(" %").replace("−", "-")) for row in table[1:4]]
    assert sum(shares) == pytest.approx(100, abs=1.5)
    assert table[2]["share"].startswith("−")
    assert table[2]["difference"].startswith("−")


def test_the_first_line_names_the_case_and_the_cause_with_its_interval():
    line = difference_table.lines(made()[0])[0]
    percent, us = r"\+\d+\.\d %", r"\+\d+ µs"
    assert re.fullmatch(
        rf"Why a/b differs by {percent} \[{percent}, {percent}\]: Net\.forward \(mine\.py\): {us} a step "
        rf"\[{us}, {us}\], \d+ % of the difference\.",
        line,
    )


def test_where_nothing_is_clear_that_is_said():
    assert difference_table.first_words(made(head=STEP)[0]) == "no cause is named: the step does not clearly differ"
    assert difference_table.lines(made(head=STEP)[0])[0].startswith("a/b does not clearly differ, ")


def test_too_few_pairs_are_told_in_place_of_an_interval():
    assert difference_table.rows(made(count=6)[0])[0]["ends"] == "too few pairs"


def test_a_transform_of_the_loader_is_told_as_what_the_steps_wait_for():
    loader = ({"augment (mine.py)": 900.0}, {"augment (mine.py)": 1500.0})
    found, _ = made(base={**STEP, WAIT: 700.0}, head={**STEP, WAIT: 1250.0}, loader=loader)
    assert difference_table.first_words(found).endswith("in 1 worker of the loader, for which the steps wait")
    assert "in the loader's workers" in [row["view"] for row in difference_table.rows(found)]


def test_counts_that_differ_stand_below_the_table():
    calls = ({("aten::mm", "float32"): 3}, {("aten::mm", "float32"): 4})
    found, _ = made(calls=calls, counters=({}, {"graph_breaks": 1}), reasons=({}, {"print at mine.py:3": 1}))
    assert difference_table.lines_below(found)[:2] == [
        "Exactly, in every process: graph breaks 0 → 1 (print at mine.py:3).",
        "Exact counts per step, the same in every pair: aten::mm (float32) 3 → 4.",
    ]
    assert difference_table.first_words(found) == "graph breaks 0 → 1: print at mine.py:3"


def test_over_budget_the_reason_stands_below_and_no_operator_in_the_table():
    owned = {("operators", "aten::mm", "float32"): 500.0}
    found, _ = made(owned=(owned, owned), slower=1.9)
    assert any("1.90 times as long" in line for line in difference_table.lines_below(found))
    assert "operators" not in [row["view"] for row in difference_table.rows(found)]


def test_over_budget_a_program_gets_no_times_of_operators_and_parts_either():
    owned = {("operators", "aten::mm", "float32"): 500.0, ("copies", "aten::copy_", "float32"): 50.0}
    told = difference_table.as_object(made(owned=(owned, owned), slower=1.9)[0])
    assert (told["operators"]["causes"], told["parts"]) == ([], [])


def test_why_nothing_is_told_of_functions_is_said():
    said = difference_table.first_words(made(sampled=(1.5, 1.5))[0])
    assert said == "no cause is named: the sampler makes a step 1.50 times as long"


def test_what_is_on_one_side_only_is_told():
    found, _ = made(head={name.replace("Net.forward", "Net.forward2"): us for name, us in STEP.items()})
    assert any(
        line.startswith("On one side only, and tested together: head: ") for line in difference_table.lines_below(found)
    )


def test_a_program_gets_every_number():
    found = json.loads(json.dumps(difference_table.as_object(made()[0])))
    assert (found["first"], found["pairs"], found["rung"]) == ("Net.forward (mine.py)", 18, "py-spy")
    assert found["dominated_by_rest"] is False
    assert {"name", "within", "base_s", "head_s", "difference_s", "low", "high", "clear"} <= set(found["step"])


def test_a_spreadsheet_gets_a_row_each():
    found = made()[0]
    assert [row["name"] for row in difference_table.flat(found)][:2] == ["step", "Net.forward (mine.py)"]
    assert set(difference_table.FLAT) <= set(difference_table.flat(found)[0])


def test_markdown_has_the_cause_in_bold_and_a_table():
    text = difference_table.markdown(made()[0])
    assert text.startswith("**Why a/b differs by")
    assert "| code | unexplained |" in re.sub(" +", " ", text)


def test_a_terminal_gets_all_of_it():
    text = difference_table.text(made()[0], width=120)
    assert all(len(line) <= 120 for line in text.splitlines())
    assert "18 profile pairs by py-spy" in text


def test_the_page_colours_what_is_clear_and_nothing_else():
    found, data = made()
    text = difference_page.page(
        [found], data, RUN, {"c/d[x=1]": "crashed: c/d: the worker exited"}, {KEY: "regressed: head ÷ base 1.12"}
    )
    assert difference_page.clear_of(found).keys() == {
        ("Net.forward (mine.py)", ""),
        ("Linear.forward (torch/nn/modules/linear.py)", "Net.forward (mine.py)"),
    }
    looks = re.findall(r'<g class="(\w+)', text)
    assert {look for look in looks if look != "grey"} == {"slower3", "faster3"}
    assert "Not explained: crashed: c/d: the worker exited" in text
    assert "regressed: head" in text
    assert not re.findall(r'(?:src|href)="(?!data:|#)', text)


def looks_of(text):
    """By the text of a box of the page's flame graph, how it looks."""
    boxes = re.findall(r'<g class="(\w+)[^>]*><title>([^<]+)</title>', text)
    return {title.split("\n")[0]: look for look, title in boxes}


def test_the_page_draws_all_that_waits_as_one_and_colours_it():
    """Where a wait ends is chance: the base ends in a function of selectors, the head in two of `queue`."""
    inner = "train (mine.py);get (queue.py);wait (threading.py)"
    found, data = made(base={**STEP, WAIT: 700.0}, head={**STEP, WAIT: 600.0, inner: 650.0})
    assert difference_page.clear_of(found).keys() == {(frame_owner.WAIT, "train (mine.py)")}
    looks = looks_of(difference_page.page([found], data, RUN, {}))
    assert looks[frame_owner.WAIT] == "slower3"
    assert not {"wait (threading.py)", "get (queue.py)", "select (selectors.py)"} & looks.keys()


def test_the_page_draws_what_was_renamed_and_names_no_sum_of_it():
    head = {**SLOWER, "train (mine.py)": 400.0, FORWARD: 900.0}
    found, data = made(head={name.replace("Net.forward", "Net.forward2"): us for name, us in head.items()})
    assert {cause.name for cause in found.code.clear} >= {MOVED[0], "train (mine.py)"}
    looks = looks_of(difference_page.page([found], data, RUN, {}))
    assert looks["train (mine.py)"] == "slower3"
    assert MOVED[0] not in looks


def test_what_the_backward_pass_takes_longer_stands_behind_the_function_that_it_follows():
    found, _ = made(head={**STEP, FORWARD: 600.0, BACKWARD: 1300.0})
    assert re.search(r"^Net\.forward .* in the backward pass$", difference_table.first_words(found))
