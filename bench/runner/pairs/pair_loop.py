"""Pair after pair, until whoever judges them has seen enough: the lockstep counterpart of the launches of a run."""

from __future__ import annotations

import contextlib
import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.protocol import Hello
from bench.records import BASE, HEAD, Block, BlockPair, CaseLaunch, ComparedCase, Outcome, Settings
from bench.runner.compile_caches import CACHES
from bench.runner.launches.schedule import assignments
from bench.runner.listener import OnStage
from bench.runner.pairs.pair import Pair
from bench.runner.pairs.pair_context import PairContext, PairListener, PairSettings
from bench.runner.sealing import Ended, until_sealed
from bench.runner.stop import Stop
from bench.runner.thread_counts import threads_of
from bench.runner.time_account import SessionAccount
from bench.runner.worker import HERE, SideCode
from bench.store import journal

SAME: Mapping[str, SideCode] = {BASE: HERE, HEAD: HERE}
"""Base and head are the same code: what is measured then is the harness."""

EVERYDAY = PairSettings()


class PairQueue(Protocol):
    """Decides which cases want another pair."""

    def pending(self) -> list[ComparedCase]:
        """The cases that still want a pair."""

    def add(self, couples: Sequence[BlockPair]) -> None:
        """All couples of a case in one pair."""

    def drop(self, key: str, outcome: str) -> None:
        """A case that will have no more pairs, for how it ended on one side."""


@dataclass
class FixedPairs:
    """So many pairs a case, and no more."""

    coupled: Sequence[ComparedCase]
    pairs: Callable[[str], int]
    """How many a case wants, by its key."""
    seen: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)

    def pending(self) -> list[ComparedCase]:
        """Those that ended well and have fewer."""
        return [
            item
            for item in self.coupled
            if item.case.key not in self.dropped and self.seen.get(item.case.key, 0) < self.pairs(item.case.key)
        ]

    def add(self, couples: Sequence[BlockPair]) -> None:
        """One pair more."""
        self.seen[couples[0].key] = self.seen.get(couples[0].key, 0) + 1

    def drop(self, key: str, outcome: str) -> None:
        """Not this one any more."""
        self.dropped[key] = outcome


def measure(
    folder: Path,
    judge: PairQueue,
    settings: Settings,
    hello: Hello,
    stop: Stop,
    heard: OnStage,
    *,
    sides: Mapping[str, SideCode] = SAME,
    conduct: PairSettings = EVERYDAY,
) -> Ended:
    """Measure pairs until the judge wants no more, the budget is spent or a stop is asked for; seal however it ends.

    heard: told each stage. Raises `MachineUnfitError`.
    """
    book = journal.Journal(folder)
    spending = SessionAccount(book, len(judge.pending()))
    arena = pair_context_of(folder, sides, settings, hello, stop, PairRecorder(book, judge, heard, spending), conduct)
    return until_sealed(folder, book, spending, lambda: pairs_until_judged(judge, arena))


def pair_context_of(
    folder: Path,
    sides: Mapping[str, SideCode],
    settings: Settings,
    hello: Hello,
    stop: Stop,
    secretary: PairListener,
    conduct: PairSettings = EVERYDAY,
) -> PairContext:
    """What the pairs of a run work with; its caches lie in the folder of the run."""
    return PairContext(
        sides=sides,
        settings=settings,
        stop=stop,
        threads=lambda symbolic: threads_of(symbolic, hello),
        steps={},
        caches=folder / CACHES,
        secretary=secretary,
        cpus=hello.facts["cpu"]["affinity"],
        conduct=conduct,
    )


class Pace:
    """How many rounds the budget still has, by what the last one took; begins when it is made."""

    def __init__(self, budget_s: float | None) -> None:
        self._ends = math.inf if budget_s is None else time.monotonic() + budget_s
        self._latest_s = 0.0

    def left(self) -> float:
        """Rounds like the last one; any number before the first and without a budget, none once it is spent."""
        left_s = self._ends - time.monotonic()
        if left_s <= 0:
            return 0.0
        return left_s / self._latest_s if self._latest_s else math.inf

    @contextlib.contextmanager
    def round(self) -> Iterator[None]:
        """A round is conducted inside."""
        started = time.monotonic()
        yield
        self._latest_s = time.monotonic() - started


def pairs_until_judged(judge: PairQueue, arena: PairContext) -> str:
    """Pair after pair; none is begun that would end after the budget, by what the last one took. Its status."""
    pace = Pace(arena.settings.budget_s)
    for pair in itertools.count():
        pending = judge.pending()
        if not pending:
            return "complete"
        if pace.left() < 1:
            return "out of budget"
        with pace.round():
            for assignment in assignments(pending, pair, arena.settings.seed):
                Pair(assignment, arena).run()
    raise AssertionError("count() never ends")


class PairRecorder:
    """Takes down what pairs report: first the journal, then the judge, then whoever listens."""

    def __init__(self, book: journal.Journal, judge: PairQueue, heard: OnStage, spending: SessionAccount) -> None:
        self._book, self._judge, self._heard, self._spending = book, judge, heard, spending

    def spawned(self, seconds: float) -> None:
        """A worker took so many seconds from its start to its hello."""
        self._spending.spawned(seconds)

    def entered(self, key: str, stage: str, launch: int) -> None:
        """A case entered a stage of a pair."""
        self._heard(key, stage, launch)

    def coupled(self, couples: Sequence[BlockPair]) -> None:
        """All couples of a case in a pair that ended well on both sides."""
        self._book.pair(couples)
        self._judge.add(couples)

    def ended(self, record: CaseLaunch, blocks: Sequence[Block]) -> None:
        """A case ended on one side of a pair."""
        if blocks:
            self._book.visit(record.process, blocks)
        self._book.launch(record)
        if record.outcome != Outcome.OK:
            self._judge.drop(record.key, record.outcome)
