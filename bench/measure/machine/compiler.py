"""Whether this machine can compile: the tools that compiled modes need besides torch."""

from __future__ import annotations

import os
import shutil
import sysconfig
from pathlib import Path


def why_no_compiler() -> str:
    """Why torch.compile cannot work on the CPU here; empty where it can.

    This looks for a C++ compiler on PATH, and for Python's headers: importing inductor to ask it takes seconds.
    """
    wanted = os.environ.get("CXX", "").split()[:1] or ["g++", "clang++", "cl"]
    if not any(shutil.which(name) for name in wanted):
        return f"torch.compile needs a C++ compiler; none of {', '.join(wanted)} is on PATH"
    # A distribution's Python often comes without its headers, which the code that inductor writes includes.
    header = Path(sysconfig.get_paths()["include"]) / "Python.h"
    if not header.exists():
        return f"torch.compile needs Python's headers; {header} is not installed"
    return ""
