"""What a figure carries: it can be drawn again from itself, and no change of data or picture goes unseen."""

import json
import re
import zlib
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.analyse.rows.row import Row
from bench.present import charts
from bench.present.charts import embedded_data
from bench.records import UserError
from tests.present import example_rows as example

PICTURES = {
    spec.slug: (spec, rows) for rows in (example.everything(), example.gate()) for spec in charts.available(rows)
}


def carried(slug: str) -> embedded_data.FigureData:
    return embedded_data.figure_data(*PICTURES[slug], "light")


@cache
def drawn(slug: str) -> bytes:
    """The chart as an SVG."""
    return embedded_data.encode(carried(slug), "svg")


@pytest.mark.parametrize("slug", list(PICTURES))
def test_every_chart_is_drawn_again_to_the_byte(slug: str, tmp_path: Path) -> None:
    # A PNG takes three times as long, and is made of the same picture: of every fourth chart.
    for suffix in ("svg", "png")[: 2 if list(PICTURES).index(slug) % 4 == 0 else 1]:
        path = tmp_path / f"{slug}.{suffix}"
        path.write_bytes(drawn(slug) if suffix == "svg" else embedded_data.encode(carried(slug), suffix))
        assert embedded_data.problems(path) == []


def test_a_chart_of_cases_that_gave_no_number_is_carried_too() -> None:
    rows = example.rows(*(example.row("m/n", outcome="oom", reason="too large", size=n) for n in (8, 64)))
    (spec,) = charts.available(rows)
    assert b"</svg>" in embedded_data.encode(embedded_data.figure_data(spec, rows, "light"), "svg")


def test_a_pdf_carries_it_as_well(tmp_path: Path) -> None:
    path = tmp_path / "threads.pdf"
    path.write_bytes(embedded_data.encode(carried("threads-matmul-square"), "pdf"))
    assert embedded_data.read(path) == carried("threads-matmul-square")
    assert embedded_data.problems(path) == []


def test_a_changed_digit_in_the_data_is_found(tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    written = drawn("time_by_size-tensors-elementwise")
    changed = re.sub(rb"&quot;value_s&quot;: 5e-06|\"value_s\": 5e-06", b'"value_s": 4e-06', written, count=1)
    assert changed != written
    path.write_bytes(changed)
    with pytest.raises(UserError, match="the data that it carries were changed"):
        embedded_data.problems(path)


@pytest.mark.parametrize("slug", list(PICTURES))
def test_a_changed_digit_in_the_picture_is_found(slug: str, tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    written = drawn(slug).decode()
    picture = written.index("</metadata>", written.index('id="coursebench"'))
    digit = next(re.compile(r'd="M \d').finditer(written, picture)).end() - 1
    path.write_text(f"{written[:digit]}{(int(written[digit]) + 1) % 10}{written[digit + 1 :]}", encoding="utf-8")
    assert embedded_data.problems(path) == ["the picture is not the one that its data give"]


def test_data_and_digest_changed_together_are_found_by_the_picture(tmp_path: Path) -> None:
    found = carried("speedup-matmul-square")
    twin = {"device": {**found.rows[0]["twins"]["device"], "speedup": 9.9}}
    forged = embedded_data.FigureData(**{**vars(found), "rows": ({**found.rows[0], "twins": twin}, *found.rows[1:])})
    path = tmp_path / "figure.svg"
    honest = drawn("speedup-matmul-square").decode()
    held = re.search(r'<metadata id="coursebench">(.*?)</metadata>', honest, re.DOTALL)
    assert held is not None
    path.write_text(honest.replace(held.group(1), forged.text()), encoding="utf-8")
    assert embedded_data.problems(path) == ["the picture is not the one that its data give"]


def test_other_versions_are_no_verification(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "figure.png"
    path.write_bytes(embedded_data.encode(carried("threads-matmul-square"), "png"))
    monkeypatch.setattr(embedded_data, "versions", lambda: {"coursebench": "9", "matplotlib": "9", "numpy": "9"})
    (problem,) = embedded_data.problems(path)
    assert problem.startswith("drawn by other versions")


def test_names_of_people_who_mean_harm_stay_text(tmp_path: Path) -> None:
    name = "<script>alert(1)</script>]]>&amp;"
    rows = example.operations(machine=name)
    spec = next(each for each in charts.available(rows) if each.name == "launch_floor")
    path = tmp_path / "figure.svg"
    path.write_bytes(embedded_data.encode(embedded_data.figure_data(spec, rows, "light"), "svg"))
    root = ElementTree.parse(path).getroot()
    assert not [each for each in root.iter() if each.tag.endswith("script")]
    assert embedded_data.read(path).rows[0]["machine"] == name
    assert embedded_data.problems(path) == []


def test_the_alt_text_is_in_the_file(tmp_path: Path) -> None:
    found = carried("threads-matmul-square")
    root = ElementTree.fromstring(drawn("threads-matmul-square"))
    told = {each.tag.rpartition("}")[2]: each.text for each in root}
    assert (told["title"], told["desc"]) == (found.title, found.alt)
    chunk = embedded_data.encode(found, "png").split(b"iTXtDescription\0\1\0\0\0")[1]
    assert zlib.decompressobj().decompress(chunk).decode() == found.alt


def test_an_infinite_number_and_a_missing_one_come_back() -> None:
    found = carried("break_even-regression-train_step-2")
    told = json.loads(found.text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert "inf" in {row.get("break_even") for row in told["rows"]}
    assert float("inf") in found.frame()["break_even"].tolist()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "carries no data"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "carries no data"),
        (b'<svg><metadata id="coursebench">{"schema": 1}</metadata></svg>', "is damaged"),
        (b'<svg><metadata id="coursebench">{"schema": 99}</metadata></svg>', "has schema 99"),
        (b'<svg><metadata id="coursebench">[]</metadata></svg>', "is damaged"),
    ],
)
def test_what_is_no_figure_of_ours_is_refused(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    path.write_bytes(content)
    with pytest.raises(UserError, match=says):
        embedded_data.read(path)


def test_another_machine_is_drawn_over_the_first() -> None:
    lower = carried("time_by_size-tensors-elementwise")
    other = example.operations(machine="a laptop", run="20250101T120000-cd34")
    both = embedded_data.overlaid(lower, other)
    assert "a laptop" in both.alt
    assert "2-core EPYC" in both.alt
    assert "a laptop" in {text.get_text() for text in both.figure().texts}


def test_of_two_machines_the_knee_is_that_of_the_better_one_alone() -> None:
    lower = carried("saturation-dataloader-epoch")
    other = example.loaders(machine="a laptop", run="20250101T120000-cd34")
    both = embedded_data.overlaid(lower, [example.scaled(row, 3) for row in other])
    assert both.title.removeprefix("dataloader/epoch: 2-core EPYC device_resident") == lower.title.removeprefix(
        "dataloader/epoch: device_resident"
    )


@pytest.mark.parametrize(
    ("slug", "rows", "says"),
    [
        ("speedup-matmul-square", example.devices(run="other"), "shows one machine"),
        ("time_by_size-tensors-elementwise", example.loaders(run="other"), "did not measure tensors/elementwise"),
        ("time_by_size-tensors-elementwise", example.operations(), "is the run that the figure shows"),
        ("time_by_size-tensors-elementwise", example.operations(run="other")[:1], "too few cases"),
    ],
)
def test_what_cannot_be_drawn_over_it_is_refused(slug: str, rows: list[Row], says: str) -> None:
    with pytest.raises(UserError, match=says):
        embedded_data.overlaid(carried(slug), rows)


def test_the_csv_is_what_is_drawn() -> None:
    found = carried("time_by_size-tensors-elementwise")
    lines = found.csv().splitlines()
    assert len(lines) == 1 + len(found.rows)
    assert "value_s" in lines[0]
    assert "params" not in lines[0]
