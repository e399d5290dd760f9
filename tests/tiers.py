"""Which tests are `heavy` or `real`, by what they cost; in which order they run; and how long properties are searched.

A plugin of pytest. The fast tier (`make test`) is what is neither, with the profile `fast` of hypothesis;
`make test-all` is everything, with all examples.
"""

from __future__ import annotations

import os
from collections import defaultdict

import hypothesis
import pytest

from tests import costs

hypothesis.settings.register_profile("fast", max_examples=20)

LIGHT_S = 0.03
"""CPU seconds of a test without a line in the costs, in the mean."""


def examples(count: int) -> int:
    """So many examples of a property, fewer in the fast tier; for properties whose number is not the default."""
    profile = hypothesis.settings.default
    assert profile is not None
    return max(1, count * profile.max_examples // 100)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is dear; before `-m` chooses."""
    known = costs.read(config.rootpath)
    for item in items:
        cost = known.get(item.nodeid, costs.Cost())
        if cost.starts:
            item.add_marker("real")
        if cost.cpu_s >= costs.HEAVY_S:
            item.add_marker("heavy")


class Order:
    """Begin with the dearest files: a long file at the end leaves a process of pytest-xdist idle.

    Files stay whole (`--dist loadfile`), since some share a run, and each process would make its own. Without
    pytest-xdist nothing is changed.
    """

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Sort what `-m` left."""
        if "PYTEST_XDIST_WORKER" not in os.environ:
            return
        known = costs.read(config.rootpath)
        files: dict[str, list[pytest.Item]] = defaultdict(list)
        for item in items:
            files[costs.file_of(item.nodeid)].append(item)

        def cost(file: list[pytest.Item]) -> float:
            return sum(known[item.nodeid].cpu_s if item.nodeid in known else LIGHT_S for item in file)

        items[:] = [item for file in sorted(files.values(), key=cost, reverse=True) for item in file]


def pytest_configure(config: pytest.Config) -> None:
    """Sort as well."""
    config.pluginmanager.register(Order())
