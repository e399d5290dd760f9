"""The lesson pages, as Markdown."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from markdown_it import MarkdownIt  # rich's own reader of Markdown

from bench.plan.catalog import Workload, read_file
from bench.present.pages.lesson_pages import pages

from .. import lesson_files

Golden = Callable[[str, str], None]


@pytest.fixture
def workloads(tmp_path: Path) -> list[Workload]:
    return lesson_files.write(tmp_path)


@pytest.fixture
def texts(workloads: list[Workload]) -> dict[str, str]:
    return pages(workloads, lesson_files.course(workloads))


def rendered(markdown: str) -> str:
    return MarkdownIt("commonmark").enable("table").render(markdown)


def shown_text(markdown: str) -> str:
    """What a reader sees: no tags, blanks as one."""
    return " ".join(html.unescape(re.sub(r"<!--.*?-->|<[^>]+>", " ", rendered(markdown))).split())


def one(tmp_path: Path, paragraph: str, family: str = "All about it.") -> str:
    """The page of a family of one workload whose docstring says `paragraph`."""
    text = f'from bench.workload import workload\n\n@workload(lesson="L")\ndef one(ctx):\n    r"""{paragraph}"""\n'
    (tmp_path / "mine.py").write_text(f'r"""{family}"""\n{text}', encoding="utf-8")
    return pages(read_file(tmp_path / "mine.py"))["mine.md"]


def test_there_is_a_page_a_family_and_an_index(texts: dict[str, str]) -> None:
    assert sorted(texts) == ["index.md", "products.md", "sums.md"]


@pytest.mark.parametrize("name", ["index.md", "products.md", "sums.md"])
def test_a_page_reads_as_it_was_agreed(name: str, texts: dict[str, str], golden: Golden) -> None:
    golden(f"lessons_{name}", texts[name])


def test_without_a_course_the_index_has_families_and_what_broke(workloads: list[Workload]) -> None:
    headings = re.findall(r"^## (.*)$", pages(workloads)["index.md"], re.MULTILINE)
    assert headings == ["The families", "What broke since the course was written"]


def test_where_nothing_broke_the_index_does_not_speak_of_it(workloads: list[Workload]) -> None:
    assert "broke" not in pages(workloads[1:])["index.md"]


def test_every_link_leads_to_a_heading_of_a_page(texts: dict[str, str]) -> None:
    # the rule of GitHub: lower case, no punctuation but - and _
    anchors = {
        f"{name}#{re.sub(r'[^a-z0-9_ -]', '', heading.lower()).replace(' ', '-')}"
        for name, text in texts.items()
        for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    targets = [link for text in texts.values() for link in re.findall(r"\]\(([^)]+)\)", text)]
    assert targets
    assert not [link for link in targets if link not in anchors and link not in texts]


def test_a_workload_named_in_a_text_is_a_link_but_not_on_its_own_part(texts: dict[str, str]) -> None:
    assert "[sums/total](sums.md#sumstotal) are drawn outside, those of `products/square` too" in texts["products.md"]


def test_every_row_of_a_table_has_as_many_cells_as_its_head(texts: dict[str, str]) -> None:
    tables = [
        table for text in texts.values() for table in re.findall(r"<table>.*?</table>", rendered(text), re.DOTALL)
    ]
    assert len(tables) == 3
    for table in tables:
        rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
        assert len({len(re.findall(r"<t[hd]\b", row)) for row in rows}) == 1
    assert "<code>x.sum() | y</code>" in tables[0]


@pytest.mark.parametrize(
    "paragraph",
    [
        "a * b * c and _x_ and __y__ and a_b_c",
        "x**2 + y**2, 2 ** 3 ** 4, **x**2, x**y** and *** or ****",
        "A[i](j), [-5, 5] (points,) and [x]: y",
        "a < b, <b>bold</b> &lt; and & alone",
        r"back\slash, \* and \_",
        "- no list",
        "1. no list either",
        "# no heading",
        "> no quotation",
        "=== and ---",
        "f'(x) = cos x + x/5 ~ 2·size³ | 4",
        "code stays: `a_b * c < d` and `x | y`",
        "an odd ` backtick and * star",
        "word " * 23 + "- 64 flops - " * 30 + "1. " * 30 + "# " * 60 + "+ " * 60 + "> " * 50 + "--- " * 40,
        "word\n    " * 40 + "===",
        "word " * 22 + "and code `x - 3 - 4 - 5 - 6 - 7 - 8 - 9` and more",
    ],
)
def test_a_text_is_shown_as_its_author_wrote_it(paragraph: str, tmp_path: Path) -> None:
    page = one(tmp_path, paragraph)
    assert " ".join(paragraph.replace("`", "").split()) in " ".join(shown_text(page).replace("`", "").split())
    body = rendered(page.partition("```")[0])
    assert not re.search(r"<(em|strong|b|li|h3|blockquote|hr)\b", body)
    assert body.count("<h") == 2


def test_a_word_between_double_stars_is_bold(tmp_path: Path) -> None:
    body = rendered(one(tmp_path, "It is of **time_ and a < b**, not of **x**."))
    assert "It is of <strong>time_ and a &lt; b</strong>, not of <strong>x</strong>." in body


@pytest.mark.parametrize(
    ("family", "title"),
    [
        ("Matrix products: they grow.", "Matrix products"),
        ("No colon here.", "mine"),
        (f"{'Far too long ' * 6}: it is.", "mine"),
        ("", "mine"),
    ],
)
def test_a_page_is_called_what_its_family_says_before_the_first_colon(family: str, title: str, tmp_path: Path) -> None:
    assert one(tmp_path, "One.", family).startswith(f"# {title}\n")


def test_no_path_of_the_machine_is_on_a_page(texts: dict[str, str], tmp_path: Path) -> None:
    assert not [name for name, text in texts.items() if str(tmp_path) in text]


def test_a_workload_of_a_users_own_file_is_run_with_that_file(texts: dict[str, str]) -> None:
    assert "\nbench run --workloads sums.py 'sums/total'\n" in texts["sums.md"]
    assert "\nbench run 'products/square'\n" in texts["products.md"]
