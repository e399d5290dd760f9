"""`bench list`: the table, one workload explained, and the pages."""

import json
import re
from pathlib import Path

import pytest

from bench.plan.catalog import find
from bench.present.tables.workload_table import by_lesson
from tests.present import lesson_files

CATALOG = find()
OWN = ("products/*", "sums/*")
COURSE = """
[[block]]
lesson = "Tensors"
name = "sum"
code = "x.sum()"

[[block]]
lesson = "GPU acceleration"
name = "matrix product"
code = "torch.mm(A, B)"

[[block]]
lesson = "GPU acceleration"
name = "move to the device"
code = "x.to(device)"
"""


@pytest.fixture
def own(bench):
    """The words that list the two families of `lesson_files`, which lie in the terminal's folder with their course."""
    lesson_files.write(bench.folder)
    (bench.folder / "course.toml").write_text(COURSE, encoding="utf-8")
    return ("list", *OWN, "--workloads", "products.py", "--workloads", "sums.py")


@pytest.fixture
def table_of():
    def table(columns):
        return by_lesson(CATALOG.values(), width=columns).splitlines()

    return table


@pytest.mark.parametrize("columns", [80, 100, 120])
def test_each_workload_stands_once_below_its_lesson_in_side_by_side_columns(columns, table_of):
    lesson, found = "", {}
    for line in table_of(columns)[2:-3]:
        name = re.match(r"  (\S+)", line)
        if not line.startswith(" "):
            lesson = line
        elif name:
            assert name[1] not in found
            found[name[1]] = lesson
    assert found == {item.name: item.lesson for item in CATALOG.values()}


@pytest.mark.parametrize("columns", [80, 100, 120])
def test_no_line_of_the_table_is_wider_than_the_terminal(columns, table_of):
    assert max(map(len, table_of(columns))) <= columns


@pytest.mark.parametrize("columns", [80, 100])
def test_each_summary_is_whole_below_or_beside_its_name(columns, table_of):
    text = " ".join(" ".join(table_of(columns)).split())
    assert not [item.name for item in CATALOG.values() if f"{item.name} {item.summary}" not in text]


def test_the_names_of_the_axes_are_shown_where_there_is_room(table_of):
    assert "loader" in " ".join(line for line in table_of(120) if "dataloader/epoch" in line).replace("dataloader", "")
    assert table_of(120)[0].split() == ["name", "axes", "summary"]
    assert table_of(100)[0].split() == ["name", "summary"]


def test_the_table_counts_what_it_lists_and_says_how_to_learn_more(bench, own):
    done = bench(*own)
    assert done.stdout.splitlines()[-1].startswith("3 workloads in 2 lessons. bench list NAME explains one:")


def test_what_two_names_match_is_listed_once(bench, own):
    rows = json.loads(bench(*own, "products/square", "--format", "json").stdout)
    assert [row["name"] for row in rows] == ["products/round_trip", "products/square", "sums/total"]


def test_the_columns_that_other_programs_read_are_the_promised_ones(bench, own):
    rows = json.loads(bench(*own, "--format", "json").stdout)
    assert list(rows[1]) == ["name", "lesson", "summary", "axes", "modes", "module"]
    assert rows[1]["axes"] == {"size": [1000, 64], "kind": ["dense", "sparse"]}
    assert rows[1]["summary"] == "C = A·B for square A, B: (size, size) → (size, size)."


def test_one_name_is_explained_in_lines_that_can_be_read(bench):
    text = bench("list", "autograd/polynomial").stdout
    for heading in (
        "What is timed",
        "Axes",
        "Known answer",
        "Work",
        "What to expect, and why",
        "The lesson of autograd",
    ):
        assert f"\n\n{heading}" in text
    assert "autograd/polynomial · Automatic differentiation" in text
    assert "3x² + 4x = 20" in text
    assert max(map(len, text.splitlines())) <= 100  # though a pipe has no width


def test_one_name_as_json_is_a_row_as_ever(bench):
    assert [row["name"] for row in json.loads(bench("list", "matmul/square", "--format", "json").stdout)] == [
        "matmul/square"
    ]


def test_pages_are_written_and_their_paths_printed(bench, own):
    done = bench(*own, "--pages", "new/pages", "--course", "course.toml")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["new/pages/index.md", "new/pages/products.md", "new/pages/sums.md"]
    assert "| Tensors | sum | `x.sum()` | [sums/total]" in (bench.folder / "new/pages/index.md").read_text()
    assert sorted(path.name for path in (bench.folder / "new/pages").iterdir()) == [
        "index.md",
        "products.md",
        "sums.md",
    ]


def test_pages_of_ones_own_workloads_need_no_course(bench, own):
    assert bench(*own, "--pages", "pages").returncode == 0
    assert "course.toml" not in (bench.folder / "pages/index.md").read_text()


@pytest.mark.parametrize(
    ("words", "right", "wrong", "message"),
    [
        (
            ("--pages", "pages", "--course", "course.toml"),
            'name = "sum"',
            'name = "add"',
            "names 'sum', which is not a block",
        ),
        (
            ("--pages", "pages", "--course", "course.toml"),
            "[[block]]",
            '[[block]]\nlesson = "A"\nname = "b"\ncode = "c"\n[[block]]',
            "nothing shows",
        ),
        (("--pages", "pages", "--course", "none.toml"), "", "", "none.toml cannot be read"),
        (("--course", "course.toml"), "", "", "--course goes with --pages"),
    ],
)
def test_a_course_that_does_not_fit_is_an_error_and_nothing_is_written(words, right, wrong, message, bench, own):
    (bench.folder / "course.toml").write_text(COURSE.replace(right, wrong, 1) if right else COURSE, encoding="utf-8")
    done = bench(*own, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (bench.folder / "pages").exists()


def test_a_folder_that_cannot_be_made_is_an_error(bench, own):
    done = bench(*own, "--pages", "course.toml")
    assert done.returncode == 2
    assert "course.toml cannot be made" in done.stderr


def test_the_readme_shows_what_is_printed(bench):
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    example = re.search(r"^\$ bench list (\S+)\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert example is not None
    printed = bench("list", example[1]).stdout
    parts = [part.strip("\n") for part in re.split(r"^…$", example[2], flags=re.MULTILINE)]
    assert len(parts) == 3
    assert printed.startswith(parts[0])
    assert not [part for part in parts if part not in printed]
