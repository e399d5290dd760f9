"""Starts coursebench where a `bench` of the user's own would be found first: beside this file lies ours.

A repository that has a `bench.py` and PYTHONPATH, or `python -m pytest` in one, would give that to whoever imports
`bench`. The command would end with 1, which says that a case regressed; and each session of pytest would fail.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from types import ModuleType
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))


def main() -> None:
    """Run the command line."""
    sys.path.insert(0, HERE)
    from bench.__main__ import main as run

    sys.path.remove(HERE)
    run()


def _plugin() -> ModuleType:
    """The plugin of pytest under a name of its own: a session that does not ask for it has no `bench` of ours."""
    spec = importlib.util.spec_from_file_location("coursebench_pytest", os.path.join(HERE, "bench", "pytest_plugin.py"))
    if spec is None or spec.loader is None:
        raise ImportError(f"the plugin of pytest is missing in {HERE}")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def __getattr__(name: str) -> Any:
    """`pytest_plugin`, which the entry point names; made when it is asked for."""
    if name != "pytest_plugin":
        raise AttributeError(name)
    return _plugin()
