"""The page of a gate: every case, its picture, and why; whatever a name holds stays text."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from bench.analyse.gate.gate_plan import Place
from bench.present.pages import gate_page, gate_picture
from bench.stats.gate_rule import Rule
from tests.present.tables.test_gate_report import ALL, GREW, KEY, RUN, case, judged

FACTS = {**RUN, "coursebench": "0.1.0", "machine": "2-core", "created": "2026-11-01T10:00:00+00:00"}
LOGS = tuple(math.log(1.05) + 0.002 * (place % 5 - 2) for place in range(14))
RULE = Rule(cases=5)


def full():
    first, *rest = ALL.cases
    plan = replace(ALL.plan, places={KEY: Place("tests/speed.py", 12)})
    return replace(ALL, cases=(replace(first, logs=LOGS, doubts=("it waits",)), *rest), plan=plan, failures=(GREW,))


def test_every_case_is_there_the_worst_first_with_verdict_place_and_why():
    text = gate_page.page(full(), FACTS)
    names = re.findall(r'<h3 id="case\d+"><code>([^<]+)</code>', text)
    assert names[0] == "regression/train_step[rows=800]"
    assert len(names) == len(ALL.cases)
    for said in (
        "<code>tests/speed.py:12</code>",
        "It waits",
        "Fails: host_memory of",
        "operators 12 → 15",
        "About 9 more",
    ):
        assert said in text
    assert text.count('class="pairs"') == 1  # only one case has pairs here


def test_a_page_beside_it_is_linked_where_there_is_one():
    assert 'href="explained.html"' in gate_page.page(full(), FACTS, "explained.html")
    assert "href=" not in gate_page.page(full(), FACTS)


def test_names_of_people_who_mean_harm_stay_text():
    evil = '"><script>alert(1)</script>'
    found = judged(replace(case(f"a/b[x={evil}]", "regressed", 1.1), logs=LOGS, note=evil, doubts=(evil,)))
    text = gate_page.page(found, {**FACTS, "machine": evil})
    assert "<script>alert" not in text


def test_the_picture_has_a_dot_for_each_pair_lines_at_slack_and_limit_and_both_evidences():
    svg = ElementTree.fromstring(gate_picture.draw(replace(case(KEY, "regressed", 1.05), logs=LOGS), RULE))
    assert len(svg.findall("circle")) == 14
    assert {each.get("class") for each in svg.findall("circle")} == {"slow"}
    kinds = [each.get("class") for each in svg.findall("line")]
    assert {"even", "slack", "limit", "median", "needed regressed", "needed not-slower"} <= set(kinds)
    assert [len(each.get("points").split()) for each in svg.findall("polyline")] == [14, 14]
    width, height = map(float, svg.get("viewBox").split()[2:])
    for dot in svg.findall("circle"):
        assert 0 < float(dot.get("cx")) < width
        assert 0 < float(dot.get("cy")) < height


@pytest.mark.parametrize("logs", [(0.0,), (0.0, 0.0), (5.0, -5.0, 8.0)])
def test_odd_pairs_are_drawn_too(logs):
    drawn = gate_picture.draw(replace(case(KEY, "not_resolved", 1.0), logs=logs), RULE)
    svg = ElementTree.fromstring(drawn)
    assert len(svg.findall("circle")) == len(logs)
    assert "nan" not in drawn


def test_a_case_without_pairs_has_no_picture():
    assert gate_picture.draw(case(KEY, "not_resolved", None), RULE) == ""


def test_the_words_say_what_the_picture_shows():
    words = gate_picture.describe(replace(case(KEY, "regressed", 1.05), logs=LOGS), RULE)
    assert words.startswith("Head ÷ base of 14 pairs: 1.046, 1.048,")
    assert "of 500" in words
