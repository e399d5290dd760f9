"""The table of time ÷ floor, and the peaks below it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bench.analyse.rows.floor import with_floor
from bench.analyse.rows.peaks import Peaks, peaks
from bench.analyse.rows.record import FLOOR
from bench.analyse.rows.row import Row
from bench.present.tables import estimates_table, peaks_table
from bench.present.tables.estimates_table import KnownPeaks
from tests.present import example_rows as example

Golden = Callable[[str, str], None]

BEGUN = datetime(2025, 1, 1, 12, tzinfo=UTC)
NOW = BEGUN + timedelta(hours=3, minutes=5)


def calibration(**more: Any) -> list[dict[str, Any]]:
    """Peaks of a core: 70 GFLOP/s, 60 GB/s in caches and 12 GB/s in memory, 40 ns a launch."""
    return [
        example.row("calibration/product", 2e9 / 70e9, size=1024, flops=2e9, **more),
        example.row("calibration/copy", 2**23 / 60e9, numbytes=2**15, bytes=2.0**23, **more),
        example.row("calibration/copy", 2**23 / 50e9, numbytes=2**23, bytes=2.0**23, **more),
        example.row("calibration/triad", 2**23 / 60e9, numbytes=2**23, bytes=2.0**23, **more),
        example.row("calibration/copy", 2**27 / 12e9, numbytes=2**27, bytes=2.0**27, **more),
        example.row("calibration/empty_kernel", 4096 * 40e-9, kernels=4096.0, **more),
    ]


def lessons() -> list[dict[str, Any]]:
    """One case for each thing that can be said of a floor."""
    work = {"items": 1.0, "unit": "step"}
    return [
        example.row("autograd/polynomial", 30e-6, flops=12.0, bytes=8.0, kernels=2.0, findings=[example.FEW], **work),
        example.row("matmul/square", 9e-6, size=64, flops=2.0 * 64**3, bytes=12.0 * 64**2, kernels=1.0, **work),
        example.row("matmul/square", 31e-3, size=1000, flops=2e9, bytes=12e6, kernels=1.0, **work),
        example.row("matmul/square", 1e-6, size=1000, mode="trace", flops=2e9, bytes=12e6, kernels=1.0, **work),
        example.row("matmul/square", 1.9, size=4096, flops=137.4e9, bytes=201e6, kernels=1.0, **work),
        example.row("matmul/square", 61e-3, size=1000, dtype="float64", flops=2e9, bytes=24e6, kernels=1.0, **work),
        example.row("tensors/add", 9e-3, spread=0, numbers=10**7, flops=1e7, bytes=120e6, kernels=1.0, **work),
        example.row("tensors/reshape", 1e-6, flops=0.0, bytes=0.0, kernels=0.0, **work),
        example.row("vision/cnn", outcome="oom", reason="32 GiB asked, 20 GiB free"),
    ]


def floors(*records: dict[str, Any]) -> tuple[list[Row], Peaks]:
    rows = example.rows(*(records or (*lessons(), *calibration())))
    found = peaks(rows, BEGUN)
    return with_floor(rows, found), found


def shown(format: str = "table", **options: Any) -> str:
    rows, found = floors()
    return estimates_table.show(rows, format, floors=KnownPeaks(found, NOW), **options)


@pytest.mark.parametrize("width", [80, 120, 160])
def test_the_floor_table_reads_as_it_was_agreed(width: int, golden: Golden) -> None:
    golden(f"floor_{width}.txt", shown(width=width))


def test_the_floor_in_markdown_reads_as_it_was_agreed(golden: Golden) -> None:
    golden("floor.md", shown("md"))


@pytest.mark.parametrize("width", [80, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, shown(width=width).splitlines())) <= width


def test_the_age_of_the_peaks_is_printed() -> None:
    assert "Peaks: measured 3 hours ago by this run" in shown()


def test_peaks_of_another_run_are_named() -> None:
    other = [{**each, "run": "20250102T120000-cd34"} for each in lessons()]
    rows = with_floor(example.rows(*other), floors()[1])
    text = estimates_table.show(rows, "table", floors=KnownPeaks(floors()[1], NOW))
    assert "Peaks: measured 3 hours ago by run 20250101T120000-ab12" in text


def test_a_time_below_the_floor_is_shown_as_wrong_with_the_reason() -> None:
    text = " ".join(shown().split())
    assert "wrong: its time [980 ns, 1.02 µs] lies wholly below the floor" in text
    assert "error, below-floor" in text


def test_a_time_below_the_floor_that_is_no_error_is_marked_and_says_why() -> None:
    text = " ".join(shown(width=200).split())
    assert "0.97× [0.93, 1.01] (!)" in text
    assert "(!) Below the floor, but larger than any product its peak was measured with" in text


def test_calibration_rows_are_told_as_peaks_alone() -> None:
    assert "calibration/copy" not in shown()


def test_a_run_of_calibration_alone_shows_its_peaks() -> None:
    rows, found = floors(*calibration())
    text = estimates_table.show(rows, "table", floors=KnownPeaks(found, NOW), width=200)
    assert "no floor: it is the peak" in text
    assert "70 G flops/s" in text


def test_peaks_that_no_row_used_are_not_told() -> None:
    rows, found = floors(*lessons(), *calibration(), *calibration(threads=2))
    assert "threads=2" not in estimates_table.show(rows, "table", floors=KnownPeaks(found, NOW)).partition("Peaks:")[2]


def test_sets_under_one_ceiling_are_told_once() -> None:
    below = shown().partition("Peaks:")[2]
    assert [line.split()[5:7] for line in below.splitlines() if line.startswith("bandwidth")] == [
        ["32.0", "KiB"],
        ["128", "MiB"],
    ]


@pytest.mark.parametrize("format", ["json", "csv"])
def test_programs_get_every_column_of_the_floor(format: str) -> None:
    assert all(name in shown(format) for name in FLOOR)


def test_json_rows_hold_the_numbers_and_null_where_there_are_none() -> None:
    rows = {(row["workload"], row["params"].get("size")): row for row in json.loads(shown("json"))}
    square = rows["matmul/square", 64]
    assert square["times_floor"] == pytest.approx(9e-6 / (2 * 64**3 / 70e9))
    assert square["times_floor_low"] < square["times_floor"] < square["times_floor_high"]
    assert rows["tensors/reshape", None]["times_floor"] is None
    assert rows["tensors/reshape", None]["floor_reason"] == "it computes and moves nothing"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "less than a minute"), (60, "1 minute"), (7199, "1 hour"), (7200, "2 hours"), (9e5, "10 days")],
)
def test_an_age_is_told_in_its_largest_unit(seconds: float, text: str) -> None:
    assert peaks_table.age(seconds) == text


def test_no_rows_are_said_to_be_none() -> None:
    assert estimates_table.show([], "table", floors=KnownPeaks(floors()[1], NOW)) == "No cases.\n"
