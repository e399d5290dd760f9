"""What the time of a step went to, by events written down by hand: no torch, no GPU, no clock."""

import random

import pytest

from bench.measure.profiling.event_summary import EventSummary
from bench.measure.profiling.events import Event, windows, within
from bench.measure.profiling.timeline import STARTING_REGION, busy, nested, self_ns, union_ns
from tests.measure.profiling.simulated import REGION, block, event, events, us

LAUNCHED = [
    {"name": "aten::mm", "kind": "operator", "start": 10, "end": 30, "id": 1},
    {"name": "cudaLaunchKernel", "kind": "call", "start": 20, "end": 28, "id": 101, "link": 1, "thread": 77},
    {"name": "gemm", "kind": "kernel", "start": 40, "end": 90, "id": 101, "link": 1, "thread": 7},
]
"""An operator that launches one kernel."""


def split(rows, start=0, end=100, drained=100, on_device=True):
    return us(EventSummary([*block(start, end, drained), *events(rows)], REGION, on_device).facts()["split_ns"])


def test_a_device_that_computes_is_what_the_step_waits_for():
    assert split(LAUNCHED) == {"kernels": 50, "operators": 20, "python": 30}


def test_the_parts_add_up_to_the_block():
    assert sum(split(LAUNCHED).values()) == 100


def test_what_the_device_does_after_the_last_return_counts_and_the_wait_for_it_too():
    late = [{"name": "gemm", "kind": "kernel", "start": 60, "end": 70, "id": 1}]
    assert split(late, end=50, drained=100) == {"python": 50, "waiting": 10, "kernels": 10}


def test_a_kernel_that_an_earlier_block_launched_is_none_of_this_one():
    rows = [{"name": "gemm", "kind": "kernel", "start": -40, "end": -10}]
    assert split(rows) == {"python": 100}


def test_the_profilers_own_wait_for_the_device_counts_nowhere():
    rows = [{"name": "cudaDeviceSynchronize", "kind": "call", "start": 101, "end": 130}]
    assert split(rows, end=100, drained=140) == {"python": 100}


ITEM = [
    {"name": "aten::item", "kind": "operator", "start": 20, "end": 90, "id": 3},
    {"name": "aten::_local_scalar_dense", "kind": "operator", "start": 22, "end": 88, "id": 4},
    {"name": "cudaMemcpyAsync", "kind": "call", "start": 24, "end": 30, "id": 104, "link": 4, "thread": 77},
    {"name": "Memcpy DtoH (Device -> Pageable)", "kind": "copy", "start": 30, "end": 32, "id": 104, "link": 4},
    {"name": "cudaStreamSynchronize", "kind": "call", "start": 31, "end": 86, "id": 105, "link": 4, "thread": 77},
]
"""A number read back: a copy of 2 us, and a wait around it."""


def test_reading_a_number_back_is_waiting_where_the_device_idles():
    assert split(ITEM) == {"python": 30, "waiting": 68, "copies": 2}


def test_on_the_cpu_item_waits_for_nothing():
    assert split(ITEM[:2], on_device=False) == {"python": 30, "operators": 70}


def test_a_copy_from_the_host_is_copying_while_the_device_copies_and_while_the_host_does():
    rows = [
        {"name": "aten::copy_", "kind": "operator", "start": 10, "end": 80, "id": 5},
        {"name": "cudaMemcpyAsync", "kind": "call", "start": 15, "end": 75, "id": 106, "link": 5, "thread": 77},
        {"name": "Memcpy HtoD (Pageable -> Device)", "kind": "copy", "start": 20, "end": 70, "id": 106, "link": 5},
    ]
    assert split(rows) == {"python": 30, "copies": 70}


def test_fetching_a_batch_is_the_loaders_with_all_operators_in_it():
    rows = [
        {"name": "enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__", "kind": "annotation"},
        {"name": "aten::stack", "kind": "operator"},
    ]
    rows = [{**row, "start": 10 + 5 * place, "end": 60 - 5 * place, "id": 7 + place} for place, row in enumerate(rows)]
    assert split(rows, on_device=False) == {"loader": 50, "python": 50}


def test_starting_workers_is_no_fetching_though_the_first_batch_is_waited_for():
    rows = [
        {"name": STARTING_REGION, "kind": "annotation", "start": 0, "end": 20, "id": 7},
        {"name": "enumerate(DataLoader)#_MultiProcessingDataLoaderIter.__next__", "kind": "annotation"},
        {"name": STARTING_REGION, "kind": "annotation", "start": 30, "end": 60, "id": 9},
        {"name": "aten::set_", "kind": "operator", "start": 40, "end": 50, "id": 10},
    ]
    rows[1] |= {"start": 25, "end": 70, "id": 8}
    assert split(rows, on_device=False) == {"starting": 50, "loader": 15, "python": 35}


def test_a_region_that_someone_named_is_python_but_for_the_operators_in_it():
    rows = [
        {"name": "Optimizer.step#SGD.step", "kind": "annotation", "start": 0, "end": 50, "id": 7},
        {"name": "aten::add_", "kind": "operator", "start": 10, "end": 20, "id": 8},
    ]
    assert split(rows, on_device=False) == {"operators": 10, "python": 90}


def test_what_was_compiled_is_told_from_the_operators_it_calls():
    rows = [
        {"name": "## Call CompiledFxGraph fabcdefg ##", "kind": "annotation", "start": 10, "end": 60, "id": 7},
        {"name": "aten::addmm", "kind": "operator", "start": 20, "end": 30, "id": 8},
    ]
    assert split(rows, on_device=False) == {"compiled": 40, "operators": 10, "python": 50}


def test_what_torch_compile_does_around_its_code_is_told_from_that():
    rows = [
        {"name": "TorchDynamo Cache Lookup", "kind": "operator", "start": 0, "end": 10, "id": 5},
        {"name": "Torch-Compiled Region: 0/0", "kind": "operator", "start": 10, "end": 80, "id": 6},
        {"name": "## Call CompiledFxGraph fabcdefg ##", "kind": "annotation", "start": 30, "end": 60, "id": 7},
        {"name": "aten::addmm", "kind": "operator", "start": 40, "end": 50, "id": 8},
    ]
    assert split(rows, on_device=False) == {"wrapping": 50, "compiled": 20, "operators": 10, "python": 20}


def test_operators_of_a_thread_of_autograd_are_operators():
    rows = [{"name": "AddmmBackward0", "kind": "operator", "start": 10, "end": 60, "id": 7, "thread": 2}]
    assert split(rows) == {"operators": 50, "python": 50}


def test_time_between_blocks_counts_nowhere():
    rows = [*block(0, 10, 10), event("aten::zero_", "operator", 20, 90, id=2), *block(100, 110, 110)]
    assert us(EventSummary(rows, REGION, False).facts()["split_ns"]) == {"python": 20}


def test_a_block_whose_region_of_steps_was_lost_is_no_block():
    rows = [*block(0, 10, 10), block(100, 110, 110)[0]]
    found = EventSummary(rows, REGION, False).facts()
    assert (found["blocks"], us(found["split_ns"])) == (1, {"python": 10})


def test_without_any_region_nothing_is_said():
    found = EventSummary(events(LAUNCHED), REGION, True).facts()
    assert (found["blocks"], found["operators"], us(found["split_ns"])) == (0, [], {})


# --- intervals of the device ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], 0),
        ([(0, 10)], 10),
        ([(0, 10), (10, 20)], 20),
        ([(0, 10), (5, 20)], 20),
        ([(0, 30), (5, 20)], 30),
        ([(0, 10), (15, 20)], 15),
        ([(15, 20), (0, 10), (4, 4)], 15),
    ],
)
def test_the_union_counts_each_nanosecond_once(spans, expected):
    assert union_ns(spans) == expected


def test_the_union_is_what_counting_each_nanosecond_finds():
    dice = random.Random(1)
    for _ in range(100):
        spans = [(start, start + dice.randrange(12)) for start in (dice.randrange(60) for _ in range(9))]
        assert union_ns(spans) == len({at for start, end in spans for at in range(start, end)})


def test_kernels_of_two_streams_that_overlap_keep_the_device_busy_once():
    device = events(
        [
            {"name": "a", "kind": "kernel", "start": 10, "end": 40, "thread": 7},
            {"name": "b", "kind": "kernel", "start": 20, "end": 50, "thread": 8},
            {"name": "c", "kind": "kernel", "start": 70, "end": 90, "thread": 7},
        ]
    )
    assert busy(device, windows(block(0, 100, 100), REGION)) == (60_000, 80_000)


# --- nesting --------------------------------------------------------------------------------------------------------


def test_a_call_lies_in_the_operator_it_is_linked_to_whatever_thread_it_names():
    tree = nested(within(events(LAUNCHED), windows(block(0, 100, 100), REGION)), main=1)
    assert [(node.event.name, node.parent) for node in tree] == [("aten::mm", -1), ("cudaLaunchKernel", 0)]
    assert self_ns(tree) == [12_000, 8_000]


def test_a_call_that_sticks_out_of_its_operator_ends_with_it():
    rows = [Event("aten::mm", "operator", 0, 100, 1, 1), Event("cudaLaunchKernel", "call", 90, 104, 77, 9, 1)]
    assert self_ns(nested(rows, main=1)) == [90, 10]


def test_own_times_add_up_to_those_of_the_outermost():
    dice = random.Random(2)
    rows = [event("outer", "operator", 0, 1000, id=1)]
    for number in range(2, 60):
        start = dice.randrange(1000)
        rows.append(event(f"op{number}", "operator", start, min(1000, start + dice.randrange(200)), id=number))
    assert sum(self_ns(nested(rows, main=1))) == 1000_000
