"""Rounds of a gate: a lockstep pair of every case that is not decided, and one of the canary, until all are decided."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from bench.protocol import Hello
from bench.records import BASE, HEAD, BlockPair, ComparedCase, Settings
from bench.runner.launches.schedule import assignments
from bench.runner.listener import OnStage
from bench.runner.pairs.pair import Pair
from bench.runner.pairs.pair_context import PairContext, PairSettings
from bench.runner.pairs.pair_loop import EVERYDAY, Pace, PairQueue, PairRecorder, pair_context_of
from bench.runner.sealing import Ended, until_sealed
from bench.runner.stop_request import Stop
from bench.runner.time_account import SessionAccount
from bench.runner.worker import SideCode
from bench.stats.gate_rule import Rule
from bench.stats.pairs import log_ratio
from bench.store.journal import Journal

NO_RULES: Mapping[str, Rule] = MappingProxyType({})


class UntilDecided:
    """Which cases want another pair, by the rule that will judge them. `pair_loop.FixedPairs` is for recording."""

    def __init__(
        self,
        cases: Sequence[ComparedCase],
        rule: Rule,
        most_pairs: int,
        pace: Pace,
        own: Mapping[str, Rule] = NO_RULES,
        least_pairs: int = 0,
    ) -> None:
        """most_pairs: of each case. pace: how many rounds the budget still affords. own: by key, rules that differ.

        least_pairs: those without which another metric that may fail the gate could not.
        """
        self._cases, self._rule, self._most, self._pace = cases, rule, most_pairs, pace
        self._own, self._least = own, least_pairs
        self._seen: dict[str, list[float]] = {item.case.key: [] for item in cases}
        self._dropped: dict[str, str] = {}

    def pending(self) -> list[ComparedCase]:
        """Cases that are neither decided nor given up."""
        left = self._pace.left()
        return [item for item in self._cases if self._open(item.case.key, left)]

    def _open(self, key: str, left: float) -> bool:
        seen = self._seen[key]
        most = min(self._most - len(seen), left)
        if key in self._dropped or most < 1:
            return False
        return len(seen) < self._least or self._own.get(key, self._rule).wants_more(seen, most)

    def add(self, block_pairs: Sequence[BlockPair]) -> None:
        """Take up one pair more; wall time decides when to stop."""
        wall = [each for each in block_pairs if each.clock == "wall"]
        self._seen[wall[0].key].append(log_ratio([each.base_ns for each in wall], [each.head_ns for each in wall]))

    def drop(self, key: str, outcome: str) -> None:
        """Give up a case that ended badly on a side."""
        self._dropped[key] = outcome


class CanaryQueue:
    """Base against its twin: one case a round, every case in turn, as long as it ends well."""

    def __init__(self, cases: Sequence[ComparedCase]) -> None:
        self._cases = {item.case.key: item for item in cases}
        self._next = 0

    def pending(self) -> list[ComparedCase]:
        """The case whose turn it is."""
        left = list(self._cases.values())
        return [left[self._next % len(left)]] if left else []

    def add(self, block_pairs: Sequence[BlockPair]) -> None:
        """Go on to the next case."""
        self._next += 1

    def drop(self, key: str, outcome: str) -> None:
        """Measure no more pairs of this case."""
        self._cases.pop(key, None)


def measure(
    folder: Path,
    queue: PairQueue,
    canary: CanaryQueue,
    sides: Mapping[str, SideCode],
    twin: SideCode,
    settings: Settings,
    hello: Hello,
    stop: Stop,
    on_stage: OnStage,
    pace: Pace,
    pair_settings: PairSettings = EVERYDAY,
) -> Ended:
    """Measure rounds until no case wants another pair, or the budget is spent; seal however it ends.

    sides: of base and head; twin: a second copy of the base. Raises `MachineUnfitError`.
    """
    journal = Journal(folder)
    spending = SessionAccount(journal, len(queue.pending()))
    context = pair_context_of(
        folder, sides, settings, hello, stop, PairRecorder(journal, queue, on_stage, spending), pair_settings
    )
    canary_context = dataclasses.replace(
        context,
        sides={BASE: sides[BASE], HEAD: twin},
        caches=context.caches / "twin",
        listener=PairRecorder(journal, canary, on_stage, spending),
        pair_settings=EVERYDAY,
        cold_pairs={},
        twin=True,
    )
    return until_sealed(folder, journal, spending, lambda: rounds(queue, canary, context, canary_context, pace))


def rounds(queue: PairQueue, canary: CanaryQueue, context: PairContext, canary_context: PairContext, pace: Pace) -> str:
    """Measure round after round, and begin none that would end after the budget. Returns the run's status."""
    for number in itertools.count():
        if pace.left() < 1:
            return "out of budget"
        pending = queue.pending()
        if not pending:
            return "complete"
        with pace.round():
            for assignment in assignments(pending, 2 * number, context.settings.seed):
                Pair(assignment, context).run()
            for assignment in assignments(canary.pending(), 2 * number + 1, context.settings.seed):
                Pair(assignment, canary_context).run()
    raise AssertionError("count() never ends")
