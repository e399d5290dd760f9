"""The line on which a function is written, read and not imported."""

import pytest

from bench.plan.definition_lines import line_of

TEXT = """raise RuntimeError("this is never imported")


def test_one(): ...


if True:
    def test_two(): ...


class TestMany:
    @staticmethod
    def helper():
        def test_one(): ...

    def test_one(self): ...
"""


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("test_one", 4), ("test_two", 8), ("TestMany.test_one", 16), ("TestMany::test_one[a.b-3]", 16),
        ("TestMany", 11), ("test_none", None), ("TestMany.test_two", None),
    ],
)  # fmt: skip
def test_a_definition_has_its_line(tmp_path, name, line):
    path = tmp_path / "tests.py"
    path.write_text(TEXT)
    assert line_of(path, name) == line


def test_what_cannot_be_read_has_none(tmp_path):
    path = tmp_path / "tests.py"
    assert line_of(path, "test_one") is None
    path.write_text("def test_one(:\n")
    assert line_of(path, "test_one") is None
