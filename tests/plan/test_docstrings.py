from __future__ import annotations

from bench.plan.docstrings import Docstring


def sections(about: str) -> dict[str, str]:
    return dict(Docstring.read(about).sections)


def paragraphs(about: str) -> tuple[str, ...]:
    return Docstring.read(about).paragraphs


def test_a_section_ends_at_the_next_section_or_where_text_after_a_blank_line_is_not_indented() -> None:
    about = "Summary.\n\nAnswer: dy/dx\n    = 20\nWork: none\nof it\n\nExpect:\n    a line\nNot in it: no\n\nMore."
    assert sections(about) == {"Answer": "dy/dx = 20", "Work": "none of it", "Expect": "a line Not in it: no"}


def test_what_is_in_no_section_is_text() -> None:
    about = "Summary\nof it.\n\nAnswer: 20\n\nMore.\n\nExpect:\n    a line\n\nStill more,\nin two lines."
    assert paragraphs(about) == ("Summary of it.", "More.", "Still more, in two lines.")


def test_an_indented_paragraph_after_a_blank_line_belongs_to_its_section() -> None:
    about = "Summary.\n\nExpect:\n    First.\n\n    Second,\n    longer.\nSince: now"
    assert sections(about) == {"Expect": "First.\n\nSecond, longer.", "Since": "now"}
    assert paragraphs(about) == ("Summary.",)


def test_a_blank_line_below_the_header_is_nothing() -> None:
    assert sections("Summary.\n\nExpect:\n\n    A line.") == {"Expect": "A line."}


def test_a_word_that_only_begins_like_a_header_is_text() -> None:
    assert sections("Summary.\n\nWork:shop\nWorks: well\nExpectation: none") == {}


def test_indented_text_before_any_section_is_text() -> None:
    assert paragraphs("Summary.\n\n    x = 1\n\nMore.") == ("Summary.", "x = 1", "More.")


def test_an_empty_docstring_says_nothing() -> None:
    assert Docstring.read("") == Docstring((), {})
