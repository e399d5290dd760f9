"""Dynamo's own counts: was a graph compiled, and was anything compiled again while we timed?"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path


def compiled_graphs() -> dict[str, int]:
    """Graphs compiled, graph breaks and calls captured in this process so far, from Dynamo's counters.

    Zeros where Dynamo was never imported: nothing was compiled then, and importing it here would cost a second.
    """
    utils = sys.modules.get("torch._dynamo.utils")
    if utils is None:
        return {"graphs": 0, "graph_breaks": 0, "calls_captured": 0}
    counters = utils.counters
    return {
        "graphs": int(counters["stats"]["unique_graphs"]),
        "graph_breaks": int(sum(counters["graph_break"].values())),
        "calls_captured": int(counters["stats"]["calls_captured"]),
    }


def break_reasons() -> dict[str, int]:
    """Why Dynamo broke graphs in this process so far: the first line of each reason, and how often."""
    utils = sys.modules.get("torch._dynamo.utils")
    if utils is None:
        return {}
    found: dict[str, int] = {}
    for reason, number in utils.counters["graph_break"].items():
        first = (str(reason).strip().splitlines() or ["no reason given"])[0]
        found[first] = found.get(first, 0) + int(number)
    return found


def precompiled_headers() -> int:
    """Headers of torch that inductor has precompiled on this machine, once for all programs of its user.

    They lie outside the cache folder that a case is given, and making one takes longer than compiling a small net: a
    build in a cold folder took 85 s with two of them to make, 27 s without (torch 2.13, a busy 2-core machine).
    """
    return len(list(Path(tempfile.gettempdir()).glob("torchinductor_*/precompiled_headers/*.gch")))
