"""Rows as points: of each case, clock and measure a number, or why there is none."""

import json
from dataclasses import replace

import pytest

from bench.analyse.rows.row import Row
from bench.present.pages.explore_points import workloads
from bench.records import Finding
from tests.present import example_rows as example


def only(rows: list[Row], vs: str | None = None) -> dict:
    (found,) = workloads(rows, vs)
    return found


def numbers(workload: dict, measure: str = "time") -> list[dict]:
    return [row["numbers"].get(measure, {}) for row in workload["rows"]]


def clocks() -> list[Row]:
    """A case of the CPU, which has one clock; one of a GPU with three; one whose device clock failed."""
    gpu = [example.row("a/b", 1e-3, device="cuda", size=1, clock=clock) for clock in ("device", "wall", "latency")]
    failed = example.row("a/b", 2e-3, device="cuda", size=2) | {"no_clock": {"step:device": "it synchronises"}}
    return example.rows(*gpu, failed, example.row("a/b", 1e-2, size=1))


def test_a_number_has_its_interval_as_text_and_how_that_was_had() -> None:
    found = numbers(only(example.rows(example.row("a/b", 1e-3))))[0]
    assert (found["value"], found["low"], found["high"]) == pytest.approx((1e-3, 0.98e-3, 1.024e-3))
    assert found["text"] == "1.00 ms [0.98, 1.02]"
    assert found["how"] == "order statistics of 6 launches, 96.9 %"


def test_a_number_of_one_launch_has_no_interval_and_says_so() -> None:
    one = example.row("a/b", 1e-3, spread=0, launches=1, method="one launch: no interval")
    found = numbers(only(example.rows(one)))[0]
    assert not {"low", "high"} & set(found)
    assert found["how"] == "one launch: no interval"


def test_a_peak_is_in_mebibytes_without_an_interval_and_the_clock_does_not_matter_to_it() -> None:
    workload = only(example.matmul())
    found = numbers(workload, "peak")[0]
    assert found["value"] == 12.0 * 64**2 / 1024**2
    assert found["how"] == "the largest of all launches: a maximum has no interval"
    assert {each["name"]: each["clocked"] for each in workload["measures"]} == {
        "time": True, "throughput": True, "first_call": False, "peak": False,
    }  # fmt: skip


def test_measures_that_no_case_has_are_not_offered() -> None:
    assert [each["name"] for each in only(example.rows(example.row("a/b", 1e-3)))["measures"]] == [
        "time",
        "throughput",
    ]


def test_titles_name_the_unit_and_what_speed_ups_are_against() -> None:
    titles = {each["name"]: each["title"] for each in only(example.modes(), "mode=eager")["measures"]}
    assert titles["throughput"] == "throughput in rows per second"
    assert titles["speedup"] == "speed-up against mode=eager"


def test_a_case_that_ended_badly_has_no_number_and_its_reason() -> None:
    (lost,) = [row for row in only(example.matmul())["rows"] if row["outcome"] != "ok"]
    assert (lost["outcome"], lost["numbers"]) == ("oom", {})
    assert lost["reason"] == "CUDA out of memory: 192 MiB asked, 80 MiB free"
    assert lost["axes"] == {"size": "4096", "device": "cuda"}


def test_a_reason_that_was_not_recorded_is_said_to_be_so() -> None:
    assert only(example.rows(example.row("a/b", outcome="crashed")))["rows"][0]["reason"] == "no reason was recorded"


def test_every_case_has_a_row_for_each_clock_and_one_is_its_first() -> None:
    workload = only(clocks())
    assert workload["clocks"] == ["wall", "latency", "device"]
    assert len(workload["rows"]) == 3 * 3
    firsts = [(row["key"], row["clock"]) for row in workload["rows"] if row["first"]]
    assert len(firsts) == 3
    assert {clock for _, clock in firsts} == {"wall"}


def test_a_clock_that_a_case_lacks_says_why() -> None:
    rows = [row for row in only(clocks())["rows"] if row["clock"] == "device"]
    whys = {row["case"]: row["numbers"]["time"].get("why") for row in rows}
    assert whys == {
        "size=1, device=cuda": None,
        "size=2, device=cuda": "it synchronises",
        "size=1, device=cpu": "the CPU has no such clock: see wall",
    }


def test_a_case_without_a_speed_up_is_the_reference_or_has_none() -> None:
    alone = example.row("regression/train_step", 1e-3, rows=1, mode="compile", unit="row")
    modes = [replace(row, speedup=None) if row.axis("mode") == "eager" else row for row in example.modes()]
    found = only([*modes, *example.rows(alone)])
    whys = {row["case"]: row["numbers"].get("speedup", {}).get("why") for row in found["rows"]}
    assert whys["rows=800, mode=eager"] == "others are compared with it"
    assert whys["rows=1, mode=compile"] == "there is no case to compare it with"
    assert whys["rows=800, mode=compile"] is None


def test_axes_are_those_that_vary_their_values_in_order_as_keys_have_them() -> None:
    rows = example.rows(*(example.row("a/b", 1e-3, size=size, lr=0.1, form="x") for size in (1024, 64, 256)))
    workload = only(rows)
    assert workload["axes"] == [{"name": "size", "numeric": True, "values": ["64", "256", "1024"]}]
    assert workload["same"] == "device=cpu, dtype=float32, mode=eager, threads=1, form=x, lr=0.1"


@pytest.mark.parametrize(
    ("values", "numeric"), [((0.1, 1e-5), True), ((1, "physical"), False), ((True, False), False), ((1, None), True)]
)
def test_an_axis_is_numeric_where_all_that_is_there_are_numbers(values, numeric) -> None:
    rows = [example.row("a/b", 1e-3, **({} if value is None else {"n": value})) for value in values]
    (axis,) = only(example.rows(*rows))["axes"]
    assert axis["numeric"] is numeric
    assert set(axis["values"]) == {"–" if value is None else str(value) for value in values}


def test_the_longest_sweep_goes_to_the_right_and_colours_tell_the_next_axis_apart() -> None:
    assert [(each["x"], each["color"]) for each in workloads(example.loaders())] == [("batch", "loader")]
    assert [(each["x"], each["color"]) for each in workloads(example.modes())] == [("rows", "mode")]
    assert [(each["x"], each["color"]) for each in workloads(example.rows(example.row("a/b", 1.0)))] == [("", "")]


def test_an_axis_with_more_values_than_colours_is_not_coloured_at_first() -> None:
    rows = [example.row("a/b", 1e-3, size=size, op=f"op{op}") for size in range(12) for op in range(9)]
    assert only(example.rows(*rows))["color"] == ""


def test_several_machines_are_one_more_axis() -> None:
    workload = only([*example.loaders(machine="here", run="1"), *example.loaders(machine="there", run="2")])
    assert {"name": "machine", "numeric": False, "values": ["here", "there"]} in workload["axes"]
    assert "run" not in [axis["name"] for axis in workload["axes"]]
    assert {row["key"].rpartition("] ")[2] for row in workload["rows"]} == {"machine=here", "machine=there"}


def test_a_case_that_one_machine_measured_twice_is_told_apart_by_its_runs() -> None:
    rows = [*example.loaders(run="1"), *example.loaders(run="2")]
    names = {tuple(sorted(row["axes"].items())) for row in only(rows)["rows"]}
    assert len(names) == len(rows)


def test_doubts_are_told_with_their_severity() -> None:
    row = example.row("a/b", 1e-3, findings=[Finding("drift", "warning", "it got slower", "wait")])
    assert only(example.rows(row))["rows"][0]["doubts"] == ["warning: it got slower"]


def test_what_is_told_is_json_without_a_number_that_json_lacks() -> None:
    json.dumps(workloads(example.everything()), allow_nan=False)
