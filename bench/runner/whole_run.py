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
from bench.runner.launches.schedule import assignments
from bench.runner.listener import RunListener
from bench.runner.sealing import Ended, until_sealed
from bench.runner.stop import Stop
from bench.runner.thread_counts import threads_of
from bench.runner.time_account import SessionAccount
from bench.store import journal


def measure(
    folder: Path, planned: Sequence[Planned], settings: Settings, hello: Hello, stop: Stop, watch: RunListener
) -> Ended:
    """Measure what is still pending of a run, and seal it however it ends. Raises `MachineUnfitError`."""
    ledger = Ledger(planned, settings)
    book = journal.Journal(folder)  # first the lock: what is replayed must not change under our hands
    replay(folder, ledger)
    clerk = LaunchRecorder(book, ledger, watch)
    office = LaunchContext(
        settings=settings,
        stop=stop,
        threads=lambda symbolic: threads_of(symbolic, hello),
        steps=ledger.steps,
        visits=ledger.visits.wanted,
        caches=folder / CACHES,
        budget=Budget(settings.budget_s, ledger.cost_s),
        clerk=clerk,
    )
    return until_sealed(folder, book, clerk.spending, lambda: launches_until_finished(ledger, office))


def launches_until_finished(ledger: Ledger, office: LaunchContext) -> str:
    """Launch after launch, until every case is finished or the budget spent. Returns the run's status."""
    for launch in itertools.count():
        for assignment in assignments(ledger.pending(launch), launch, office.settings.seed):
            Launch(assignment, office).run()
        if ledger.finished() == len(ledger.planned):
            return "complete"
        if office.budget.refused:
            return "out of budget"
    raise AssertionError("count() never ends")


def replay(folder: Path, ledger: Ledger) -> None:
    """Tell the ledger what earlier sessions of this run measured, sealed or not."""
    if (folder / "launches.parquet").exists():
        from bench.store import tables  # pandas: a run that starts afresh does without it until it is sealed

        ledger.replay(*tables.records_of(tables.read(folder)))
    else:
        contents = journal.read(folder)
        ledger.replay(contents.launches, contents.blocks)


class LaunchRecorder:
    """Takes down what launches report: first the journal, then the ledger, then whoever watches."""

    def __init__(self, book: journal.Journal, ledger: Ledger, watch: RunListener) -> None:
        self._book, self._ledger, self._watch = book, ledger, watch
        self.spending = SessionAccount(book, len(ledger.planned))

    def spawned(self, seconds: float) -> None:
        """A worker took so many seconds from its start to its hello."""
        self.spending.spawned(seconds)

    def entered(self, key: str, stage: str, launch: int) -> None:
        """A case entered a stage of a launch."""
        self._watch.entered(key, stage, launch)

    def visited(self, process: str, blocks: Sequence[Block]) -> None:
        """A visit was timed in `process`."""
        self._book.visit(process, blocks)

    def ended(self, record: CaseLaunch, blocks: Sequence[Block]) -> None:
        """A case ended in a launch."""
        self._book.launch(record)
        self._ledger.add(record, blocks)
        self._watch.ended(record, self._ledger.standing())
