"""What `bench show` shows, from Python."""

import pytest

from bench.jobs.shown import shown
from bench.present.tables.table_formats import text_of
from bench.records import UserError
from bench.store import runs

RUN = "reference:epyc"


def test_estimates_have_a_row_for_each_line_of_the_table() -> None:
    found = shown([RUN], "table")
    assert not found.problems
    assert found.table.then is None
    lines = [line for line in found.table.layouts[0].lines if line.cells]
    assert [line.cells["key"] for line in lines] != []
    assert {line.cells["key"] for line in lines} == {row["key"] for row in shown([RUN], "json").table.rows}


def test_floors_stand_above_the_peaks_that_they_come_from() -> None:
    table = shown([RUN], "table", floor=True).table
    assert table.then is not None
    assert table.then.heading.startswith("Peaks: measured ")
    assert "÷ floor" in [column.heading for column in table.layouts[0].columns]


def test_phases_of_several_runs_have_the_name_of_their_machine() -> None:
    both = [RUN, "reference:h100"]
    machines = {runs.read(runs.locate(name))["machine"] for name in both}
    assert {row["machine"] for row in shown(both, "table", phases=True).table.rows} == machines
    assert "machine" not in [column.name for column in shown([RUN], "table", phases=True).table.columns]
    assert "| machine |" in text_of(shown(both, "md", phases=True).table, "md").splitlines()[0]


@pytest.mark.parametrize(
    ("names", "options", "why"),
    [
        ([RUN], {"peaks": RUN}, "give both"),
        ([RUN], {"phases": True, "floor": True}, "phases have no floor"),
        ([RUN, "reference:h100"], {"floor": True}, "name one run"),
        ([RUN, RUN], {}, "is given twice"),
    ],
)
def test_what_cannot_be_shown_is_refused(names, options, why):
    with pytest.raises(UserError, match=why):
        shown(names, "table", **options)


def test_a_statistic_and_a_clock_are_those_of_the_table() -> None:
    table = shown([RUN], "table", statistic="mean", clock="wall").table
    assert any("Time is the mean per step" in line for line in table.caption)
    assert {row["statistic"] for row in shown([RUN], "json", statistic="min").table.rows} == {"min"}


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"clock": "cpu"}, "nothing here was timed on the clock 'cpu'"),
        ({"statistic": "mode"}, "there is no statistic 'mode'"),
        ({"phases": True, "statistic": "mean"}, "phases are medians"),
        ({"phases": True, "clock": "wall"}, "phases are medians"),
    ],
)
def test_what_was_not_timed_so_is_refused(options, why):
    with pytest.raises(UserError, match=why):
        shown([RUN], "table", **options)
