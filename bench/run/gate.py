"""Rounds of a gate: a lockstep pair of every case that is still open, and one of the canary, until all is said."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.protocol import Hello
from bench.records import BASE, HEAD, Couple, Coupled, Settings
from bench.run.account import Spending
from bench.run.arena import Arena
from bench.run.lockstep import Scribe
from bench.run.pair import Pair
from bench.run.runner import CACHES, Ended, threads_of, until_sealed
from bench.run.schedule import assignments
from bench.run.stop import Stop
from bench.run.watch import Heard
from bench.run.worker import Side
from bench.stats.decision import Rule
from bench.stats.pairs import log_ratio
from bench.store import journal


class Bench:
    """The judge on the bench: which cases want another pair, by the rule that will judge them."""

    def __init__(self, coupled: Sequence[Coupled], rule: Rule, most_pairs: int, all_of_them: bool = False) -> None:
        """all_of_them: so many pairs of each case, whatever they show."""
        self._coupled, self._rule, self._most, self._all = coupled, rule, most_pairs, all_of_them
        self._seen: dict[str, list[float]] = {item.case.key: [] for item in coupled}
        self._dropped: dict[str, str] = {}
        self.rounds_left: Callable[[], float] = lambda: float(most_pairs)
        """How many rounds the budget still has, by what the last one took."""

    def pending(self) -> list[Coupled]:
        """Those that are neither decided nor given up."""
        left = self.rounds_left()
        return [item for item in self._coupled if self._open(item.case.key, left)]

    def _open(self, key: str, left: float) -> bool:
        seen = self._seen[key]
        if key in self._dropped:
            return False
        if self._all:
            return len(seen) < self._most
        return self._rule.wants_more(seen, min(self._most - len(seen), left))

    def add(self, couples: Sequence[Couple]) -> None:
        """One pair more; wall time decides when to stop."""
        wall = [couple for couple in couples if couple.clock == "wall"]
        self._seen[wall[0].key].append(log_ratio([one.base_ns for one in wall], [one.head_ns for one in wall]))

    def drop(self, key: str, outcome: str) -> None:
        """A case that ended badly on a side."""
        self._dropped[key] = outcome


class Canary:
    """Base against its twin: every case in turn, as long as it ends well."""

    def __init__(self, coupled: Sequence[Coupled]) -> None:
        self._coupled = {item.case.key: item for item in coupled}
        self._turn = 0

    def pending(self) -> list[Coupled]:
        """The case whose turn it is."""
        left = list(self._coupled.values())
        return [left[self._turn % len(left)]] if left else []

    def add(self, couples: Sequence[Couple]) -> None:
        """It is another one's turn."""
        self._turn += 1

    def drop(self, key: str, outcome: str) -> None:
        """Not this one any more."""
        self._coupled.pop(key, None)


def measure(
    folder: Path,
    judge: Bench,
    canary: Canary,
    sides: Mapping[str, Side],
    twin: Side,
    settings: Settings,
    hello: Hello,
    stop: Stop,
    heard: Heard,
) -> Ended:
    """Measure rounds until every case is decided or given up, or the budget is spent; seal however it ends.

    sides: of base and head; twin: a second copy of the base. Raises `MachineUnfitError`.
    """
    book = journal.Journal(folder)
    spending = Spending(book, len(judge.pending()))
    arena = Arena(
        sides=sides,
        settings=settings,
        stop=stop,
        threads=lambda symbolic: threads_of(symbolic, hello),
        steps={},
        caches=folder / CACHES,
        secretary=Scribe(book, judge, heard, spending),
        cpus=hello.facts["cpu"]["affinity"],
    )
    beside = dataclasses.replace(
        arena,
        sides={BASE: sides[BASE], HEAD: twin},
        caches=folder / CACHES / "twin",
        secretary=Scribe(book, canary, heard, spending),
        twin=True,
    )
    return until_sealed(folder, book, spending, lambda: rounds(judge, canary, arena, beside))


def rounds(judge: Bench, canary: Canary, arena: Arena, beside: Arena) -> str:
    """Round after round; none is begun that would end after the budget, by what the last one took. Its status."""
    began, latest, budget = time.monotonic(), 0.0, arena.settings.budget_s
    if budget is not None:
        judge.rounds_left = lambda: (began + budget - time.monotonic()) / latest if latest else float("inf")
    for number in itertools.count():
        started = time.monotonic()
        if budget is not None and latest and started + latest > began + budget:
            return "out of budget"
        pending = judge.pending()
        if not pending:
            return "complete"
        for assignment in assignments(pending, 2 * number, arena.settings.seed):
            Pair(assignment, arena).run()
        for assignment in assignments(canary.pending(), 2 * number + 1, arena.settings.seed):
            Pair(assignment, beside).run()
        latest = time.monotonic() - started
    raise AssertionError("count() never ends")
