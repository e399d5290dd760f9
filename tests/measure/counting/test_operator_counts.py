"""What one step does, counted."""

from __future__ import annotations

import torch

from bench.measure.counting.operator_counts import counts
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
