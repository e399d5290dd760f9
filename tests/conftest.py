"""How two processes share the tests: what needs one real run stays together, and what takes long comes first."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: a thread that spins takes the other process's core


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist puts the names of the groups into the ids
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the tests that share a fixture; begin with groups that hold a `slow` test, end with tests on their own.

    Each process of pytest-xdist makes a fixture of its own, and some are a run that takes half a minute. A long test
    at the end leaves a process idle. Without pytest-xdist nothing is changed.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        name = shared_by(item)
        if name is not None:
            item.add_marker(pytest.mark.xdist_group(name))
        groups.setdefault(name or item.nodeid, []).append(item)

    def lateness(group: list[pytest.Item]) -> tuple[bool, bool]:
        return not any(item.get_closest_marker("slow") for item in group), len(group) == 1

    items[:] = [item for group in sorted(groups.values(), key=lateness) for item in group]


def shared_by(item: pytest.Item) -> str | None:
    """The name of those that share a fixture with this test: one of the session before one of the module."""
    assert isinstance(item, pytest.Function)
    definitions = [each[-1] for each in item._fixtureinfo.name2fixturedefs.values()]
    ours = [each for each in definitions if each.func.__module__.startswith("tests.")]
    session = [each.argname for each in ours if each.scope == "session"]
    module = [item.module.__name__ for each in ours if each.scope == "module"]
    return next(iter([*session, *module]), None)
