"""The page of a gallery, and that the one in this repository is what its own rows give."""

from pathlib import Path

import pytest

from bench.jobs.pictures import one_of_each
from bench.present import charts
from bench.present.charts import embedded_data
from bench.present.charts.all_charts import chart_named
from bench.present.pages import gallery_page
from tests.present import example_rows as example
from tests.present.words.test_machine_labels import LAPTOP, SERVER, both

GALLERY = Path(__file__).parents[3] / "reports" / "gallery"


def test_of_each_chart_there_is_one_and_it_shows_most_machines():
    chosen = one_of_each(charts.available(both()), both())
    assert [spec.name for spec in chosen] == list(dict.fromkeys(spec.name for spec in charts.available(both())))
    assert all(not spec.machine for spec in chosen if spec.name in charts.TOGETHER)


def test_one_that_resolves_its_question_goes_before_one_that_does_not():
    rows = example.everything()
    specs = [spec for spec in charts.available(rows) if spec.name == "loaders"]
    (chosen,) = one_of_each(specs, rows)
    assert "not resolved" not in chosen.title


def test_the_page_shows_each_picture_under_its_question_and_names_the_machines():
    rows = example.everything()
    shown = [embedded_data.figure_data(spec, rows, "light") for spec in charts.available(rows)[:2]]
    text = gallery_page.page(shown, [LAPTOP, SERVER])
    assert f"Measured on {LAPTOP} and {SERVER}" in text
    assert f"]({shown[1].slug}.png)" in text
    assert "## From what size is the device faster than the CPU?" in text


FIGURES = sorted(GALLERY.glob("*.png"))


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: path.stem)
def test_a_figure_of_the_gallery_says_what_its_rows_give(path):
    """Whoever changes a chart draws the gallery again: make gallery."""
    found = embedded_data.read(path)
    assert found.title.endswith(chart_named(found.chart).finding(found.shown()))
    assert path.with_suffix(".txt").read_text().rstrip() == found.alt


def test_the_gallery_is_there_and_its_page_shows_every_figure():
    text = (GALLERY / "README.md").read_text()
    assert FIGURES
    assert all(f"({path.name})" in text for path in FIGURES)
