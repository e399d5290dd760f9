"""What is learned of a step outside of timing: whether it is awaited, what it gives away, which numbers it works on."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from bench.measure.author import subnormals
from bench.measure.author.awaited import EventLoop, on_event_loop, refuse_generator
from bench.measure.author.context import Skip
from bench.measure.timing.background import ChildWatch
from bench.measure.timing.clocks import Clock
from bench.protocol.step_facts import StepFacts
from bench.workload import Prepared

EAGER = "eager"
"""The mode in which a step runs as it is."""


class StepWatch:
    """Learns the facts of one step, and awaits what a coroutine step gives."""

    def __init__(self) -> None:
        self._facts = StepFacts()
        self._loop = EventLoop()
        self._children = ChildWatch()
        self._awaits = False

    def ready(self, made: Prepared, mode: str) -> Prepared:
        """What an author made, each of its steps as a plain call.

        Raises `Skip` for a coroutine in a mode but eager, and `UnawaitedError` for a generator.
        """
        prepared = on_event_loop(made, self._loop, self._awaits)
        if self._loop.is_used:
            _refuse_mode(mode)
        return prepared

    def first_answer(self, prepared: Prepared, output: Any, mode: str) -> tuple[Prepared, Any]:
        """The answer of the first call, and the step to go on with. Raises as `ready` does."""
        refuse_generator(output)
        if inspect.isawaitable(output):
            if inspect.iscoroutine(output) and mode != EAGER:
                output.close()
            _refuse_mode(mode)
            output, self._awaits = self._loop.wait_for(output), True
            prepared = on_event_loop(prepared, self._loop, awaits=True)
        if self._loop.is_used:
            self._facts = replace(self._facts, tasks_left=self._loop.tasks_left())
        return prepared, output

    def gauge(self, clock: Clock) -> None:
        """Measure what awaiting costs, where a step is awaited."""
        if self._loop.is_used:
            self._facts = replace(self._facts, await_ns=self._loop.empty_ns(clock))

    @contextmanager
    def timing(self) -> Iterator[None]:
        """Watch the child processes while blocks are timed inside."""
        with self._children.timing():
            yield

    def look_at_numbers(self, step: Callable[[], Any], output: Any) -> None:
        """Look for subnormal numbers in what a step reads and gives, once."""
        share, where = subnormals.worst(step, output)
        self._facts = replace(self._facts, subnormal_share=share, subnormal_in=where if share else "")

    @property
    def facts(self) -> dict[str, Any]:
        """The column of `CaseLaunch` with what is known so far."""
        return {"step_facts": replace(self._facts, children_cores=self._children.cores()).plain}

    def close(self) -> None:
        """Close the event loop."""
        self._loop.close()


def _refuse_mode(mode: str) -> None:
    if mode != EAGER:
        raise Skip(
            f"the step is a coroutine, which runs on an event loop in Python: mode={mode} makes a graph of a plain "
            "function. Compile what the coroutine calls, or measure mode=eager"
        )
