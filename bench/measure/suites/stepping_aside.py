"""The harness steps aside: what a repository calls `bench`, or keeps beside it, is then its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bench import records
from bench.protocol import wire

INSTALLED = ("site-packages", "dist-packages")


def step_aside() -> None:
    """Take the modules of this package out of `sys.modules`, and its folder out of the path.

    The harness is loaded by now and goes on with what it has. A folder of installed packages stays on the path.
    """
    wire.prepare()
    folder = Path(records.__file__).resolve().parent.parent
    if folder.name not in INSTALLED:
        sys.path[:] = [path for path in sys.path if Path(path or os.curdir).resolve() != folder]
    # What a test starts finds the side's code too, and not the harness.
    root = Path(os.environ.get("COURSEBENCH_ROOT", os.devnull)).resolve()
    own = [path for path in sys.path if Path(path).resolve().is_relative_to(root)]
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join(
        path for path in (*own, *given) if path and Path(path).resolve() != folder
    )
    for name in [name for name in sys.modules if name == "bench" or name.startswith("bench.")]:
        del sys.modules[name]
