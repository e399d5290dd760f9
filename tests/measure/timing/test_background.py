"""Work that goes on while no step runs."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from bench.measure.timing.background import AT_REST, background_cores, disregard_living_children

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="children are found in /proc alone")


def test_a_process_at_rest_keeps_no_core_busy():
    assert min(background_cores() for _ in range(3)) < AT_REST


def test_a_thread_that_computes_is_seen():
    done = threading.Event()

    def compute():
        while not done.is_set():
            sum(range(1000))

    thread = threading.Thread(target=compute)
    thread.start()
    try:
        # Beside other programs a thread gets part of a core; the largest of a few looks is nearest to the truth.
        assert max(background_cores() for _ in range(20)) > AT_REST
    finally:
        done.set()
        thread.join()


def test_a_child_that_computes_is_seen_and_one_that_waits_is_not():
    waiting = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    computing = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        assert max(background_cores() for _ in range(20)) > AT_REST
    finally:
        computing.kill()
        computing.wait()
    assert min(background_cores() for _ in range(10)) < AT_REST
    waiting.communicate()


def test_children_that_lived_before_a_case_are_none_of_it():
    child = subprocess.Popen([sys.executable, "-c", "while True: sum(range(1000))"])
    try:
        assert max(background_cores() for _ in range(20)) > AT_REST
        disregard_living_children()
        assert min(background_cores() for _ in range(10)) < AT_REST
    finally:
        child.kill()
        child.wait()
        disregard_living_children()
