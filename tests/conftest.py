"""How two processes share the tests: file by file, and what takes long comes first."""

from __future__ import annotations

import os
from collections import defaultdict

import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: a thread that spins takes the other process's core


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that hold a `slow` test: a long file at the end leaves a process of pytest-xdist idle.

    Files stay whole (`--dist loadfile`), since some share a run that takes half a minute, and each process would make
    its own. Without pytest-xdist nothing is changed.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    files: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        files[item.nodeid.partition("::")[0]].append(item)

    def is_quick(file: list[pytest.Item]) -> bool:
        return not any(item.get_closest_marker("slow") for item in file)

    items[:] = [item for file in sorted(files.values(), key=is_quick) for item in file]
