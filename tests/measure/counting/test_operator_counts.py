"""What one step does, counted."""

from __future__ import annotations

import tracemalloc

import numpy as np
import torch

from bench.measure.counting.operator_counts import counts, traced_peak
from bench.measure.timing.blocks import nothing

CPU = torch.device("cpu")


def test_operators_and_allocations_of_a_step_are_counted():
    a = torch.ones(100)
    found = counts(lambda: a + a, nothing, CPU)
    assert found == {"operators": 1, "allocations": 1, "allocated_bytes": 400}


def test_the_same_step_counts_the_same_each_time():
    net = torch.nn.Linear(8, 8)
    x = torch.ones(4, 8)

    def step():
        net.zero_grad()
        net(x).sum().backward()

    step()
    assert counts(step, nothing, CPU) == counts(step, nothing, CPU)


def test_one_operator_more_is_seen():
    a = torch.ones(100)
    one, two = counts(lambda: a + a, nothing, CPU), counts(lambda: a + a + a, nothing, CPU)
    assert two["operators"] == one["operators"] + 1


def test_on_the_cpu_no_device_is_spoken_of():
    assert not [name for name in counts(lambda: None, nothing, CPU) if name.startswith("device")]


def test_what_numpy_and_python_hold_at_a_time_is_seen_and_what_is_freed_in_between_is_not_added():
    def apart():
        for _ in range(3):
            np.empty(9_000_000, np.uint8)

    def together():
        return [np.empty(9_000_000, np.uint8) for _ in range(3)]

    assert 9e6 <= traced_peak(apart) < 9.1e6
    assert 27e6 <= traced_peak(together) < 27.1e6
    assert traced_peak(lambda: torch.empty(9_000_000)) < 1e5  # tensors are counted as allocations


def test_who_traces_already_is_not_stopped():
    tracemalloc.start()
    try:
        assert traced_peak(lambda: bytearray(1_000_000)) >= 1_000_000
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()
    traced_peak(lambda: None)
    assert not tracemalloc.is_tracing()
