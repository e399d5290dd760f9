"""One core: how to hold a step there, and whether it needs no more."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest
import torch

from bench.measure.timing.one_core import CoreUse, on_core

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="this system cannot hold a thread to a core"
)


def spin(seconds):
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        pass


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_inside_the_thread_is_held_and_outside_it_is_free_again():
    before = os.sched_getaffinity(0)
    cpu = max(before)
    with on_core(cpu):
        assert os.sched_getaffinity(0) == {cpu}
    assert os.sched_getaffinity(0) == before


def test_a_step_that_raises_is_let_go_too():
    before = os.sched_getaffinity(0)
    with pytest.raises(RuntimeError), on_core(max(before)):
        raise RuntimeError
    assert os.sched_getaffinity(0) == before


def test_without_a_core_nothing_is_held():
    before = os.sched_getaffinity(0)
    with on_core(None):
        assert os.sched_getaffinity(0) == before


def test_what_one_thread_does_needs_one_core():
    """In a process of its own: threads that other tests left behind here may still be spinning."""
    code = (
        "import time, torch; from bench.measure.timing.one_core import CoreUse\n"
        "torch.set_num_threads(1); cores = CoreUse()\n"
        "end = time.perf_counter() + 0.2\nwhile time.perf_counter() < end: torch.ones(64, 64) @ torch.ones(64, 64)\n"
        "assert cores.one()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_thread_beside_it_needs_another():
    cores = CoreUse()
    thread = threading.Thread(target=spin, args=(0.1,))
    thread.start()
    thread.join()
    assert not cores.one()


def test_a_process_that_it_started_needs_another():
    cores = CoreUse()
    subprocess.run([sys.executable, "-c", "sum(range(10**6))"], check=True)
    spin(0.1)
    assert not cores.one()


def test_two_threads_of_torch_are_never_held_to_one_core():
    torch.set_num_threads(2)
    assert not CoreUse().one()
