"""The page to explore: one file, nothing in it that a user wrote and that runs."""

import json
import subprocess
import sys

import pytest

from bench.analyse.rows.row import Row
from bench.present import charts, picture_style
from bench.present.pages import explore_page, report_page
from bench.records import Finding, UserError
from tests.present import example_rows as example
from tests.present.pages.test_report_page import EVIL, Reader

pytest.importorskip("altair")
pytest.importorskip("vl_convert")


def page(rows: list[Row] | None = None, **more: object) -> str:
    rows = [*example.matmul(), *example.modes()] if rows is None else rows
    return explore_page.page(rows, [{"run": "20250101T120000-ab12", "time": {"wall_s": 118.2}}], **more)  # type: ignore[arg-type]


def data(text: str) -> dict:
    opened = '<script id="data" type="application/json">'
    return json.loads(text[text.index(opened) + len(opened) :].partition("</script>")[0])


@pytest.fixture(scope="module")
def made() -> str:
    return page()


def test_the_page_holds_every_case_of_every_workload(made: str) -> None:
    found = {each["name"]: {row["key"] for row in each["rows"]} for each in data(made)["workloads"]}
    assert found == {
        "matmul/square": {row.key for row in example.matmul()},
        "regression/train_step": {row.key for row in example.modes()},
    }


def test_nothing_a_user_wrote_becomes_a_tag() -> None:
    evil = example.rows(
        example.row(f"family/{EVIL}", 1e-3, form=EVIL, findings=[Finding(EVIL, EVIL, f"</script>{EVIL}", EVIL, EVIL)]),
        example.row(f"family/{EVIL}", form="b", outcome="failed", reason=f"<!-- {EVIL}", machine=EVIL),
    )
    text = explore_page.page(evil, [{"run": EVIL}], vs=EVIL)
    assert [tag for tag, _ in Reader(text).tags].count("script") == 3  # data, libraries, ours
    assert EVIL not in text
    assert data(text)["workloads"][0]["rows"][0]["axes"]["form"] == EVIL


def test_the_page_fetches_nothing(made: str) -> None:
    reader = Reader(made)
    addresses = [
        value for _, attributes in reader.tags for name, value in attributes.items() if name in ("src", "href")
    ]
    assert all(str(address).startswith("#") for address in addresses)
    assert not reader.all("link")


def test_every_control_has_a_label_and_no_id_stands_twice(made: str) -> None:
    reader = Reader(made)
    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    labelled = {attributes.get("for") for attributes in reader.all("label")}
    assert {attributes["id"] for attributes in reader.all("select")} == labelled


def test_report_and_page_lead_to_each_other_only_where_they_are_told_to() -> None:
    rows = example.loaders()
    assert 'href="index.html"' in page(rows, beside="index.html")
    assert "index.html" not in page(rows)
    specs = charts.available(rows)[:0]
    assert 'href="explore.html"' in report_page.page(rows, specs, [{}], beside="explore.html")
    assert "explore.html" not in report_page.page(rows, specs, [{}])


def test_the_picture_has_lines_intervals_and_three_kinds_of_mark() -> None:
    layers = explore_page.picture()["layer"]
    drawn = [(layer["data"]["name"], layer["mark"]["type"]) for layer in layers]
    assert drawn == [
        ("reference", "rule"), ("points", "line"), ("sure", "rule"), ("sure", "point"), ("bare", "point"),
        ("lost", "point"),
    ]  # fmt: skip
    assert [layer["mark"]["filled"] for layer in layers[3:5]] == [True, False]


def test_there_are_no_more_colours_offered_than_shapes_and_themes_have() -> None:
    from bench.present.pages.explore_points import MOST_COLORS

    assert {len(theme.colors) for theme in picture_style.THEMES.values()} | {len(explore_page.SHAPES)} == {MOST_COLORS}


def test_the_same_rows_give_the_same_page(made: str) -> None:
    assert page() == made


def test_a_page_of_failures_alone_and_one_without_cases_are_pages() -> None:
    failed = page(example.rows(*(example.row("a/b", size=n, reason="no GPU") for n in (1, 2))))
    assert [row["reason"] for row in data(failed)["workloads"][0]["rows"]] == ["no GPU", "no GPU"]
    assert data(page([]))["workloads"] == []


@pytest.mark.parametrize("missing", ["altair", "vl_convert"])
def test_without_its_libraries_the_page_says_what_to_install(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    explore_page._libraries.cache_clear()
    with pytest.raises(UserError, match=r"pip install 'coursebench\[explore\]'"):
        page()


def test_altair_is_imported_only_for_a_page() -> None:
    program = (
        "import sys, bench.present.pages.explore_page\n"
        "print([name for name in ('altair', 'vl_convert') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
