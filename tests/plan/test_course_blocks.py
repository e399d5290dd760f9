from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.plan.catalog import Workload
from bench.plan.course_blocks import Block, read_course, shown
from bench.records import UserError

from .conftest import IMPORT

Write = Callable[[str, str], Path]
Read = Callable[[str], list[Workload]]

TWO = """
[[block]]
lesson = "Tensors"
name = "create"
code = "torch.zeros"

[[block]]
lesson = "Setup"
name = "install"
code = "pip install"
by = "`make demo`"
"""


def workload(name: str, course: str, lesson: str = "Tensors") -> str:
    return f'@workload(lesson="{lesson}")\ndef {name}(ctx):\n    """One.\n\n    Course: {course}\n    """\n'


def block(name: str, lesson: str = "Tensors", by: str = "") -> Block:
    return Block(lesson=lesson, name=name, code="x", by=by)


def test_the_blocks_are_read_in_their_order(write: Write) -> None:
    assert read_course(write("course.toml", TWO)) == (
        Block("Tensors", "create", "torch.zeros"),
        Block("Setup", "install", "pip install", by="`make demo`"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[block]", "is not valid TOML"),
        ("", "may only have tables [[block]]"),
        ("block = 3", "may only have tables [[block]]"),
        ("block = [3]", "block 1: lesson, name, code, by are text"),
        (TWO + "[[blocks]]\nname = 'x'\n", "may only have tables [[block]]"),
        (TWO.replace('name = "install"\n', ""), "block 2 has no name"),
        (TWO.replace('name = "install"', "name = 3"), "block 2: lesson, name, code, by are text"),
        (TWO.replace('"`make demo`"', '" "'), "block 2: lesson, name, code, by are text, and none of them is empty"),
        (TWO.replace("code =", "cod ="), "block 1 has the key 'cod'; did you mean 'code'?"),
        (TWO + TWO, "has the block 'create' of Tensors twice"),
    ],
)
def test_a_file_that_is_no_course_is_an_error_that_names_it(write: Write, text: str, message: str) -> None:
    with pytest.raises(UserError, match=r"course\.toml.*" + re.escape(message)):
        read_course(write("course.toml", text))


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"course\.toml cannot be read: No such file"):
        read_course(tmp_path / "course.toml")


def test_each_block_is_shown_by_the_workloads_that_name_it(read: Read) -> None:
    found = read(IMPORT + workload("one", "create; to\n    NumPy") + workload("two", "create"))
    blocks = shown([block("to NumPy"), block("create")], found)
    assert [(each.name, [item.name for item in each.workloads]) for each in blocks] == [
        ("to NumPy", ["mine/one"]),
        ("create", ["mine/one", "mine/two"]),
    ]


def test_blocks_that_nothing_shows_are_an_error_that_names_them_all(read: Read) -> None:
    blocks = [block("create"), block("to NumPy"), block("install", by="`make`"), block("from NumPy", "Arrays")]
    message = r"nothing shows 2 of the 4 blocks of the course: 'to NumPy' of Tensors, 'from NumPy' of Arrays; name it"
    with pytest.raises(UserError, match=message):
        shown(blocks, read(IMPORT + workload("one", "create")))


def test_a_name_that_no_block_has_is_an_error_with_its_line(read: Read) -> None:
    message = r"mine\.py:3: .* of mine/one names 'crate', which is not a block of the course; did you mean 'create'\?"
    with pytest.raises(UserError, match=message):
        shown([block("create")], read(IMPORT + workload("one", "crate")))


@pytest.mark.parametrize("course", ["", "create;", "; create"])
def test_an_empty_name_is_an_error(read: Read, course: str) -> None:
    with pytest.raises(UserError, match="names '', which is not a block"):
        shown([block("create")], read(IMPORT + workload("one", course)))


def test_of_two_blocks_of_one_name_a_workload_means_that_of_its_own_lesson(read: Read) -> None:
    found = read(IMPORT + workload("one", "loop", "A") + workload("two", "loop", "B"))
    blocks = shown([block("loop", "B"), block("loop", "A")], found)
    assert [(each.lesson, [item.name for item in each.workloads]) for each in blocks] == [
        ("B", ["mine/two"]),
        ("A", ["mine/one"]),
    ]


def test_a_name_of_two_blocks_of_other_lessons_is_an_error(read: Read) -> None:
    with pytest.raises(UserError, match="names 'loop', which is a block of B and A: the lesson of the workload"):
        shown([block("loop", "B"), block("loop", "A")], read(IMPORT + workload("one", "loop", "C")))
