"""Peak memory belongs to the case: neither to the larger one before it, nor to what it took to know the answer."""

from pathlib import Path

import pytest

from bench.measure.facts import capabilities
from bench.plan.catalog import find
from bench.protocol import Close, Open, Opened
from bench.records import Case, Settings
from bench.run.stop import Stop
from bench.run.worker import Worker

FILE = Path(__file__).parents[1] / "workload_files" / "hungry.py"
MIB = 2**20


@pytest.fixture(scope="module")
def peaks():
    """Peaks of a small, a large and again the small case, one after the other in one process."""
    if reason := capabilities()["peak host memory"]:
        pytest.skip(reason)
    source = find([FILE], installed=False)["hungry/takes"].source
    worker = Worker(1, Stop())
    found = []
    for mib in (8, 512, 8):
        key = Case.of("hungry/takes", {"mib": mib}).key
        opened = worker.ask(Open(key, source, Settings(warm_s=0.01)), 60)
        assert isinstance(opened, Opened), opened
        found.append(opened.facts["host_peak_bytes"])
        worker.ask(Close(key), 60)
    worker.end()
    return found


def test_the_peak_is_what_the_step_and_its_inputs_take(peaks):
    # a quarter held, three quarters made: the whole, give or take what torch loads on its first calls
    assert 500 * MIB <= peaks[1] <= 560 * MIB


def test_a_small_case_after_a_large_one_still_shows_its_own_peak(peaks):
    assert 7 * MIB <= peaks[2] <= 40 * MIB


def test_the_oracle_is_no_memory_of_the_step(peaks):
    assert peaks[0] < 100 * MIB
