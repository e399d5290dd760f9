"""What a block took of the processor."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from bench.measure.timing.cpu_clock import CpuReading, read_cpu, spent


def busy(seconds: float) -> None:
    """Compute on this thread until it has spent so much CPU time."""
    ends = time.thread_time() + seconds
    while time.thread_time() < ends:
        pass


def test_a_busy_thread_spends_cpu_time_of_the_thread_and_of_the_process():
    before = read_cpu()
    busy(0.02)
    used = spent(before, read_cpu())
    assert used.thread_ns >= 20_000_000
    assert used.process_ns >= used.thread_ns * 0.999  # two clocks of the kernel, read one after the other


def test_another_thread_spends_cpu_time_of_the_process_alone():
    before = read_cpu()
    other = threading.Thread(target=busy, args=(0.05,))
    other.start()
    other.join()
    used = spent(before, read_cpu())
    assert used.process_ns >= 50_000_000
    assert used.thread_ns < used.process_ns / 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts context switches by thread")
def test_a_thread_that_sleeps_has_waited():
    before = read_cpu()
    for _ in range(5):
        time.sleep(0.001)
    used = spent(before, read_cpu())
    assert used.waited >= 5


def test_counts_that_a_system_lacks_stay_unknown():
    unknown = CpuReading(1, 1, None, None)
    assert spent(unknown, CpuReading(5, 3, None, None)) == CpuReading(4, 2, None, None)
