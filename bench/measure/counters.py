"""Dynamo's own counts: was a graph compiled, and was anything compiled again while we timed?"""

from __future__ import annotations

import sys


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
