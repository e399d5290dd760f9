"""A run from its first launch to its seal: the story of the program; its chapters are the modules beside it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from bench.protocol import Hello
from bench.records import Block, CaseLaunch, Planned, Settings
from bench.runner.compile_caches import CACHES
from bench.runner.launches.budget import Budget
from bench.runner.launches.launch import Launch, LaunchContext
from bench.runner.launches.ledger import Ledger
from bench.runner.launches.schedule import assignments, imported_by
from bench.runner.listener import RunListener
from bench.runner.sealing import Ended, until_sealed
from bench.runner.stop_request import Stop
from bench.runner.thread_counts import threads_of
from bench.runner.time_account import SessionAccount
from bench.runner.worker_pool import WorkerPool
from bench.store.journal import Journal
from bench.store.journal import read as read_journal


def measure(
    folder: Path,
    planned: Sequence[Planned],
    settings: Settings,
    hello: Hello,
    stop: Stop,
    listener: RunListener,
    pool: WorkerPool,
) -> Ended:
    """Measure what is pending of a run, and seal it however it ends. Raises `MachineUnfitError`."""
    ledger = Ledger(planned, settings)
    journal = Journal(folder)  # first the lock: what is replayed must not change under our hands
    replay(folder, ledger)
    recorder = LaunchRecorder(journal, ledger, listener)
    context = LaunchContext(
        settings=settings,
        pool=pool,
        sure_launches=ledger.sure_launches,
        threads=lambda symbolic: threads_of(symbolic, hello),
        steps=ledger.steps,
        heavy=set(),
        settled=ledger.settled,
        visits=ledger.visits.plan,
        caches=folder / CACHES,
        budget=Budget(settings.budget_s, ledger.cost_s),
        listener=recorder,
    )
    return until_sealed(folder, journal, recorder.spending, lambda: launches_until_finished(ledger, context))


def launches_until_finished(ledger: Ledger, context: LaunchContext) -> str:
    """Measure launch after launch, until every case is finished or the budget spent. Returns the run's status."""
    for launch in itertools.count():
        dealt = assignments(ledger.pending(launch), launch, context.settings.seed)
        with context.pool.launch(len(dealt), imported_by(dealt)):
            for assignment in dealt:
                Launch(assignment, context).run()
        if ledger.finished() == len(ledger.planned):
            return "complete"
        if context.budget.refused:
            return "out of budget"
    raise AssertionError("count() never ends")


def replay(folder: Path, ledger: Ledger) -> None:
    """Add what earlier sessions of this run measured to the ledger, sealed or not."""
    if (folder / "launches.parquet").exists():
        from bench.store import tables  # pandas: a run that starts afresh does without it until it is sealed

        ledger.replay(*tables.records_of(tables.read(folder)))
    else:
        contents = read_journal(folder)
        ledger.replay(contents.launches, contents.blocks)


class LaunchRecorder:
    """Takes down what launches report: first in the journal, then in the ledger, then to the listener."""

    def __init__(self, journal: Journal, ledger: Ledger, listener: RunListener) -> None:
        self._journal, self._ledger, self._listener = journal, ledger, listener
        self.spending = SessionAccount(journal, len(ledger.planned))

    def spawned(self, seconds: float) -> None:
        """A worker took `seconds` from its start to its hello."""
        self.spending.spawned(seconds)

    def entered(self, key: str, stage: str, launch: int) -> None:
        """A case entered a stage of a launch."""
        self._listener.entered(key, stage, launch)

    def visited(self, process: str, blocks: Sequence[Block]) -> None:
        """A visit was timed in `process`."""
        self._journal.visit(process, blocks)

    def ended(self, record: CaseLaunch, blocks: Sequence[Block]) -> None:
        """A case ended in a launch."""
        self._journal.launch(record)
        self._ledger.add(record, blocks)
        self._listener.ended(record, self._ledger.standing())
