"""Dynamo's own counts: graphs that were compiled, and what was compiled again while the case was timed."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.measure.modes import COMPILE_MODES, NEEDS_COMPILER


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
    """By reason why Dynamo broke a graph in this process so far (its first line): how often."""
    utils = sys.modules.get("torch._dynamo.utils")
    if utils is None:
        return {}
    found: dict[str, int] = {}
    for reason, number in utils.counters["graph_break"].items():
        first = (str(reason).strip().splitlines() or ["no reason given"])[0]
        found[first] = found.get(first, 0) + int(number)
    return found


def compile_seconds() -> dict[str, float]:
    """Seconds of each part of compiling in this process, by the names of Dynamo's own timers; one part may contain
    another.

    From `torch._dynamo.utils.compile_times`, which a user may print.
    """
    utils = sys.modules.get("torch._dynamo.utils")
    if utils is None:
        return {}
    names, texts = utils.compile_times(repr="csv", aggregate=True)
    return {name: float(text) for name, text in zip(names, texts, strict=True)}


def recompile_reasons() -> list[str]:
    """The first line of each reason why Dynamo compiled something again in this process."""
    utils = sys.modules.get("torch._dynamo.utils")
    failures = {} if utils is None else utils.guard_failures
    return [str(reason).strip().splitlines()[0] for reasons in failures.values() for reason in reasons if str(reason)]


def precompiled_headers() -> int:
    """Headers of torch that inductor has precompiled on this machine, once for all programs of its user.

    They lie outside the cache folder of a case, and making one takes longer than compiling a small net: a build in a
    cold folder took 85 s with two of them to make, 27 s without (torch 2.13, a busy 2-core machine).
    """
    return len(list(Path(tempfile.gettempdir()).glob("torchinductor_*/precompiled_headers/*.gch")))


def compilations(mode: str, graphs: Mapping[str, int], graph_breaks: int, headers: int) -> dict[str, int]:
    """Counts of what was compiled for a case: at first, and again. graphs: compiled in each of its stages; headers:
    precompiled in the same time.

    Whatever Dynamo compiles after the first call counts as a recompile, in warm-up too: after eight of them it silently
    runs the rest eager. Only graphs in the stages of this case count: another case of the same process may compile in
    between.
    """
    made = sum(graphs[stage] for stage in ("prepare", "first_call"))
    by_dynamo = mode in COMPILE_MODES
    return {
        "compiled_graphs": made if by_dynamo else 0,
        "graph_breaks": graph_breaks if by_dynamo else 0,
        "recompiles": sum(graphs.values()) - made,
        "precompiled_headers": headers if mode in NEEDS_COMPILER else 0,
    }
