"""What all tests share: how they are measured, marked and ordered; workers that are forked; one run and one browser."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests import forking
from tests.measured import Measured, measured

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: a thread that spins takes the other process's core
os.environ.setdefault("TORCHINDUCTOR_VEC_ISA_OK", "1")  # else each cold cache compiles for 4 s to find that out
os.environ[forking.ADDRESS] = forking.HERE
forking.install()

pytest_plugins = ("tests.costs", "tests.tiers")


@pytest.fixture(scope="module")
def fresh_workers() -> Iterator[None]:
    """Workers are started as a user's are: for tests of which that is the point."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(forking.ADDRESS)
        yield


@pytest.fixture(scope="session")
def measured_run(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """A real run, measured once in a session, for tests that read it; see `measured.py`."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent  # which all processes of pytest-xdist share
    return measured(root, tmp_path_factory.mktemp("measured"))
