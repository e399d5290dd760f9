"""The report: one page that needs nothing beside it."""

import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from bench.analyse.rows.row import Row
from bench.present import charts
from bench.present.pages import report_page
from bench.records import Finding
from tests.present import example_rows as example

EVIL = "<script>alert(1)</script>"


RUN = {
    "run": "20250101T120000-ab12", "status": "complete", "time": {"wall_s": 118.2}, "settings": {"launches": 6},
    "environment": {"cpu": {"model": "AMD EPYC"}, "python": "3.11.9"},
}  # fmt: skip


def page(rows: list[Row] | None = None, *batch: dict[str, object], **more: object) -> str:
    if rows is None:
        first, *others = [*example.matmul(), *example.modes()]
        busy = Finding("foreign-load", "warning", "another process was busy", "close it")
        rows = [replace(first, findings=(*first.findings, busy)), *others]
    return report_page.page(rows, charts.available(rows), batch or [RUN], **more)  # type: ignore[arg-type]


class Reader(HTMLParser):
    """The tags of a page in order, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def made() -> str:
    return page()


def test_nothing_a_user_wrote_becomes_a_tag() -> None:
    evil = example.rows(
        example.row(f"family/{EVIL}", 1e-3, size=1, findings=[Finding(EVIL, EVIL, EVIL, EVIL, EVIL)]),
        example.row(f"family/{EVIL}", size=2, outcome="failed", reason=EVIL, machine=EVIL),
    )
    text = page(
        evil, {"run": EVIL, "command": EVIL, "machine": EVIL, "environment": {EVIL: EVIL}},
        lessons={f"family/{EVIL}": EVIL},
    )  # fmt: skip
    assert [tag for tag, _ in Reader(text).tags].count("script") == 1  # our own, at the end
    assert text.count("<script>") == 1


def test_the_page_fetches_nothing(made: str) -> None:
    addresses = [
        str(value)
        for _, attributes in Reader(made).tags
        for name, value in attributes.items()
        if name in ("src", "href", "srcset")
    ]
    assert all(address.startswith(("data:image/svg+xml;base64,", "#")) for address in addresses)
    assert not re.search(r"@import|url\(", made)


def test_no_id_stands_twice(made: str) -> None:
    ids = [attributes["id"] for _, attributes in Reader(made).tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_every_chart_has_a_dark_twin_and_alt_text_with_numbers(made: str) -> None:
    reader = Reader(made)
    assert len(reader.all("source")) == len(reader.all("img")) == 4
    assert all("µs" in str(image["alt"]) or "×" in str(image["alt"]) for image in reader.all("img"))


def test_headings_go_down_one_level_at_a_time(made: str) -> None:
    levels = [int(tag[1]) for tag, _ in Reader(made).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_the_page_has_language_title_and_landmarks(made: str) -> None:
    reader = Reader(made)
    assert reader.all("html")[0]["lang"] == "en"
    assert all(len(reader.all(tag)) == 1 for tag in ("title", "header", "main", "footer", "nav"))


def test_outcomes_and_doubts_come_before_charts_and_tables(made: str) -> None:
    places = [
        made.index(f'<h2 id="{name}">') for name in ("run", "doubts", "charts", "tables", "environment", "method")
    ]
    assert places == sorted(places)


def test_a_lost_case_is_in_its_table_with_the_reason(made: str) -> None:
    assert "<b>oom</b>: CUDA out of memory" in made


def test_the_doubts_of_run_and_rows_are_both_told(made: str) -> None:
    assert "Another process was busy." in made
    assert "Run it again with --launches 6 or more." in made


def test_the_environment_is_shown(made: str) -> None:
    assert "<dt>cpu model</dt><dd>AMD EPYC</dd>" in made


def test_tables_are_grouped_by_lesson() -> None:
    assert "<h3>GPU acceleration</h3>" in page(lessons={"matmul/square": "GPU acceleration"})


def test_the_same_rows_give_the_same_page(made: str) -> None:
    assert page() == made


def test_the_charts_of_a_page_are_not_looked_for_again_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = example.loaders()
    specs = charts.available(rows)
    monkeypatch.setattr(charts, "available", None)
    assert specs[0].slug in report_page.page(rows, specs, [RUN])


def test_a_page_of_failures_alone_is_a_page() -> None:
    assert "<b>2</b> skipped" in page(example.rows(*(example.row("a/b", size=n, reason="no GPU") for n in (1, 2))))


def test_a_page_without_cases_is_a_page() -> None:
    assert "<b>0</b> cases" in page([])


def test_a_page_of_one_launch_does_not_claim_several() -> None:
    assert "each case ran in one launch" in page(example.rows(example.row("a/b", 1.0, spread=0, launches=1)))


def test_a_case_that_was_profiled_leads_to_its_profile_and_no_other_does() -> None:
    rows = example.matmul()
    run, key = rows[0].run, rows[0].key
    text = page(rows, RUN, profiles={(run, key): "profiles/p.html", ("another run", key): "profiles/q.html"})
    assert [tag["href"] for tag in Reader(text).all("a") if "profiles/" in str(tag["href"])] == ["profiles/p.html"]
