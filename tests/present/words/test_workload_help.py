"""`bench list NAME`: one workload in full."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.plan.catalog import Workload
from bench.present.words.workload_help import HEADINGS, explained

from .. import lesson_files


@pytest.fixture
def square(tmp_path: Path) -> Workload:
    return lesson_files.write(tmp_path)[0]


@pytest.mark.parametrize("width", [60, 100])
def test_a_workload_is_explained_as_it_was_agreed(
    square: Workload, width: int, golden: Callable[[str, str], None]
) -> None:
    golden(f"explained_{width}.txt", explained(square, width=width))


@pytest.mark.parametrize("width", [40, 60, 80])
def test_no_line_is_wider_than_the_terminal(square: Workload, width: int) -> None:
    assert max(map(len, explained(square, width=width).splitlines())) <= width


def test_what_broke_is_told_of_the_installed_torch(square: Workload) -> None:
    assert "What broke since the course was written (torch 2.13)\n  `verbose=True` is refused." in explained(
        square, (2, 13)
    )
    unknown = explained(square, (2, 7))
    assert "(torch 2.7)\n  Known of torch 2.8: `verbose=True` is refused." in unknown


def test_a_section_that_the_docstring_lacks_has_no_heading(tmp_path: Path) -> None:
    text = explained(lesson_files.write(tmp_path)[1])
    assert not [heading for heading in HEADINGS.values() if heading in text]


def test_headings_alone_are_styled_where_colour_is_asked_for(square: Workload) -> None:
    text = explained(square, color=True)
    assert "\x1b[1mKnown answer\x1b[0m" in text
    assert "\n  2·size³ flops.\n" in text
