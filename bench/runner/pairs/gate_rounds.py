"""Rounds of a gate: a lockstep pair of every case that is not decided, until all are decided.

In each round a second copy of the base takes part in the pair of one case: the canary's.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from bench.protocol import Hello
from bench.records import BlockPair, ComparedCase, Settings
from bench.runner.launches.schedule import assignments
from bench.runner.listener import OnStage
from bench.runner.pairs.pair import Pair
from bench.runner.pairs.pair_context import Canary, PairContext, PairSettings
from bench.runner.pairs.pair_loop import EVERYDAY, Pace, PairQueue, PairRecorder, pair_context_of
from bench.runner.pairs.round_starters import RoundStarters
from bench.runner.sealing import Ended, until_sealed
from bench.runner.starter import Starter
from bench.runner.stop_request import Stop
from bench.runner.time_account import SessionAccount
from bench.runner.worker import SideCode
from bench.series import WALL
from bench.stats.gate_rule import IMPROVED, NOT_SLOWER, REGRESSED, Rule
from bench.stats.pairs import PairData
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
        self._seen: dict[str, PairData] = {item.case.key: PairData() for item in cases}
        self._dropped: dict[str, str] = {}

    def pending(self) -> list[ComparedCase]:
        """Cases that are neither decided nor given up."""
        left = self._pace.left()
        return [item for item in self._cases if self._open(item.case.key, left)]

    def _open(self, key: str, left: float) -> bool:
        seen = self._seen[key]
        most = min(self._most - len(seen.medians), left)
        if key in self._dropped or most < 1:
            return False
        rule = self._own.get(key, self._rule)
        return len(seen.medians) < self._least or rule.wants_more(seen.medians, most, seen.means)

    def add(self, block_pairs: Sequence[BlockPair]) -> None:
        """Take up one pair more; the data of its wall clock and CPU time decide when to stop."""
        wall = [each for each in block_pairs if each.clock == WALL]
        self._seen[wall[0].key].add(wall)

    def drop(self, key: str, outcome: str) -> None:
        """Give up a case that ended badly on a side."""
        self._dropped[key] = outcome

    def error_allowed(self, key: str) -> float:
        """What the rule that judges the case allows, by its pairs so far."""
        return self._own.get(key, self._rule).error_allowed(self._seen[key].medians)

    def sure_pairs(self) -> int:
        """Pairs without which no verdict on some case is possible, as far as the budget affords them."""
        fewest = min(self._rule.fewest_pairs(each) for each in (REGRESSED, NOT_SLOWER, IMPROVED))
        seen = min((len(self._seen[item.case.key].medians) for item in self.pending()), default=fewest)
        left = self._pace.left()
        return max(1, min(fewest - seen, self._most, math.floor(left) if math.isfinite(left) else fewest))


class CanaryQueue:
    """Base against its second copy: one of the cases of a round, every one in turn, as long as it ends well."""

    def __init__(self, cases: Sequence[ComparedCase]) -> None:
        self._cases = {item.case.key: item for item in cases}
        self._pairs = dict.fromkeys(self._cases, 0)

    def next(self, pending: Sequence[ComparedCase]) -> ComparedCase | None:
        """The case that had the fewest pairs of those that a round measures; None where all of them ended badly."""
        here = {item.case.key for item in pending}
        left = [item for key, item in self._cases.items() if key in here]
        return min(left, key=lambda item: self._pairs[item.case.key], default=None)

    def add(self, block_pairs: Sequence[BlockPair]) -> None:
        """Count a pair of its case."""
        self._pairs[block_pairs[0].key] += 1

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
    starter: Starter | None = None,
    after_first: Callable[[], None] = lambda: None,
) -> Ended:
    """Measure rounds until no case wants another pair, or the budget is spent; seal however it ends.

    sides: of base and head; twin: a second copy of the base. on_stage: is given the number of the round. starter: forks
    the processes of the first round, where one interpreter serves all; it ends with that round. after_first: called
    once the first round is over.
    Raises `MachineUnfitError`.
    """
    journal = Journal(folder)
    spending = SessionAccount(journal, len(queue.pending()))

    def entered(key: str, stage: str, number: int) -> None:
        on_stage(key, stage, number // 2)

    context = pair_context_of(
        folder,
        sides,
        settings,
        hello,
        stop,
        PairRecorder(journal, queue, entered, spending),
        pair_settings,
        queue.error_allowed,
    )
    of_canary = PairRecorder(journal, canary, entered, spending)

    def work() -> str:
        with RoundStarters(context, starter if context.can_fork else None) as starters:
            return rounds(
                queue, canary, context, lambda item, n: Canary(item, twin, n, of_canary), starters, pace, after_first
            )

    return until_sealed(folder, journal, spending, work)


def rounds(
    queue: PairQueue,
    canary: CanaryQueue,
    context: PairContext,
    canary_of: Callable[[ComparedCase, int], Canary],
    starters: RoundStarters,
    pace: Pace,
    after_first: Callable[[], None],
) -> str:
    """Measure round after round, and begin none that would end after the budget. Returns the run's status."""
    for number in itertools.count():
        if number == 1:
            after_first()
        if pace.left() < 1:
            return "out of budget"
        pending = queue.pending()
        if not pending:
            return "complete"
        dealt = assignments(pending, 2 * number, context.settings.seed)
        twins = canary.next(pending)
        beside = None if twins is None else canary_of(twins, 2 * number + 1)
        with pace.round(), starters.one(dealt, queue.sure_pairs()) as starter:
            for assignment in dealt:
                Pair(assignment, context, starter, beside).run()
    raise AssertionError("count() never ends")
