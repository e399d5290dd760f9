"""The deck: a chart a slide, readable, and everything said in its notes."""

import io
import re

import pytest
from pptx import Presentation

from bench.present import charts
from bench.present.charts.all_charts import chart_named
from bench.present.charts.embedded_data import FigureData, figure_data
from bench.present.pages import deck
from bench.records import UserError
from tests.present import example_rows as example

CREATED = "2026-11-01T10:00:00+00:00"


@pytest.fixture(scope="module")
def slides() -> list[FigureData]:
    rows = example.everything()
    return [figure_data(spec, rows, "light") for spec in charts.available(rows)]


def test_a_pptx_has_a_chart_a_slide_with_its_finding_its_alt_text_and_notes(slides: list[FigureData]) -> None:
    made = Presentation(io.BytesIO(deck.pptx(slides, "Measured", "somewhere", CREATED)))
    first, *rest = made.slides
    assert [shape.text for shape in first.placeholders] == ["Measured", "somewhere"]
    assert [slide.shapes.title.text for slide in rest] == [found.title for found in slides]
    for slide, found in zip(rest, slides, strict=True):
        (picture,) = [shape for shape in slide.shapes if shape.shape_type == 13]
        assert picture._element._nvXxPr.cNvPr.get("descr") == found.alt
        assert (picture.width, picture.height) == (made.slide_width, made.slide_height)
        told = slide.notes_slide.notes_text_frame.text
        assert chart_named(found.chart).question in told
        assert found.alt in told


def test_the_title_of_a_slide_lies_behind_its_picture(slides: list[FigureData]) -> None:
    made = Presentation(io.BytesIO(deck.pptx(slides[:1], "Measured", "somewhere", CREATED)))
    kinds = [shape.shape_type for shape in made.slides[1].shapes]
    assert kinds[-1] == 13


def test_a_pdf_has_a_page_a_chart_and_its_fonts_are_whole(slides: list[FigureData]) -> None:
    made = deck.pdf(slides, "Measured")
    assert len(re.findall(rb"/Type /Page\b", made)) == len(slides)
    assert b"/Type3" not in made
    assert b"/FontFile2" in made


def test_the_same_deck_has_the_same_pdf(slides: list[FigureData]) -> None:
    assert deck.pdf(slides[:2], "Measured") == deck.pdf(slides[:2], "Measured")


def test_a_beamer_frame_names_its_chart_and_escapes_what_tex_would_take() -> None:
    rows = example.operations(machine="50% off & more_or_less $x^2$ {a} ~ #1 \\ <b>")
    spec = next(each for each in charts.available(rows) if each.name == "launch_floor")
    text = deck.beamer([figure_data(spec, rows, "light")], "charts")
    assert r"\includegraphics[width=\paperwidth]{charts/launch_floor-tensors-elementwise.pdf}" in text
    note = text[text.index(r"\note{") : text.index("\n", text.index(r"\note{"))]
    assert not re.search(r"(?<!\\)[%$&#_^~<>]", note)
    assert all(ord(letter) < 128 for letter in note)


def test_no_chart_is_no_deck() -> None:
    with pytest.raises(UserError, match="too few cases"):
        deck.pdf([], "Measured")
