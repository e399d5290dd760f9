"""Answers that were not there yet: a step that gives its work to others and returns."""

from __future__ import annotations

import concurrent.futures
import inspect
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from bench.measure.timing.background import background_cores, settle

LONGEST_S = 1.0
"""How long a wrong answer is looked at again, for work that others still do."""

STILL_BUSY = 0.2
"""Cores that work which was given away keeps busy at least; as in the finding `background-work`."""

LOOKS = 5
"""Looks for such work, of which the largest counts: beside other programs a thread gets a part of a core."""


def pending(output: Any) -> str:
    """What a step gives in place of an answer, with what to do; empty where it gives an answer."""
    results: tuple[type[Any], ...] = (
        concurrent.futures.Future,
        torch._C.Future,
        *_loaded("multiprocessing.pool", "AsyncResult"),
    )
    helpers: tuple[type[Any], ...] = (
        threading.Thread,
        subprocess.Popen,
        *_loaded("multiprocessing.process", "BaseProcess"),
    )
    if inspect.iscoroutine(output):
        output.close()
        return "the step returns a coroutine: write async def step(), so that it is awaited from its first call on"
    for each in _parts(output):
        if isinstance(each, results):
            return _said(type(each).__name__, "call its result method (result, wait, get) in the step")
        if isinstance(each, helpers):
            return _said(type(each).__name__, "join or wait for it in the step, and return what it computed")
    return ""


def late(check: Callable[[Any], float], output: Any, tolerance: float) -> str:
    """What is said of a wrong answer that turns right while others go on computing; empty of one that stays wrong."""
    for waited in settle(LONGEST_S):
        if float(check(output)) <= tolerance:
            return (
                f"; {waited:.2g} s later it was right: the step returned before its answer was there, which another "
                "thread or process still computed. Wait for it in the step (future.result(), join), or it is only the "
                "handing over that is timed"
            )
    if (busy := max(background_cores() or 0.0 for _ in range(LOOKS))) > STILL_BUSY:
        return (
            f"; with no step running, {busy:.2f} cores are still busy in this process and its children: the step gives "
            "work away and returns. Wait for it in the step (future.result(), join)"
        )
    return ""


def _said(kind: str, advice: str) -> str:
    return (
        f"the step returns a {kind} and no answer: others compute it, and what would be timed is that it was handed "
        f"over; {advice}"
    )


def _parts(output: Any) -> Iterator[Any]:
    """The output, or what is in it where it is a list, a tuple or a mapping."""
    match output:
        case Mapping():
            yield from output.values()
        case list() | tuple():
            yield from output
        case _:
            yield output


def _loaded(module: str, name: str) -> tuple[type[Any], ...]:
    """A class of a module, if that was imported: without it nothing is of this class."""
    found = sys.modules.get(module)
    return (getattr(found, name),) if found is not None else ()
