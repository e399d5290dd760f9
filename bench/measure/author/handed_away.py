"""Answers that were not there yet: a step that gives its work to others and returns."""

from __future__ import annotations

import concurrent.futures
import inspect
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from bench.measure.timing.background import AT_REST, background_cores, settle

LONGEST_S = 1.0
"""How long a wrong answer is looked at again, for work that others still do."""

BURST_S = 0.02
"""How long a step is called before a look at what goes on."""

LONG_LOOK_S = 0.05
"""Length of a look for such work: beside other programs a thread gets a part of a core, and none for milliseconds.

One look, for each costs a search for children, which a thread of Python's holds up for 5 ms a system call.
"""


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
    if (busy := _busy()) > AT_REST:
        return (
            f"; with no step running, {busy:.2f} cores are still busy in this process and its children: the step gives "
            "work away and returns. Wait for it in the step (future.result(), join)"
        )
    return ""


def goes_on(call: Callable[[], Any]) -> str:
    """What is said of a step whose work goes on once its calls are over; empty where nothing does.

    Three times it is called for 20 ms, or once, and looked at for 50 ms; the least counts, so that a stray moment does
    not.
    """
    busy = min(_busy_after(call) for _ in range(3))
    if busy <= AT_REST:
        return ""
    return (
        f"after its calls, with no step running, {busy:.2f} cores are still busy: let the step wait for what it gives "
        "to others (future.result(), join), or it is only the handing over that is timed"
    )


def _busy_after(call: Callable[[], Any]) -> float:
    ends = time.monotonic() + BURST_S
    call()
    while time.monotonic() < ends:
        call()
    return _busy()


def _busy() -> float:
    """Cores busy with no step running, on the mean over 50 ms."""
    return background_cores(LONG_LOOK_S) or 0.0


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
