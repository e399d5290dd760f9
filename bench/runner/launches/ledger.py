"""The account of a run: which launches of which cases are done, and which are pending."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence

from bench.records import Block, CaseLaunch, Outcome, Planned, Settings
from bench.runner.launches.precision import Precision
from bench.runner.launches.schedule import is_compiled
from bench.runner.launches.visits import Visits
from bench.runner.listener import RunProgress
from bench.series import STEP, Series
from bench.stats.moderation import Neighbours

GUESS_S, GUESS_COMPILED_S = 0.5, 10.0
"""Seconds of a launch of a case before any of its kind was seen; used only for the progress bar."""

FIRST_COMPILE_S, FIRST_AOTI_S = 20.0, 40.0
"""Seconds that a case takes which compiles with an empty cache, before one was seen: as `bench.plan.run_duration` says,
near the top of what was measured. A run with a budget begins none that would end after it."""


class Ledger:
    """Keeps for each case its launches, precision, n and cost, and decides what is pending."""

    def __init__(self, planned: Sequence[Planned], settings: Settings) -> None:
        self.planned = {item.case.key: item for item in planned}
        self.steps: dict[str, dict[Series, int]] = {}
        self.settled: dict[str, tuple[int, int]] = {}
        """Calls and ns until the step of a case was as fast as it stayed, in the launch that looked."""
        self.outcomes: dict[str, str] = {}
        self._precision = {key: Precision(settings) for key in self.planned}
        self._neighbours = Neighbours()
        self.visits = Visits(settings)
        self._only_compiles = all(map(is_compiled, planned))
        self._done: set[tuple[str, int]] = set()
        self._cost: dict[str, list[float]] = defaultdict(list)

    def replay(self, records: Iterable[CaseLaunch], blocks: Iterable[Block]) -> None:
        """Add what an earlier session of the same run measured."""
        by_launch: dict[tuple[str, int], list[Block]] = defaultdict(list)
        for block in blocks:
            by_launch[block.key, block.launch].append(block)
        for record in records:
            self.add(record, by_launch[record.key, record.launch])

    def add(self, record: CaseLaunch, blocks: Sequence[Block]) -> None:
        """Add the end of a case in one launch."""
        self._done.add((record.key, record.launch))
        self._cost[record.key].append(sum(record.seconds.values()) or GUESS_S)
        if self.outcomes.get(record.key, Outcome.OK) == Outcome.OK:
            self.outcomes[record.key] = record.outcome
        if record.steps:
            self.steps[record.key] = dict(record.steps)
        if record.settled_calls is not None and record.settled_ns is not None:
            self.settled[record.key] = record.settled_calls, record.settled_ns
        median_s = launch_median_s(blocks)
        if record.outcome == Outcome.OK and median_s is not None:
            precision = self._precision[record.key]
            precision.add(median_s, self._neighbours.prior(record.key))
            self._neighbours.put(record.key, precision.medians)
            self.visits.add(record, blocks)

    def pending(self, launch: int) -> list[Planned]:
        """The cases that still need launch number `launch`."""
        return [
            item for key, item in self.planned.items() if not self.is_finished(key) and (key, launch) not in self._done
        ]

    def is_finished(self, key: str) -> bool:
        """Does the case need no more launches: precise enough, or ended by its outcome?"""
        return self.outcomes.get(key, Outcome.OK) != Outcome.OK or self._precision[key].is_finished()

    def finished(self) -> int:
        """How many cases need no more launches."""
        return sum(self.is_finished(key) for key in self.planned)

    def cost_s(self, key: str) -> float:
        """Seconds of a launch of the case, the median so far. Before the first: 0, so that it is tried.

        A case that compiles is foreseen instead, by what those of its mode took in their first launch: it may take
        longer than all others together. Where a run has nothing else, the first of them is tried too.
        """
        if self._cost.get(key):
            return statistics.median(self._cost[key])
        if not is_compiled(self.planned[key]) or (not self._done and self._only_compiles):
            return 0.0
        mode = self.planned[key].case["mode"]
        first = [costs[0] for other, costs in self._cost.items() if self.planned[other].case["mode"] == mode]
        return statistics.median(first) if first else (FIRST_AOTI_S if mode == "aoti" else FIRST_COMPILE_S)

    def sure_launches(self, keys: Iterable[str]) -> int:
        """How many launches of some cases are sure to come: the most that one of them still needs."""
        return max((self._precision[key].launches_left() for key in keys), default=0)

    def standing(self) -> RunProgress:
        """How far the run is."""
        left = sum(self._precision[key].launches_left() for key in self.planned if not self.is_finished(key))
        share = len(self._done) / (len(self._done) + left) if self._done else 0.0
        return RunProgress(self.finished(), len(self.planned), share, self.left_s())

    def left_s(self) -> float:
        """Seconds that the pending launches will take, by the cases' costs so far; an unseen case costs as much as its
        kind.
        """
        left = 0.0
        for key, item in self.planned.items():
            if not self.is_finished(key):
                seen = self._cost.get(key) or self._cost_of_kind(is_compiled(item))
                left += self._precision[key].launches_left() * statistics.median(seen)
        return left

    def _cost_of_kind(self, compiled: bool) -> list[float]:
        alike = [
            cost for key, costs in self._cost.items() if is_compiled(self.planned[key]) is compiled for cost in costs
        ]
        # Three guesses beside what was seen: the first case to end would otherwise speak for all.
        return [*alike, *[GUESS_COMPILED_S if compiled else GUESS_S] * 3]


def launch_median_s(blocks: Iterable[Block]) -> float | None:
    """The median block of a launch, in seconds per step: one datum. None without kept blocks of the step.

    On a device with several clocks the first that was timed counts, its default one.
    """
    kept = [block for block in blocks if block.kept and block.phase == STEP]
    if not kept:
        return None
    clock = kept[0].clock
    return statistics.median(block.total_ns / block.steps for block in kept if block.clock == clock) / 1e9
