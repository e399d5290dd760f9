"""The list of charts: each is whole, and each says the same wherever it is asked."""

from __future__ import annotations

import pytest
from matplotlib.text import Text

import bench.charts
from bench.analyse.rows import record, record_reader
from bench.analyse.rows.row import Row
from bench.present import charts
from bench.present.charts import ChartSpec
from bench.present.charts.all_charts import CHARTS, chart_named
from bench.present.charts.chart import Chart
from bench.present.charts.embedded_data import NESTED
from bench.records import UserError
from tests.present import example_rows as example

ROWS = {"a run": example.everything(), "modes": example.modes(), "a gate": example.gate()}
PICTURES = {f"{name}: {spec.slug}": (spec, rows) for name, rows in ROWS.items() for spec in charts.available(rows)}
COLUMNS = {name for rows in ROWS.values() for each in record.records(rows) for name in each}
"""Columns of all rows that are drawn here."""


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_a_chart_has_a_name_a_question_and_says_what_it_needs(chart: Chart) -> None:
    assert chart.name.isidentifier()
    assert chart.question.endswith("?")
    assert {"key", "outcome"} <= set(chart.needs)
    assert len(set(chart.needs)) == len(chart.needs)


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_what_a_chart_needs_and_carries_are_columns_that_records_have(chart: Chart) -> None:
    """The planted mistake: a column that was renamed in the records, which a figure would silently not carry."""
    assert set(chart.needs) <= COLUMNS
    assert set(chart.carries) <= {*NESTED} - {*chart.needs}


def test_no_two_charts_have_one_name_or_one_question() -> None:
    assert len({chart.name for chart in CHARTS}) == len({chart.question for chart in CHARTS}) == len(CHARTS)


def test_charts_of_python_are_those_of_the_list() -> None:
    assert sorted(bench.charts.__all__) == sorted(chart.name for chart in CHARTS)


def test_a_chart_is_found_by_its_name_and_an_unknown_one_is_refused_with_those_there_are() -> None:
    assert [chart_named(chart.name) for chart in CHARTS] == list(CHARTS)
    with pytest.raises(UserError, match=r"no chart 'pie'; choose one of crossover, speedup, .*, verdict"):
        chart_named("pie")


def test_every_chart_is_drawn_in_these_tests() -> None:
    assert {spec.name for spec, _ in PICTURES.values()} == {chart.name for chart in CHARTS}


def test_a_gate_has_the_chart_of_verdicts_alone_and_a_run_all_others() -> None:
    assert [chart.name for chart in CHARTS if chart.suits(ROWS["a gate"])] == ["verdict"]
    assert [chart.name for chart in CHARTS if not chart.suits(ROWS["a run"])] == ["verdict"]


@pytest.mark.parametrize("name", list(PICTURES))
def test_the_finding_is_the_title_of_the_picture_and_the_beginning_of_its_words(name: str) -> None:
    """The planted mistake: a title made of the rows of one line, where the others had the rows of all."""
    spec, rows = PICTURES[name]
    assert charts.describe(spec, rows).startswith(spec.title)
    # A title too long for its place ends in an ellipsis there.
    assert joined(spec.title)[:60] in joined(" ".join(text.get_text() for text in drawn(spec, rows)))


def drawn(spec: ChartSpec, rows: list[Row]) -> list[Text]:
    return [text for text in charts.picture(spec, rows).findobj(Text) if text.get_visible()]


def joined(text: str) -> str:
    """Without what a title that is broken into lines has between them."""
    return "".join(text.split())


@pytest.mark.parametrize("name", list(PICTURES))
def test_a_chart_of_rows_that_were_read_back_says_the_same(name: str) -> None:
    """A figure carries records: whatever a chart takes of a row has to be in them."""
    spec, rows = PICTURES[name]
    read = record_reader.rows_of(record.records(spec.rows(rows)))
    chart = chart_named(spec.name)
    assert chart.describe(read) == chart.describe(spec.rows(rows))
