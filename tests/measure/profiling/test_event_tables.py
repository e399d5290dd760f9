"""Rows of operators, kernels and of the device, from events written down by hand."""

from bench.measure.profiling import event_tables
from bench.measure.profiling.event_summary import EventSummary
from tests.measure.profiling.simulated import REGION, block, event, events

STEP = [
    {"name": "aten::linear", "kind": "operator", "start": 10, "end": 40, "id": 1, "shapes": "[[8, 4], [2, 4]]"},
    {"name": "aten::mm", "kind": "operator", "start": 15, "end": 35, "id": 2, "shapes": "[[8, 4], [4, 2]]"},
    {"name": "[memory]", "kind": "memory", "start": 16, "end": 16, "bytes": 512, "place": "cuda"},
    {"name": "[memory]", "kind": "memory", "start": 36, "end": 36, "bytes": -512, "place": "cuda"},
    {"name": "cudaLaunchKernel", "kind": "call", "start": 20, "end": 25, "id": 101, "link": 2, "thread": 77},
    {"name": "gemm", "kind": "kernel", "start": 30, "end": 60, "id": 101, "link": 2, "thread": 7},
    {"name": "Memcpy HtoD (Pageable -> Device)", "kind": "copy", "start": 70, "end": 75, "id": 102, "link": 1},
    {"name": "Memset (Device)", "kind": "fill", "start": 76, "end": 77, "id": 103, "link": 1},
]


def found(rows=STEP):
    return EventSummary([*block(0, 100, 100), *events(rows)], REGION, True).facts()


def row(name, rows=STEP):
    return next(row for row in found(rows)["operators"] if row["name"] == name)


def test_own_time_is_without_what_an_operator_called_and_total_with_it():
    assert (row("aten::linear")["self_ns"], row("aten::linear")["total_ns"]) == (10_000, 30_000)
    assert (row("aten::mm")["self_ns"], row("aten::mm")["total_ns"]) == (15_000, 20_000)


def test_device_time_belongs_to_the_operator_that_launched_and_to_all_around_it():
    assert (row("aten::mm")["device_self_ns"], row("aten::mm")["device_total_ns"]) == (30_000, 30_000)
    assert (row("aten::linear")["device_self_ns"], row("aten::linear")["device_total_ns"]) == (6_000, 36_000)


def test_an_allocation_belongs_to_the_innermost_operator_and_what_is_given_back_to_none():
    assert (row("aten::mm")["device_bytes"], row("aten::linear")["device_bytes"]) == (512, 0)


def test_an_operator_with_other_shapes_is_another_row():
    more = {"name": "aten::mm", "kind": "operator", "start": 50, "end": 60, "id": 3, "shapes": "[[1, 4], [4, 2]]"}
    assert [item["calls"] for item in found([*STEP, more])["operators"] if item["name"] == "aten::mm"] == [1, 1]


def test_an_operator_inside_its_like_counts_twice_and_its_time_once():
    rows = [
        {"name": "aten::to", "kind": "operator", "start": 10, "end": 40, "id": 1},
        {"name": "aten::to", "kind": "operator", "start": 15, "end": 35, "id": 2},
    ]
    assert (row("aten::to", rows)["calls"], row("aten::to", rows)["total_ns"]) == (2, 30_000)


def test_what_the_device_did_is_counted_by_kind_and_copies_by_direction():
    device = found()["device"]
    assert (device["kernels"], device["fills"], device["copies"]) == (1, 1, {"HtoD": {"calls": 1, "ns": 5000}})
    assert (device["busy_ns"], device["span_ns"], device["lost"]) == (36_000, 47_000, 0)


def test_a_launch_whose_kernel_was_not_seen_is_lost():
    rows = [item for item in STEP if item["name"] != "gemm"]
    assert found(rows)["device"]["lost"] == 1


def test_waits_count_each_call_and_their_time_once():
    rows = [
        {"name": "aten::item", "kind": "operator", "start": 10, "end": 50, "id": 1},
        {"name": "aten::_local_scalar_dense", "kind": "operator", "start": 12, "end": 48, "id": 2},
        {"name": "cudaStreamSynchronize", "kind": "call", "start": 20, "end": 45, "id": 9, "link": 2},
        {"name": "cudaDeviceSynchronize", "kind": "call", "start": 60, "end": 70, "id": 10},
    ]
    waits = found(rows)["waits"]
    assert sorted(waits["calls"]) == [
        "aten::_local_scalar_dense", "aten::item", "cudaDeviceSynchronize", "cudaStreamSynchronize",
    ]  # fmt: skip
    assert waits["ns"] == 50_000


def test_the_least_of_very_many_rows_are_one():
    rows = [event(f"op{number}", "operator", number, number + 0.5, id=number + 1) for number in range(1000)]
    kept = EventSummary([*block(0, 2000, 2000), *rows], REGION, False).facts()["operators"]
    assert len(kept) == event_tables.MOST_ROWS
    assert (kept[-1]["name"], sum(item["calls"] for item in kept)) == (event_tables.REST, 1000)
