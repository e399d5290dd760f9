"""Peak memory belongs to the case: neither to the larger one before it, nor to what it took to know the answer or to
load what the case uses first.
"""

from pathlib import Path

import pytest

from bench.measure.machine.facts import capabilities
from bench.plan.catalog import find
from bench.protocol import Close, Open, Opened
from bench.records import Case, Settings
from bench.runner.stop_request import Stop
from bench.runner.worker import Worker

FILE = Path(__file__).parents[1] / "workload_files" / "hungry.py"
MIB = 2**20

pytestmark = pytest.mark.usefixtures("fresh_workers")  # of others they share memory
SMALL = (7 * MIB, 40 * MIB)
"""Bounds for a step of 8 MiB: the C library may keep freed memory, and take new memory for the next step."""


@pytest.fixture(scope="module")
def peaks():
    """Peaks of a small, a large and again the small case, one after the other in one process."""
    if reason := capabilities()["peak host memory"]:
        pytest.skip(reason)
    return measured(("takes", 8), ("takes", 256), ("takes", 8))


def measured(*cases):
    """The peak of each, one after the other in one process."""
    catalog = find([FILE], installed=False)
    worker = Worker(1, Stop())
    found = []
    for name, mib in cases:
        key = Case.of(f"hungry/{name}", {"mib": mib}).key
        opened = worker.ask(Open(key, catalog[f"hungry/{name}"].source, Settings(warm_s=0.01)), 60)
        assert isinstance(opened, Opened), opened
        found.append(opened.facts["host_peak_bytes"])
        worker.ask(Close(key), 60)
    worker.end()
    return found


def test_the_peak_is_what_the_step_and_its_inputs_take(peaks):
    # a quarter held, three quarters made: the whole
    assert 250 * MIB <= peaks[1] <= 290 * MIB


def test_a_small_case_after_a_large_one_still_shows_its_own_peak(peaks):
    assert SMALL[0] <= peaks[2] <= SMALL[1]


def test_the_oracle_is_no_memory_of_the_step(peaks):
    assert SMALL[0] <= peaks[0] <= SMALL[1]


def test_what_the_process_loads_for_the_first_call_is_no_memory_of_the_case():
    if reason := capabilities()["peak host memory"]:
        pytest.skip(reason)
    first, again = measured(("loads", 8), ("loads", 8))
    assert SMALL[0] <= first <= SMALL[1]
    assert SMALL[0] <= again <= SMALL[1]
