"""The cores that this process may use."""

from __future__ import annotations

import os

import pytest

from bench.measure.machine.cores import affinity, physical_cores


def test_physical_cores_are_at_most_the_cpus_we_may_use() -> None:
    assert 1 <= physical_cores() <= len(affinity())


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot hold a process to a core")
def test_a_process_that_is_held_to_one_cpu_has_one_core() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert (affinity(), physical_cores()) == ([min(before)], 1)
    finally:
        os.sched_setaffinity(0, before)
