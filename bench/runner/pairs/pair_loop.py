"""Pair after pair, until no case wants another one: the lockstep counterpart of the launches of a run."""

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
from bench.protocol.placement import Placement
from bench.records import BASE, HEAD, Block, BlockPair, CaseLaunch, ComparedCase, Outcome, Settings
from bench.runner.compile_caches import CACHES
from bench.runner.launches.schedule import assignments
from bench.runner.listener import OnStage
from bench.runner.pairs.pair import Pair
from bench.runner.pairs.pair_context import PairContext, PairListener, PairSettings
from bench.runner.pairs.round_starters import RoundStarters
from bench.runner.sealing import Ended, until_sealed
from bench.runner.starter import can_fork, has_gpu
from bench.runner.stop_request import Stop
from bench.runner.thread_counts import threads_of
from bench.runner.time_account import SessionAccount
from bench.runner.worker import HERE, SideCode
from bench.stats.gate_rule import FINEST
from bench.store.journal import Journal

SAME: Mapping[str, SideCode] = {BASE: HERE, HEAD: HERE}
"""Base and head are the same code: what is measured then is the harness."""

EVERYDAY = PairSettings()


class PairTaker(Protocol):
    """Takes up pairs."""

    def add(self, block_pairs: Sequence[BlockPair]) -> None:
        """Take up a pair: all block pairs of one case in it."""

    def drop(self, key: str, outcome: str) -> None:
        """Give a case up, for how it ended on one side."""


class PairQueue(PairTaker, Protocol):
    """Decides which cases want another pair, and so when measuring ends."""

    def pending(self) -> list[ComparedCase]:
        """The cases that still want a pair."""

    def sure_pairs(self) -> int:
        """How many more pairs of some case are sure to be wanted, as far as none ends badly."""

    def error_allowed(self, key: str) -> float:
        """The standard error that the datum of the case's next pair may have, as a log ratio."""


@dataclass
class FixedPairs:
    """A fixed number of pairs a case."""

    cases: Sequence[ComparedCase]
    pairs: Callable[[str], int]
    """How many a case wants, by its key."""
    seen: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)

    def pending(self) -> list[ComparedCase]:
        """Cases that have fewer pairs, of those that ended well."""
        return [
            item
            for item in self.cases
            if item.case.key not in self.dropped and self.seen.get(item.case.key, 0) < self.pairs(item.case.key)
        ]

    def add(self, block_pairs: Sequence[BlockPair]) -> None:
        """Count one pair more."""
        self.seen[block_pairs[0].key] = self.seen.get(block_pairs[0].key, 0) + 1

    def drop(self, key: str, outcome: str) -> None:
        """Measure no more pairs of this case."""
        self.dropped[key] = outcome

    def sure_pairs(self) -> int:
        """The pairs that are left of the case with the most."""
        left = (self.pairs(item.case.key) - self.seen.get(item.case.key, 0) for item in self.pending())
        return max(left, default=0)

    def error_allowed(self, key: str) -> float:
        """As fine as can be: what is recorded serves to ask what coarser data would say."""
        return FINEST


def measure(
    folder: Path,
    queue: PairQueue,
    settings: Settings,
    hello: Hello,
    stop: Stop,
    on_stage: OnStage,
    *,
    sides: Mapping[str, SideCode] = SAME,
    pair_settings: PairSettings = EVERYDAY,
) -> Ended:
    """Measure pairs until no case wants another, the budget is spent or a stop is asked for; seal however it ends.

    on_stage: called as a case enters a stage. Raises `MachineUnfitError`.
    """
    journal = Journal(folder)
    spending = SessionAccount(journal, len(queue.pending()))
    context = pair_context_of(
        folder,
        sides,
        settings,
        hello,
        stop,
        PairRecorder(journal, queue, on_stage, spending),
        pair_settings,
        queue.error_allowed,
    )
    with RoundStarters(context) as starters:
        return until_sealed(folder, journal, spending, lambda: pairs_until_enough(queue, context, starters))


def pair_context_of(
    folder: Path,
    sides: Mapping[str, SideCode],
    settings: Settings,
    hello: Hello,
    stop: Stop,
    listener: PairListener,
    pair_settings: PairSettings = EVERYDAY,
    error_allowed: Callable[[str], float] = lambda key: FINEST,
) -> PairContext:
    """What the pairs of a run work with; its caches lie in the folder of the run."""
    return PairContext(
        sides=sides,
        settings=settings,
        stop=stop,
        threads=lambda symbolic: threads_of(symbolic, hello),
        caches=folder / CACHES,
        listener=listener,
        cpus=Placement.of(hello.facts).coins(),
        pair_settings=pair_settings,
        error_allowed=error_allowed,
        can_fork=can_fork(cuda=has_gpu(hello.capabilities)),
    )


class Pace:
    """How many rounds the budget still affords, by what the last one took; the budget begins when this is made."""

    def __init__(self, budget_s: float | None) -> None:
        self._ends = math.inf if budget_s is None else time.monotonic() + budget_s
        self.latest_s = 0.0
        """Seconds that the last round took; 0 before the first."""

    def left(self) -> float:
        """Rounds like the last one; infinity before the first and without a budget, 0 once it is spent."""
        left_s = self._ends - time.monotonic()
        if left_s <= 0:
            return 0.0
        return left_s / self.latest_s if self.latest_s else math.inf

    @contextlib.contextmanager
    def round(self) -> Iterator[None]:
        """Time the round that is measured inside."""
        started = time.monotonic()
        yield
        self.latest_s = time.monotonic() - started


def pairs_until_enough(queue: PairQueue, context: PairContext, starters: RoundStarters) -> str:
    """Measure pair after pair, and begin none that would end after the budget. Returns the run's status."""
    pace = Pace(context.settings.budget_s)
    for pair in itertools.count():
        pending = queue.pending()
        if not pending:
            return "complete"
        if pace.left() < 1:
            return "out of budget"
        dealt = assignments(pending, pair, context.settings.seed)
        with pace.round(), starters.one(dealt, queue.sure_pairs()) as starter:
            for assignment in dealt:
                Pair(assignment, context, starter).run()
    raise AssertionError("count() never ends")


class PairRecorder:
    """Takes down what pairs report: first in the journal, then in the queue."""

    def __init__(self, journal: Journal, queue: PairTaker, on_stage: OnStage, spending: SessionAccount) -> None:
        self._journal, self._queue, self._on_stage, self._spending = journal, queue, on_stage, spending

    def spawned(self, seconds: float) -> None:
        """A worker took `seconds` from its start to its hello."""
        self._spending.spawned(seconds)

    def entered(self, key: str, stage: str, launch: int) -> None:
        """A case entered a stage of a pair."""
        self._on_stage(key, stage, launch)

    def paired(self, block_pairs: Sequence[BlockPair]) -> None:
        """All block pairs of a case in a pair that ended well on both sides."""
        self._journal.pair(block_pairs)
        self._queue.add(block_pairs)

    def ended(self, record: CaseLaunch, blocks: Sequence[Block]) -> None:
        """A case ended on one side of a pair."""
        if blocks:
            self._journal.visit(record.process, blocks)
        self._journal.launch(record)
        if record.outcome != Outcome.OK:
            self._queue.drop(record.key, record.outcome)
