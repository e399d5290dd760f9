"""The processes that the pairs of a gate or certificate are forked from: a fresh one for each round.

What chance decides when a process starts is drawn anew for each round, and is the same on all sides. An import beside a
timed block would make it longer: starters are made only while nothing is timed, several at the same time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from types import TracebackType

from bench.records import ComparedCase
from bench.runner.launches.schedule import Assignment, imported_by
from bench.runner.pairs.pair_context import PairContext
from bench.runner.starter import Starter, StarterError
from bench.runner.worker import START_TIMEOUT_S, MachineUnfitError, environment
from bench.runner.worker_pool import at_once, cores

COMPILER = "torch._inductor.compile_fx"
"""What `torch.compile` loads at its first call: two to four seconds in each process that compiles, or once a round."""


class RoundStarters:
    """Starters of the rounds to come. A context manager: at its end those that no round took end too."""

    def __init__(self, context: PairContext, first: Starter | None = None) -> None:
        """first: one that has forked nothing that was measured, for the first round."""
        self._context = context
        self._ready = [first] if first is not None else []

    @contextlib.contextmanager
    def one(self, dealt: Sequence[Assignment[ComparedCase]], sure: int) -> Iterator[Starter | None]:
        """A starter for the pairs of a round, until they have ended; None where they cannot be forks of one process.

        sure: how many rounds are sure to come, this one included. Raises `MachineUnfitError`, `Stopped`.
        """
        if not self._context.can_fork or self._context.python is None:
            yield None
            return
        modules = {*imported_by(dealt), *self._context.learned.heavy}
        if any(each.compiled for each in dealt):
            modules.add(COMPILER)
        while self._ready and not modules <= self._ready[0].modules:
            self._ready.pop(0).end()
        if not self._ready:
            # Before the first pair it is not known what cases load when they need it.
            count = at_once(sure, cores()) if sure and self._context.learned.steps else 1
            self._start(self._context.python, sorted(modules), count)
        starter = self._ready.pop(0)
        try:
            self._wait(starter)
            yield starter
        finally:
            starter.end()

    def _start(self, python: str, modules: Sequence[str], count: int) -> None:
        """Start some at the same time, and wait for all of them."""
        self._ready += [Starter(python, environment(1, None), modules) for _ in range(count)]
        for starter in self._ready:
            self._wait(starter)

    def _wait(self, starter: Starter) -> None:
        try:
            starter.wait(START_TIMEOUT_S, self._context.stop)
        except StarterError as error:
            raise MachineUnfitError(f"no worker can start here: {error}") from None

    def __enter__(self) -> RoundStarters:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._ready:
            self._ready.pop().end()
