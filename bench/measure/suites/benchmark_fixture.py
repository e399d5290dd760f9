"""The calls of pytest-benchmark's fixture, taken over: what it would time becomes a step that the harness times.

The side's own pytest-benchmark makes the fixture, with its options, marks and groups; only the loop inside is ours.
`benchmark.stats` holds the blocks that were timed. Works with releases 3.4 to 5, which share the methods named here.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NoReturn, Protocol

from bench.workload import Prepared, Work

NEEDED = ("_raw", "_raw_pedantic", "_make_stats", "weave")
"""Methods of the fixture that are replaced or called."""

ARGUMENTS_TWICE = "Can't use `args` or `kwargs` if `setup` returns the arguments."
"""A mistake that pytest-benchmark refuses, in its own words."""


FEWEST: Mapping[str, int] = MappingProxyType({"rounds": 1, "iterations": 1, "warmup_rounds": 0})
"""Least values of the numbers that `pedantic` takes, which are its defaults."""


class UnknownFixtureError(Exception):
    """pytest-benchmark is missing, or is not one that we know."""


@dataclass
class Called:
    """What a test asked the fixture to time."""

    function: Callable[..., Any]
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    setup: Callable[[], Any] | None = None
    teardown: Callable[..., Any] | None = None
    once: bool = False
    """Whether pytest-benchmark would call it once: nobody said then that it can be called again."""

    def prepared(self) -> Prepared:
        """The call as a step. Where it has a setup or a teardown, these come untimed around each call."""
        if self.setup is None and self.teardown is None:
            bare = not self.args and not self.kwargs
            step = self.function if bare else functools.partial(self.function, *self.args, **self.kwargs)
            return Prepared(step, nothing_to_check, Work())
        rounds = Rounds(self)
        return Prepared(rounds.step, nothing_to_check, Work(), reset=rounds.begin, close=rounds.end)


class Rounds:
    """Calls with a setup before and a teardown after each."""

    def __init__(self, called: Called) -> None:
        self._called = called
        self._open = False
        self._args: Sequence[Any] = ()
        self._kwargs: Mapping[str, Any] = {}

    def begin(self) -> None:
        """End the round before, and set the next one up. Raises `TypeError` for arguments that are given twice."""
        self.end()
        called = self._called
        made = called.setup() if called.setup is not None else None
        if made and (called.args or called.kwargs):
            raise TypeError(ARGUMENTS_TWICE)
        self._args, self._kwargs = made or (called.args, called.kwargs)
        self._open = True

    def step(self) -> Any:
        """The call itself."""
        return self._called.function(*self._args, **self._kwargs)

    def end(self) -> None:
        """Tear the round down, if one is open."""
        if self._open and self._called.teardown is not None:
            self._called.teardown(*self._args, **self._kwargs)
        self._open = False


class Timer(Protocol):
    """Who times what a test asks for."""

    takes_over: bool
    """Whether the next call is timed by it; else by pytest-benchmark itself."""

    def timed(self, fixture: Any, called: Called) -> Any:
        """Time it, and return what its last call returned."""

    def skip(self, reason: str) -> NoReturn:
        """End the test as skipped."""


def take_over(timer: Timer) -> None:
    """Let `timer` time what any fixture of this process is called with. Raises `UnknownFixtureError`."""
    try:
        from pytest_benchmark.fixture import BenchmarkFixture
    except ImportError as error:
        raise UnknownFixtureError(f"pytest-benchmark cannot be imported by {sys.executable}: {error}") from None
    if lacking := [name for name in NEEDED if not hasattr(BenchmarkFixture, name)]:
        raise UnknownFixtureError(f"this pytest-benchmark is not known: its fixture has no {', '.join(lacking)}")

    own_raw: Any = BenchmarkFixture._raw
    own_pedantic: Any = BenchmarkFixture._raw_pedantic

    def raw(self: Any, function_to_benchmark: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if not timer.takes_over:
            return own_raw(self, function_to_benchmark, *args, **kwargs)
        return timer.timed(self, Called(function_to_benchmark, args, kwargs))

    def raw_pedantic(
        self: Any,
        target: Callable[..., Any],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        setup: Callable[[], Any] | None = None,
        teardown: Callable[..., Any] | None = None,
        **counts: Any,
    ) -> Any:
        if not timer.takes_over or not are_counts(counts, with_setup=setup is not None):
            given = {"setup": setup, "teardown": teardown}
            hooks = {
                name: hook for name, hook in given.items() if hook is not None
            }  # releases before 5 have no teardown
            return own_pedantic(self, target, args, kwargs, **hooks, **counts)
        rounds, iterations, warm = (counts.get(name, least) for name, least in FEWEST.items())
        once = setup is None and rounds * iterations + warm == 1
        return timer.timed(self, Called(target, args, kwargs or {}, setup, teardown, once))

    def weave(self: Any, *_: Any, **__: Any) -> None:
        timer.skip("it uses benchmark.weave: what is timed then is somewhere inside the test, and cannot be repeated")

    for name, method in (("_raw", raw), ("_raw_pedantic", raw_pedantic), ("weave", weave), ("patch", weave)):
        setattr(BenchmarkFixture, name, method)


def are_counts(counts: Mapping[str, Any], with_setup: bool) -> bool:
    """Whether pytest-benchmark takes these numbers of rounds and iterations; else it says itself what is wrong."""
    whole = all(isinstance(each, int) and each >= FEWEST.get(name, 0) for name, each in counts.items())
    return whole and not (with_setup and counts.get("iterations", 1) > 1)


def is_async(function: Callable[..., Any]) -> bool:
    """Whether a call only makes a coroutine, or an asynchronous generator."""
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


class Rows:
    """`benchmark.stats` of a test, filled with the blocks that were timed."""

    def __init__(self, fixture: Any, steps: int) -> None:
        # Its session would write a table of its own of them when it ends.
        fixture._add_stats = lambda stats: None
        self._stats = fixture._make_stats(steps)

    def add(self, total_ns: int) -> None:
        """Take up a block."""
        self._stats.update(total_ns / 1e9)


@contextmanager
def untraced() -> Iterator[None]:
    """Without the tracer and the profiler of this thread, such as that of a coverage tool, as pytest-benchmark does."""
    tracer, profiler = sys.gettrace(), sys.getprofile()
    sys.settrace(None)
    sys.setprofile(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
        sys.setprofile(profiler)


def nothing_to_check(output: Any) -> float:
    """No error: the test's own asserts come after the call."""
    return 0.0
