"""One lockstep pair: a process of either side, alive together, of which one at a time runs.

Drift slower than a few milliseconds falls on both sides alike and cancels. What does not cancel is decided by coins:
one a pair says which side is spawned, prepared and compiled first, for placement may favour it by some percent; one a
block pair says whose block comes first. Both sides run on one core, picked by a third coin, where a step needs no more:
the cores of a shared machine are held back one by one (docs/decisions/0008-one-core-for-both-sides.md). A case that
ends in anything but `ok` on a side gets no more block pairs in this pair.

In a gate a second copy of the base takes its turns with one case: base and copy are a pair of their own, the canary's.
"""

from __future__ import annotations

import contextlib
import random
import time
from typing import NamedTuple

from bench.protocol import (
    BlockTimed,
    Close,
    Closed,
    Import,
    Imported,
    Opened,
    Refused,
    Reply,
    Request,
    TimeBlock,
    TimedWithOthers,
    TimeWithOthers,
    Visit,
    Visited,
)
from bench.protocol.rows import TimedBlock
from bench.records import IMPORT, SIDES, ComparedCase, Outcome
from bench.runner.launches.launch import GROUP_BYTES, GROUP_CASES
from bench.runner.launches.schedule import Assignment
from bench.runner.pairs.block_pair_count import MOST_BLOCK_PAIRS, at_least, more
from bench.runner.pairs.opening import closed, opened, opening
from bench.runner.pairs.pair_caches import PairCaches, caches_of
from bench.runner.pairs.pair_context import FEWEST_BLOCK_PAIRS, TWIN, Canary, PairContext, PairedCase
from bench.runner.pairs.pair_rows import block_pairs, case_end
from bench.runner.starter import Starter
from bench.runner.worker import START_TIMEOUT_S, Worker, WorkerLostError
from bench.series import BESIDE, BY, Series

TIDY_UP_S = 10.0
"""Longest end of a process that ran tests of another tool: fixtures of the whole session are torn down in it."""


class AtWork(NamedTuple):
    """Who was asked last: if the process is lost, this case of this side lost it."""

    side: str
    key: str


class Pair:
    """Measures one assignment in lockstep. A process that dies ends the pair: what is left wants another one."""

    def __init__(
        self,
        assignment: Assignment[ComparedCase],
        context: PairContext,
        starter: Starter | None = None,
        canary: Canary | None = None,
    ) -> None:
        """starter: forks the processes of all sides. canary: the case of a second copy of the base, if it is here."""
        self._assignment = assignment
        self._context = context
        self._starter = starter
        self._number = assignment.launch
        self._suite = assignment.planned[0].head.source.suite
        keys = [item.case.key for item in assignment.planned]
        self._canary = canary if canary is not None and canary.compared.case.key in keys else None
        self._dice = random.Random(f"{context.settings.seed}:{self._number}:pair:{','.join(keys)}")
        everyone = SIDES if self._canary is None else (*SIDES, TWIN)
        self._order = self._dice.sample(everyone, len(everyone))
        # Visits alone stand among the first block pairs: a slow minute then falls on both, and their ratio stays.
        self._alone_at = self._dice.sample(range(FEWEST_BLOCK_PAIRS), min(context.settings.visits, FEWEST_BLOCK_PAIRS))
        self._cpu = self._dice.choice(context.cpus) if context.cpus else None
        self._workers: dict[str, Worker] = {}
        self._cases: dict[str, PairedCase] = {}
        """The open cases by key."""
        self._at_work = AtWork("", "")
        self._import_s: dict[str, float] = {}
        """By side: seconds that its workload files took to import."""

    def run(self) -> None:
        """Measure every case of the assignment. Raises `Stopped`, `MachineUnfitError`."""
        waiting = list(self._assignment.planned)
        key = waiting[0].case.key  # where it compiles, the only one
        context = self._context
        with contextlib.ExitStack() as stack:
            caches = caches_of(context, key, self._order) if self._assignment.compiled else PairCaches()
            for side in self._order:
                threads = context.threads(self._assignment.threads)
                code = self._canary.code if side == TWIN and self._canary else context.sides[side]
                worker = Worker(threads, context.stop, caches.folders.get(side), code, self._starter)
                stack.callback(worker.end, TIDY_UP_S if self._suite is not None else 0.0)
                self._workers[side] = worker
            try:
                self._import()
                while waiting:
                    self._open_group(waiting, caches)
                    self._time_block_pairs()
                    self._time_with_others()
                    self._close_group()
            except WorkerLostError as lost:
                self._end_pair(lost)

    def _import(self) -> None:
        """Let all sides start and import their workloads at the same time: half as long, and nothing is timed yet."""
        self._cases = {item.case.key: self._case_of(item) for item in self._assignment.planned}
        # The first case of a side pays for a process that dies of its imports.
        measured = {side: [each for each in self._cases.values() if side in each.sides] for side in self._order}
        for side in self._order:
            self._at_work = AtWork(side, measured[side][0].compared.case.key)
            self._workers[side].begin(Import([each.on(side).source for each in measured[side]]))
        for side in self._order:
            self._at_work = AtWork(side, measured[side][0].compared.case.key)
            reply = self._workers[side].answer(START_TIMEOUT_S)
            if isinstance(reply, Imported):
                self._import_s[side] = reply.seconds
        self._cases.clear()
        self._context.listener.spawned(time.monotonic() - self._workers[self._order[0]].started_s)

    def _case_of(self, compared: ComparedCase) -> PairedCase:
        canary = self._canary
        is_its = canary is not None and canary.compared.case.key == compared.case.key
        return PairedCase(compared, [], twin=canary.compared.head if canary is not None and is_its else None)

    def _sides_of(self, paired: PairedCase) -> list[str]:
        """Who measures a case, in the order of the pair."""
        return [side for side in self._order if side in paired.sides]

    # --- what happens to a group of cases ---------------------------------------------------------------------------

    def _open_group(self, waiting: list[ComparedCase], caches: PairCaches) -> None:
        resident = 0
        most = 1 if self._suite is not None and self._suite.one_at_a_time else GROUP_CASES
        while waiting and len(self._cases) < most and resident < GROUP_BYTES:
            compared = waiting.pop(0)
            key = compared.case.key
            self._cases[key] = paired = self._case_of(compared)
            request = opening(self._context, key, caches)
            for side in self._sides_of(paired):
                reply = self._ask(side, key, request(side, paired.on(side)))
                if isinstance(reply, Opened):
                    opened(self._context, paired, side, reply)
                    resident += reply.resident_bytes
                elif key not in self._cases:
                    break
            else:
                paired.cpu = self._cpu if all(paired.facts[side]["one_core"] for side in paired.sides) else None

    def _time_block_pairs(self) -> None:
        """Time block pairs of all cases, in shuffled order round by round; each case gets as many as it is worth."""
        settings = self._context.pair_settings
        for index in range(MOST_BLOCK_PAIRS):
            if index in self._alone_at:
                self._visit_alone(self._alone_at.index(index))
            keys = [key for key, paired in self._cases.items() if index < paired.wanted]
            if not keys and index >= FEWEST_BLOCK_PAIRS:
                break
            self._dice.shuffle(keys)
            for key in keys:
                paired = self._cases[key]
                self._context.listener.entered(key, f"couple {index + 1}", self._number)
                if not all(self._time_block_pair(key, paired, clock, index) for clock in paired.clocks):
                    continue
                if index == 0:
                    paired.wanted = at_least(paired.block_pairs, settings)
                if index + 1 == paired.wanted:
                    paired.wanted += more(paired.block_pairs, settings, self._context.error_allowed(key))

    def _time_block_pair(self, key: str, paired: PairedCase, clock: str, index: int) -> bool:
        """Time a block on each side, in random order; False where a side ended the case."""
        order = self._dice.sample(paired.sides, len(paired.sides))
        skip, cold = paired.skipped(self._dice.randint, clock), paired.cold(clock)
        timed: dict[str, BlockTimed] = {}
        rewarm = self._context.pair_settings.rewarm
        for side in order:
            before = skip + paired.behind(side) if rewarm else 0  # a call that is not timed makes it warm too
            reply = self._ask(side, key, TimeBlock(paired.key_on(side), clock, rewarm, paired.cpu, before, cold))
            if isinstance(reply, BlockTimed):
                timed[side] = reply
            elif key not in self._cases:
                return False
        block_pairs(paired, timed, self._number, order, self._order, (clock, index), self._canary)
        return True

    def _visit_alone(self, visit: int) -> None:
        """Time blocks in a row on one side, while the other has nothing to do."""
        alone = [(key, side) for key in self._cases if key in self._context.pair_settings.alone for side in SIDES]
        self._dice.shuffle(alone)
        for key, side in alone:
            if key not in self._cases:
                continue  # an earlier visit ended it
            paired = self._cases[key]
            reply = self._ask(side, key, Visit(paired.key_on(side), paired.cpu))
            if isinstance(reply, Visited):
                paired.blocks[side] += [block.at(key, self._number, visit, side) for block in reply.blocks]

    def _time_with_others(self) -> None:
        """Time cases by other timers too, on the side that came first; their blocks and ours are phases apart."""
        settings = self._context.pair_settings
        for key in [key for key in self._cases if key in settings.rivals]:
            paired = self._cases[key]
            side = next(side for side in self._order if side != TWIN)
            seed = f"{self._number}:{side}"
            reply = self._ask(side, key, TimeWithOthers(paired.key_on(side), settings.rival_pairs, seed, paired.cpu))
            if isinstance(reply, TimedWithOthers):
                paired.blocks[side] += [
                    TimedBlock(Series(phase, "wall"), place, True, reply.steps, total_ns).at(key, self._number, 0, side)
                    for name, pairs in reply.pairs.items()
                    for place, pair in enumerate(pairs)
                    for phase, total_ns in ((BESIDE + name, pair.ours_ns), (BY + name, pair.theirs_ns))
                ]

    def _close_group(self) -> None:
        for key in list(self._cases):
            paired = self._cases[key]
            for side in self._sides_of(paired):
                reply = self._ask(side, key, Close(paired.key_on(side)))
                if isinstance(reply, Closed):
                    closed(self._context, paired, side, reply)
                elif key not in self._cases:
                    break
            else:
                del self._cases[key]
                timed = bool(paired.block_pairs)
                outcome, reason = (Outcome.OK, "") if timed else (Outcome.FAILED, "the sides have no clock in common")
                for side in paired.sides:
                    self._record(paired, side, outcome.value, reason)
                if timed:
                    self._context.listener.paired(paired.block_pairs)
                if paired.twin is not None and self._canary is not None and paired.twin_pairs:
                    self._canary.listener.paired(paired.twin_pairs)

    # --- endings ----------------------------------------------------------------------------------------------------

    def _ask(self, side: str, key: str, request: Request) -> Reply:
        """Ask one side about a case. A refusal ends the case; that of the base's second copy, only there."""
        reply = self._answer(side, key, request)
        if isinstance(reply, Refused):
            paired = self._cases[key]
            paired.facts[side] = paired.facts.get(side, {}) | reply.facts
            self._record(paired, side, reply.outcome, reply.reason, reply.detail)
            if side == TWIN:
                paired.twin = None
                return reply
            del self._cases[key]
            for other in paired.sides:
                if other != side and other in paired.steps:  # open there; it has nothing more to do
                    self._answer(other, key, Close(paired.key_on(other)))
        return reply

    def _answer(self, side: str, key: str, request: Request) -> Reply:
        """One side's answer."""
        self._at_work = AtWork(side, key)
        return self._workers[side].ask(
            request,
            self._context.settings.timeout_s,
            lambda stage: self._context.listener.entered(key, f"{side}: {stage.stage}", self._number),
        )

    def _end_pair(self, lost: WorkerLostError) -> None:
        """Record the case at work, which lost a process; the others were not measured here, and want another pair."""
        side, key = self._at_work
        paired = self._cases.pop(key, None)
        if paired is not None:
            self._record(paired, side, lost.outcome.value, str(lost), lost.log)
        self._cases.clear()

    def _record(self, paired: PairedCase, side: str, outcome: str, reason: str = "", detail: str = "") -> None:
        listener, number = self._context.listener, self._number
        if side == TWIN and self._canary is not None:
            listener, number = self._canary.listener, self._canary.number
        process = self._workers[side].process
        if side in self._import_s:
            facts = paired.facts.setdefault(side, {})
            facts["seconds"] = {**facts.get("seconds", {}), IMPORT: self._import_s[side]}
        record = case_end(paired, side, process, number, outcome, reason, detail)
        listener.ended(record, paired.blocks[side] if outcome == Outcome.OK else [])
