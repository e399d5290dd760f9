"""The lesson pages are what the catalog gives now, and every code block of the course is on them."""

import re
from pathlib import Path

import pytest

from bench.jobs.workload_list import write_pages
from bench.plan.catalog import find
from bench.plan.course_blocks import named, read_course, shown

ROOT = Path(__file__).parents[1]
LESSONS = ROOT / "docs" / "lessons"
COURSE = read_course(LESSONS / "course.toml")
CATALOG = find()
NOT_OF_THE_COURSE = ("Pitfalls", "Calibration", "Certification")
WITHOUT_CODE = ("Next steps", "PyTorch vs other frameworks")
"""Lessons the slides only name: a workload may go beyond their one line each."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The pages as they would be written now, by name."""
    folder = tmp_path_factory.mktemp("lessons")
    write_pages(CATALOG.values(), folder, LESSONS / "course.toml")
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_the_pages_in_git_are_what_the_docstrings_say_now(made):
    kept = {path.name: path.read_text(encoding="utf-8") for path in LESSONS.glob("*.md")}
    stale = sorted(name for name, text in made.items() if kept.get(name) != text)
    assert not stale, f"docs/lessons is stale: run make lessons; it rewrites {', '.join(stale)}"
    orphans = sorted(kept.keys() - made.keys())
    assert not orphans, f"no family of workloads makes docs/lessons/{', '.join(orphans)}: delete it"


def test_every_block_of_the_course_is_shown_by_a_workload_or_by_something_named():
    assert len(COURSE) == 47
    assert all(block.workloads or block.by for block in shown(COURSE, CATALOG.values()))


def test_the_index_has_a_row_for_each_block_in_the_order_of_the_course(made):
    table = made["index.md"].partition("\n## The families")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")][2:]
    assert [(row[0], row[1]) for row in rows] == [(block.lesson, block.name) for block in COURSE]
    assert all(row[3] for row in rows)


@pytest.mark.parametrize("page", ["index.md", *sorted({f"{item.family}.md" for item in CATALOG.values()})])
def test_every_link_of_a_page_leads_to_a_page_and_a_heading_of_it(page, made):
    for name, _, anchor in (link.partition("#") for link in re.findall(r"\]\(([^)]+)\)", made[page])):
        headings = re.findall(r"^#+ (.*)$", made[name], re.MULTILINE)
        assert not anchor or anchor in [re.sub(r"[^\w-]", "", heading.lower()) for heading in headings]


def test_no_page_has_a_place_that_was_to_be_filled(made):
    assert not [name for name, text in made.items() if re.search(r"XXX|TODO|FIXME|TBD", text)]


@pytest.mark.parametrize("name", CATALOG)
def test_a_workload_has_a_lesson_of_the_course_or_one_of_ours(name):
    assert CATALOG[name].lesson in {*(block.lesson for block in COURSE), *NOT_OF_THE_COURSE}


@pytest.mark.parametrize("name", CATALOG)
def test_a_workload_reproduces_a_block_unless_the_course_has_no_code_for_it(name):
    item = CATALOG[name]
    if item.lesson in NOT_OF_THE_COURSE:
        assert not list(named(item)), "what the course has no block for names none"
    else:
        assert list(named(item)) or item.lesson in WITHOUT_CODE


@pytest.mark.parametrize("name", CATALOG)
def test_the_lesson_of_a_calibration_or_a_pitfall_is_called_so(name):
    item = CATALOG[name]
    assert (item.role == "calibration") is (item.lesson == "Calibration")
    assert (item.family == "pitfalls") is (item.lesson == "Pitfalls")


@pytest.mark.parametrize("name", CATALOG)
def test_the_docstring_tells_answer_work_and_what_to_expect(name):
    assert not [section for section in ("Answer", "Work", "Expect") if not CATALOG[name].sections.get(section)]


@pytest.mark.parametrize("family", {item.family: item for item in CATALOG.values()})
def test_a_family_tells_its_lesson_in_two_to_five_sentences_and_a_title(family):
    about = next(item.family_about for item in CATALOG.values() if item.family == family)
    text = " ".join(about.paragraphs)
    assert 2 <= len(re.findall(r"[.?!](?=\s|$)", text)) <= 5
    assert re.match(r"[^:.]{3,60}:", text), "the page is called what stands before the first colon"


def test_make_lessons_writes_them():
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nlessons:")[2]
    assert "bench list --pages docs/lessons --course docs/lessons/course.toml" in recipe
