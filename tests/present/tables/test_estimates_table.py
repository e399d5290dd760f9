"""The tables of `bench show`."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable

import pandas as pd
import pytest

from bench.analyse.rows.row import Row
from bench.present.tables import estimates_table, table_formats
from bench.present.tables.terminal_table import Column
from bench.records import UserError
from tests.present import example_rows as example

Golden = Callable[[str, str], None]


def everything() -> list[Row]:
    return [*example.matmul(), *example.modes(), *example.loaders()]


def markdown_rows(text: str) -> list[dict[str, str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [
        [cell.strip().replace("\0", "|") for cell in line.replace("\\|", "\0").strip("|").split("|")] for line in lines
    ]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_terminal_table_reads_as_it_was_agreed(width: int, golden: Golden) -> None:
    golden(f"show_{width}.txt", estimates_table.show(everything(), "table", "mode=eager", width=width))


def test_the_markdown_table_reads_as_it_was_agreed(golden: Golden) -> None:
    golden("show.md", estimates_table.show(example.modes(), "md", "mode=eager"))


def test_the_json_reads_as_it_was_agreed(golden: Golden) -> None:
    golden("show.json", estimates_table.show(example.modes()[:2], "json"))


def test_the_csv_reads_as_it_was_agreed(golden: Golden) -> None:
    golden("show.csv", estimates_table.show(everything(), "csv"))


@pytest.mark.parametrize("width", [80, 120, 200])
def test_no_line_of_the_terminal_table_is_wider_than_the_terminal(width: int) -> None:
    lines = estimates_table.show(everything(), "table", "mode=eager", width=width).splitlines()
    assert max(len(line) for line in lines) <= width


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_row_tells_mode_and_size_at_every_width(width: int) -> None:
    text = estimates_table.show(example.modes(), "table", "mode=eager", width=width)
    assert "compile-max-autotune" in text


def test_what_was_left_out_for_want_of_room_is_named() -> None:
    assert "Not shown at this width:" in estimates_table.show(everything(), "table", width=80)


def test_a_key_too_long_for_the_terminal_stays_whole() -> None:
    long = "x" * 80
    text = estimates_table.show(
        example.rows(example.row("a/b", 1.0, loader=long), example.row("a/b", 2.0)), "table", width=60
    )
    assert f"a/b[device=cpu,dtype=float32,loader={long},mode=eager,threads=1]" in text


def test_a_reason_stands_beside_the_outcome() -> None:
    assert "oom: CUDA out of memory" in estimates_table.show(example.matmul(), "table", width=120)


def test_a_doubt_is_a_mark_in_the_row_and_a_sentence_below() -> None:
    text = estimates_table.show(example.modes(), "table", width=200)
    assert "138 µs [135, 141] (b)" in text
    assert "(b) warning, few-launches." in text
    assert "Run it again with --launches 6 or more." in text


def test_a_time_without_interval_says_so() -> None:
    text = estimates_table.show(example.rows(example.row("a/b", 1.0, spread=0, launches=1)), "table")
    assert "1.00 s (no interval)" in text


def test_what_a_workload_says_of_its_answer_stands_beside_the_time() -> None:
    rows = example.rows(
        example.row("a/fit", 1.0, quality={"test_accuracy": 0.98512, "epochs": 12.0}),
        example.row("a/other", 1.0, quality={}),
        example.row("a/lost", 1.0, quality={"loss": None}),
    )
    said = [row["quality"] for row in markdown_rows(estimates_table.show(rows, "md"))]
    assert said == ["test accuracy 0.9851, epochs 12", "–", "loss –"]
    assert "test accuracy 0.9851" in estimates_table.show(rows, "table", width=200)


def test_quality_is_a_column_only_where_a_workload_has_some() -> None:
    assert "quality" not in estimates_table.show(example.matmul(), "md").splitlines()[0]


def test_clock_is_a_column_only_where_there_are_several() -> None:
    two = example.rows(example.row("a/b", 1.0), example.row("a/b", 2.0, clock="device"))
    headers = [estimates_table.show(rows, "md").splitlines()[0] for rows in (two, example.matmul())]
    assert [("clock" in header) for header in headers] == [True, False]


def test_colour_is_used_only_when_asked_for() -> None:
    plain, painted = (estimates_table.show(example.matmul(), "table", color=color) for color in (False, True))
    assert ("\x1b[" in plain, "\x1b[" in painted) == (False, True)


def test_brackets_of_a_key_are_not_taken_for_markup() -> None:
    text = estimates_table.show(example.rows(example.row("a/b", 1.0, loader="red")), "table", color=True, width=20)
    assert "[device=cpu,dtype=float32,loader=red,mode=eager,threads=1]" in text


def test_markdown_has_a_row_for_each_case_and_clock_with_literal_keys() -> None:
    rows = markdown_rows(estimates_table.show(example.modes(), "md", "mode=eager"))
    assert [row["case"] for row in rows] == [row.key for row in example.modes()]


def test_markdown_gives_median_interval_launches_outcome_and_speed_up_apart() -> None:
    row = markdown_rows(estimates_table.show(example.modes(), "md", "mode=eager"))[1]
    wanted = ["median", "interval", "launches", "outcome", "speed-up", "speed-up interval", "pairing"]
    assert [row[name] for name in wanted] == [
        "138 µs", "[135, 141] µs", "6", "ok", "1.52×", "[1.48, 1.57]", "unpaired",
    ]  # fmt: skip


def test_a_pipe_in_a_reason_does_not_end_its_markdown_cell() -> None:
    assert markdown_rows(estimates_table.show(example.modes(), "md"))[-1]["reason"].endswith("g++ | clang")


def test_a_tag_in_markdown_is_escaped() -> None:
    rows = example.rows(example.row("a/b", outcome="failed", reason="<script>alert(1)</script>"))
    assert "<script" not in estimates_table.show(rows, "md")


def test_json_is_valid_where_numbers_are_missing() -> None:
    rows = json.loads(estimates_table.show(example.modes(), "json"), parse_constant=pytest.fail)
    assert rows[-1]["value_s"] is None


def test_json_has_what_other_programs_rely_on_even_if_the_frame_has_not() -> None:
    (row,) = json.loads(estimates_table.show(example.rows(example.row("a/b", 1.0)), "json"))
    promised = (
        "key workload params outcome reason clock value_s low_s high_s method launches blocks first_call_s "
        "compile_cold_s compile_warm_s peak_bytes items_per_s speedup speedup_low speedup_high speedup_paired findings"
    )
    assert set(promised.split()) <= set(row)


def test_json_gives_findings_as_check_severity_message_advice() -> None:
    rows = json.loads(estimates_table.show(example.modes(), "json"))
    assert {"check", "severity", "message", "advice"} <= set(rows[1]["findings"][0])


def test_csv_reads_back_as_numbers() -> None:
    back = pd.read_csv(io.StringIO(estimates_table.show(everything(), "csv")), float_precision="round_trip")
    assert back["value_s"].dropna().tolist() == [row.time.value for row in everything() if row.time]


def test_csv_has_a_column_for_each_axis() -> None:
    header = next(csv.reader(io.StringIO(estimates_table.show(everything(), "csv"))))
    assert {"device", "dtype", "mode", "threads", "size", "rows", "batch", "loader"} <= set(header)


def test_no_rows_are_said_to_be_none() -> None:
    assert estimates_table.show([], "table") == "No cases.\n"


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="table, md, csv, json"):
        estimates_table.show(example.matmul(), "xml")


@pytest.mark.parametrize("format", ["table", "md", "csv", "json"])
def test_any_rows_can_be_rendered(format: str) -> None:
    rows = [{"name": "matmul/square", "axes": {"size": [64, 256]}, "modes": ["eager"]}, {"name": "b/c", "axes": {}}]
    assert "matmul/square" in table_formats.render(rows, ["name", "axes", "modes"], format)


def test_a_wrapped_column_leaves_the_others_alone() -> None:
    rows = [{"name": "matmul/square", "summary": "a long sentence about a product " * 5}]
    text = table_formats.render(rows, ["name", Column("summary", wrap=True)], "table", width=60)
    assert max(len(line) for line in text.splitlines()) <= 60
    assert "matmul/square" in text


def test_showing_a_table_loads_neither_matplotlib_nor_scipy_nor_jinja2_nor_rich() -> None:
    code = (
        "import sys, bench.present.tables.estimates_table, bench.present.words.units\n"
        "import bench.present.tables.table_formats\n"
        "print([name for name in ('matplotlib', 'scipy', 'jinja2', 'rich', 'torch', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("method", "paired", "said"),
    [
        ("paired by launch: t on logs, 3 launches, 95 %", True, "by launch"),
        ("paired by round: t on logs, 3 launches, 95 %", True, "by round"),
        ("unpaired: Welch's t on logs, 3 launches, 95 %", False, "unpaired"),
    ],
)
def test_the_table_says_which_pairing_it_was(method, paired, said):
    row = example.row(
        "a/b", 1.0, reference="a/b[form=cure]", speedup=2.0, speedup_low=1.9, speedup_high=2.1, speedup_paired=paired,
        speedup_method=method,
    )  # fmt: skip
    (cells,) = markdown_rows(estimates_table.show(example.rows(row), "md"))
    assert cells["pairing"] == said


def test_across_devices_the_threads_of_the_reference_are_printed():
    rows = example.matmul(
        reference="matmul/square[device=cpu,size=64,threads=2]",
        speedup=2.0, speedup_low=1.9, speedup_high=2.1, speedup_paired=True, speedup_method="paired by launch: t",
    )  # fmt: skip
    assert "fastest measured thread count, threads=2" in " ".join(
        estimates_table.show(rows, "md", vs="device=cpu").split()
    )
