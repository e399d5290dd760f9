"""Coroutine steps: each call is awaited, on one event loop that a case keeps from its first call to its end.

That loop is the case's own, in the thread that times it, also where another one is running there, as in a notebook.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from bench.measure.timing.blocks import time_block
from bench.measure.timing.clocks import Clock
from bench.workload import Prepared

CALLS, REPEATS = 200, 5
"""Calls of the empty coroutine in a block, and blocks, of which the least counts, as of the empty call."""

PLAIN = ("check", "reset", "close", "quality")
"""Functions of `Prepared` that nobody awaits."""


class UnawaitedError(TypeError):
    """What a step gives is neither an answer nor something that can be awaited; the text says what to write."""


class EventLoop:
    """The event loop of a case. It exists from the first step that has to be awaited on."""

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None

    @property
    def is_used(self) -> bool:
        """Whether anything was awaited on it."""
        return self._runner is not None

    def wait_for(self, awaitable: Awaitable[Any]) -> Any:
        """The result of what a step gave."""
        return apart(self._loop().run_until_complete, awaitable)

    def awaiting(self, step: Callable[[], Any]) -> Callable[[], Any]:
        """`step` as a plain call that awaits what it gives."""
        run = self._loop().run_until_complete

        def awaited() -> Any:
            return apart(run, step())

        return awaited

    def empty_ns(self, clock: Clock) -> float:
        """What awaiting an empty coroutine costs in the same way, ns a call: it is in every time of the case."""
        step = self.awaiting(_empty)
        return min(time_block(clock, step, CALLS, _nothing) for _ in range(REPEATS)) / CALLS

    def tasks_left(self) -> int:
        """Tasks that were begun and are not finished, though no step runs."""
        return len(asyncio.all_tasks(self._loop())) if self._runner is not None else 0

    def close(self) -> None:
        """Cancel what is left, and close the loop."""
        if self._runner is not None:
            apart(self._runner.close)
            self._runner = None

    def _loop(self) -> asyncio.AbstractEventLoop:
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.get_loop()


def apart(call: Callable[..., Any], *args: Any) -> Any:
    """`call(*args)`, as if no event loop were running in this thread.

    That of a notebook runs while its cells do, and would refuse another one. It is set aside by the functions with
    which event loops themselves say that they run, and finds everything as it was: its tasks wait for the call, as they
    wait for any cell.
    """
    outer = asyncio._get_running_loop()
    if outer is None:
        return call(*args)
    task = asyncio.current_task(outer)
    if task is not None:
        asyncio.tasks._leave_task(outer, task)
    asyncio._set_running_loop(None)
    try:
        return call(*args)
    finally:
        asyncio._set_running_loop(outer)
        if task is not None:
            asyncio.tasks._enter_task(outer, task)


async def _empty() -> None:
    """Do nothing."""


def _nothing() -> None:
    """Drain nothing."""


def on_event_loop(prepared: Prepared, loop: EventLoop, awaits: bool = False) -> Prepared:
    """The same with its coroutine functions as plain calls that await them.

    awaits: whether the step is known to give something to await, though it is no coroutine function itself. Raises
    `UnawaitedError` for a generator, and for a coroutine function where the harness calls a plain one.
    """
    for name in PLAIN:
        if inspect.iscoroutinefunction(_bare(getattr(prepared, name))):
            raise UnawaitedError(f"{name} is a coroutine function, which nobody awaits: write def {name}(…), not async")
    step = awaited_step("step", prepared.step, loop, awaits)
    phases = {name: awaited_step(f"phase {name!r}", each, loop) for name, each in prepared.phases.items()}
    if step is prepared.step and all(phases[name] is each for name, each in prepared.phases.items()):
        return prepared
    return replace(prepared, step=step, phases=phases)


def awaited_step(name: str, step: Callable[[], Any], loop: EventLoop, awaits: bool = False) -> Callable[[], Any]:
    """A step or phase as a plain call. Raises `UnawaitedError` for a generator function."""
    bare = _bare(step)
    if inspect.isasyncgenfunction(bare) or inspect.isgeneratorfunction(bare):
        raise UnawaitedError(generator_said(name, inspect.isasyncgenfunction(bare)))
    return loop.awaiting(step) if awaits or inspect.iscoroutinefunction(bare) else step


def generator_said(name: str, is_async: bool) -> str:
    """Why a generator is no step, and what to write."""
    kind, loop = ("an async generator", "async for") if is_async else ("a generator", "for")
    return (
        f"the {name} gives {kind}, of which nothing runs until someone iterates: write a function that collects "
        f"what it yields ({loop}) and returns that"
    )


def refuse_generator(output: Any) -> None:
    """Raise `UnawaitedError` for a generator in place of an answer."""
    if inspect.isasyncgen(output) or inspect.isgenerator(output):
        raise UnawaitedError(generator_said("step", inspect.isasyncgen(output)))


def _bare(function: Any) -> Any:
    """The function behind partials, which `inspect` looks through, and the `__call__` of an object."""
    while isinstance(function, functools.partial):
        function = function.func
    if function is None or inspect.isroutine(function):
        return function
    return type(function).__call__ if callable(function) else function
