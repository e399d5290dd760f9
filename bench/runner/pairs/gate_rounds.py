"""Rounds of a gate: a lockstep pair of every case that is still open, and one of the canary, until all is said."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.protocol import Hello
from bench.records import BASE, HEAD, BlockPair, ComparedCase, Settings
from bench.runner.launches.schedule import assignments
from bench.runner.listener import OnStage
from bench.runner.pairs.pair import Pair
from bench.runner.pairs.pair_context import PairContext, PairSettings
from bench.runner.pairs.pair_loop import EVERYDAY, Pace, PairQueue, PairRecorder, pair_context_of
from bench.runner.sealing import Ended, until_sealed
from bench.runner.stop import Stop
from bench.runner.time_account import SessionAccount
from bench.runner.worker import SideCode
from bench.stats.gate_rule import Rule
from bench.stats.pairs import log_ratio
from bench.store import journal


class UntilDecided:
    """Which cases want another pair, by the rule that will judge them. `lockstep.FixedPairs` is for recording."""

    def __init__(self, coupled: Sequence[ComparedCase], rule: Rule, most_pairs: int, pace: Pace) -> None:
        """most_pairs: of each case. pace: of the rounds that the budget still has."""
        self._coupled, self._rule, self._most, self._pace = coupled, rule, most_pairs, pace
        self._seen: dict[str, list[float]] = {item.case.key: [] for item in coupled}
        self._dropped: dict[str, str] = {}

    def pending(self) -> list[ComparedCase]:
        """Those that are neither decided nor given up."""
        left = self._pace.left()
        return [item for item in self._coupled if self._open(item.case.key, left)]

    def _open(self, key: str, left: float) -> bool:
        seen = self._seen[key]
        return key not in self._dropped and self._rule.wants_more(seen, min(self._most - len(seen), left))

    def add(self, couples: Sequence[BlockPair]) -> None:
        """One pair more; wall time decides when to stop."""
        wall = [couple for couple in couples if couple.clock == "wall"]
        self._seen[wall[0].key].append(log_ratio([one.base_ns for one in wall], [one.head_ns for one in wall]))

    def drop(self, key: str, outcome: str) -> None:
        """A case that ended badly on a side."""
        self._dropped[key] = outcome


class CanaryQueue:
    """Base against its twin: every case in turn, as long as it ends well."""

    def __init__(self, coupled: Sequence[ComparedCase]) -> None:
        self._coupled = {item.case.key: item for item in coupled}
        self._turn = 0

    def pending(self) -> list[ComparedCase]:
        """The case whose turn it is."""
        left = list(self._coupled.values())
        return [left[self._turn % len(left)]] if left else []

    def add(self, couples: Sequence[BlockPair]) -> None:
        """It is another one's turn."""
        self._turn += 1

    def drop(self, key: str, outcome: str) -> None:
        """Not this one any more."""
        self._coupled.pop(key, None)


def measure(
    folder: Path,
    judge: PairQueue,
    canary: CanaryQueue,
    sides: Mapping[str, SideCode],
    twin: SideCode,
    settings: Settings,
    hello: Hello,
    stop: Stop,
    heard: OnStage,
    pace: Pace,
    conduct: PairSettings = EVERYDAY,
) -> Ended:
    """Measure rounds until the judge wants no more, or the budget is spent; seal however it ends.

    sides: of base and head; twin: a second copy of the base. Raises `MachineUnfitError`.
    """
    book = journal.Journal(folder)
    spending = SessionAccount(book, len(judge.pending()))
    arena = pair_context_of(folder, sides, settings, hello, stop, PairRecorder(book, judge, heard, spending), conduct)
    beside = dataclasses.replace(
        arena,
        sides={BASE: sides[BASE], HEAD: twin},
        caches=arena.caches / "twin",
        secretary=PairRecorder(book, canary, heard, spending),
        conduct=EVERYDAY,
        colds={},
        twin=True,
    )
    return until_sealed(folder, book, spending, lambda: rounds(judge, canary, arena, beside, pace))


def rounds(judge: PairQueue, canary: CanaryQueue, arena: PairContext, beside: PairContext, pace: Pace) -> str:
    """Round after round; none is begun that would end after the budget, by what the last one took. Its status."""
    for number in itertools.count():
        if pace.left() < 1:
            return "out of budget"
        pending = judge.pending()
        if not pending:
            return "complete"
        with pace.round():
            for assignment in assignments(pending, 2 * number, arena.settings.seed):
                Pair(assignment, arena).run()
            for assignment in assignments(canary.pending(), 2 * number + 1, arena.settings.seed):
                Pair(assignment, beside).run()
    raise AssertionError("count() never ends")
