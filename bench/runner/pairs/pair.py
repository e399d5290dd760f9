"""One lockstep pair: a process of either side, alive together, of which one at a time is handed the baton.

Drift slower than a few milliseconds falls on both sides alike and cancels. What does not cancel is decided by coins:
one a pair says which side is spawned, prepared and compiled first, for placement may favour it by some percent; one a
couple says whose block comes first. Both sides take turns on one core, picked by a third coin, where a step needs no
more: the cores of a shared machine are held back one by one (docs/decisions/0008-one-core-for-both-sides.md). A case
that ends in anything but `ok` on a side has no more couples in this pair.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator

from bench.protocol import (
    BlockTimed,
    Close,
    Closed,
    Import,
    Open,
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
from bench.records import (
    BASE,
    BESIDE,
    BY,
    HEAD,
    SIDES,
    BlockPair,
    CaseLaunch,
    ComparedCase,
    Outcome,
    Planned,
)
from bench.runner.launches.launch import GROUP_BYTES, GROUP_CASES
from bench.runner.launches.schedule import Assignment
from bench.runner.pairs.block_pair_count import MOST_COUPLES, at_least, more
from bench.runner.pairs.pair_caches import caches_of
from bench.runner.pairs.pair_context import FEWEST_COUPLES, PairContext, PairedCase
from bench.runner.worker import START_TIMEOUT_S, Worker, WorkerDiedError, WorkerSilentError
from bench.series import Series


@contextlib.contextmanager
def _blaming(side: str, key: str) -> Iterator[None]:
    """A death or a silence inside is noted to be of this side and case."""
    try:
        yield
    except (WorkerDiedError, WorkerSilentError) as death:
        death.add_note(side)
        death.add_note(key)
        raise


class Pair:
    """Conducts one assignment in lockstep. A process that dies ends the pair: what is left wants another one."""

    def __init__(self, assignment: Assignment[ComparedCase], arena: PairContext) -> None:
        self._assignment = assignment
        self._arena = arena
        self._number = assignment.launch
        names = ",".join(item.case.key for item in assignment.planned)
        self._dice = random.Random(f"{arena.settings.seed}:{self._number}:pair:{names}")
        self._order = self._dice.sample(SIDES, 2)
        # Visits alone stand among the first couples: a slow minute then falls on both, and their ratio stays.
        self._alone_at = self._dice.sample(range(FEWEST_COUPLES), min(arena.settings.visits, FEWEST_COUPLES))
        self._cpu = self._dice.choice(arena.cpus) if arena.cpus else None
        self._workers: dict[str, Worker] = {}
        self._group: dict[str, PairedCase] = {}

    def run(self) -> None:
        """Measure every case of the assignment. Raises `Stopped`, `MachineUnfitError`."""
        waiting = list(self._assignment.planned)
        key = waiting[0].case.key  # where it compiles, the only one
        with contextlib.ExitStack() as stack:
            state, caches = caches_of(self._arena, key) if self._assignment.compiled else ("", {})
            for side in self._order:
                worker = Worker(
                    self._arena.threads(self._assignment.threads),
                    self._arena.stop,
                    caches.get(side),
                    self._arena.sides[side],
                )
                stack.callback(worker.end)
                self._workers[side] = worker
            try:
                self._come_up()
                while waiting:
                    self._open_group(waiting, state)
                    self._hand_the_baton()
                    self._ask_the_rivals()
                    self._close_group()
            except (WorkerDiedError, WorkerSilentError) as death:
                self._bury(death)

    def _come_up(self) -> None:
        """Both sides start and import their workloads at the same time: half as long, and nothing is timed yet."""
        one = self._assignment.planned[0]
        self._group = {one.case.key: PairedCase(one, [])}  # it pays for a process that dies of its imports
        for side in self._order:
            planned = [item.base if side == BASE else item.head for item in self._assignment.planned]
            with _blaming(side, one.case.key):
                self._workers[side].begin(Import([each.source for each in planned]))
        for side in self._order:
            with _blaming(side, one.case.key):
                self._workers[side].answer(START_TIMEOUT_S)
        self._group.clear()
        self._arena.secretary.spawned(time.monotonic() - self._workers[self._order[0]].started_s)

    # --- the movements of a group -----------------------------------------------------------------------------------

    def _open_group(self, waiting: list[ComparedCase], cache_state: str) -> None:
        resident = 0
        while waiting and len(self._group) < GROUP_CASES and resident < GROUP_BYTES:
            coupled = waiting.pop(0)
            key = coupled.case.key
            self._group[key] = guest = PairedCase(coupled, [])
            count = self._arena.conduct.count and key not in self._arena.steps
            for side in self._order:
                planned, known = self._planned(guest, side), self._arena.steps.get(key, {})
                request = Open(planned.case.key, planned.source, self._arena.settings, known, cache_state, count=count)
                reply = self._ask(side, key, request)
                if not isinstance(reply, Opened):
                    break
                guest.steps[side], guest.facts[side] = reply.steps, reply.facts
                # What the first side calibrated is the other's n too, and that of later pairs.
                self._arena.steps.setdefault(key, reply.steps)
                guest.clocks = [clock for clock in reply.clocks if len(guest.steps) == 1 or clock in guest.clocks]
                resident += reply.resident_bytes
            else:
                guest.cpu = self._cpu if all(guest.facts[side]["one_core"] for side in SIDES) else None

    def _hand_the_baton(self) -> None:
        """Couple after couple of every case, cases in shuffled order; each has as many as it is worth."""
        for couple in range(MOST_COUPLES):
            if couple in self._alone_at:
                self._visit_alone(self._alone_at.index(couple))
            turn = [key for key, guest in self._group.items() if couple < guest.wanted]
            if not turn and couple >= FEWEST_COUPLES:
                break
            self._dice.shuffle(turn)
            for key in turn:
                guest = self._group[key]
                self._arena.secretary.entered(key, f"couple {couple + 1}", self._number)
                if not all(self._couple(key, guest, clock, couple) for clock in guest.clocks):
                    continue
                if couple == 0:
                    guest.wanted = at_least(guest.couples, self._arena.conduct)
                if couple + 1 == guest.wanted:
                    guest.wanted += more(guest.couples, self._arena.conduct)

    def _couple(self, key: str, guest: PairedCase, clock: str, couple: int) -> bool:
        """A block a side in random order; False where a side ended the case."""
        order = self._dice.sample(SIDES, 2)
        totals: dict[str, BlockTimed] = {}
        for side in order:
            reply = self._ask(
                side, key, TimeBlock(self._planned(guest, side).case.key, clock, self._arena.conduct.rewarm, guest.cpu)
            )
            if not isinstance(reply, BlockTimed):
                return False
            totals[side] = reply
        base, head = totals[BASE], totals[HEAD]
        if base.steps != head.steps:
            raise AssertionError(f"{key}: {base.steps} steps on the base and {head.steps} on the head")
        guest.couples.append(
            BlockPair(
                key,
                self._number,
                self._order[0],
                clock,
                couple,
                order[0],
                base.steps,
                base.total_ns,
                head.total_ns,
                guest.cpu,
                self._arena.twin,
            )
        )
        return True

    def _visit_alone(self, visit: int) -> None:
        """Blocks in a row of one side, while the other has nothing to do."""
        turn = [(key, side) for key in self._group if key in self._arena.conduct.alone for side in SIDES]
        self._dice.shuffle(turn)
        for key, side in turn:
            if key not in self._group:
                continue  # an earlier visit ended it
            guest = self._group[key]
            reply = self._ask(side, key, Visit(self._planned(guest, side).case.key, guest.cpu))
            if isinstance(reply, Visited):
                guest.blocks[side] += [block.at(key, self._number, visit, side) for block in reply.blocks]

    def _ask_the_rivals(self) -> None:
        """Cases by other timers too, on the side that came first; their blocks and ours beside them are phases."""
        side = self._order[0]
        for key in [key for key in self._group if key in self._arena.conduct.rivals]:
            guest = self._group[key]
            reply = self._ask(
                side,
                key,
                TimeWithOthers(
                    self._planned(guest, side).case.key,
                    self._arena.conduct.rival_couples,
                    f"{self._number}:{side}",
                    guest.cpu,
                ),
            )
            if isinstance(reply, TimedWithOthers):
                guest.blocks[side] += [
                    TimedBlock(Series(phase, "wall"), place, True, reply.steps, total_ns).at(key, self._number, 0, side)
                    for name, pairs in reply.pairs.items()
                    for place, pair in enumerate(pairs)
                    for phase, total_ns in ((BESIDE + name, pair.ours_ns), (BY + name, pair.theirs_ns))
                ]

    def _close_group(self) -> None:
        for key in list(self._group):
            guest = self._group[key]
            for side in self._order:
                reply = self._ask(side, key, Close(self._planned(guest, side).case.key))
                if not isinstance(reply, Closed):
                    break
                guest.facts[side] |= {**reply.facts, "no_clock": reply.no_clock}
            else:
                del self._group[key]
                met = bool(guest.couples)
                outcome, reason = (Outcome.OK, "") if met else (Outcome.FAILED, "the sides have no clock in common")
                for side in SIDES:
                    self._record(key, guest, side, outcome.value, reason)
                if met:
                    self._arena.secretary.coupled(guest.couples)

    # --- endings ----------------------------------------------------------------------------------------------------

    def _ask(self, side: str, key: str, request: Request) -> Reply:
        """Ask one side about a case. A refusal ends the case on both sides."""
        reply = self._tell(side, key, request)
        if isinstance(reply, Refused):
            guest = self._group.pop(key)
            guest.facts[side] = guest.facts.get(side, {}) | reply.facts
            self._record(key, guest, side, reply.outcome, reply.reason, reply.detail)
            (other,) = set(SIDES) - {side}
            if other in guest.steps:  # open there; it has nothing more to do, and its answer is not asked for
                self._tell(other, key, Close(self._planned(guest, other).case.key))
        return reply

    def _tell(self, side: str, key: str, request: Request) -> Reply:
        """One side's answer. A death or a silence is told whose it was."""
        with _blaming(side, key):
            return self._workers[side].ask(
                request,
                self._arena.settings.timeout_s,
                lambda stage: self._arena.secretary.entered(key, f"{side}: {stage.stage}", self._number),
            )

    def _bury(self, death: WorkerDiedError | WorkerSilentError) -> None:
        """The case at work pays for its process; the others were not measured in this pair, and want another."""
        side, key = death.__notes__[:2]
        outcome = Outcome.TIMEOUT if isinstance(death, WorkerSilentError) else Outcome.CRASHED
        guest = self._group.pop(key, None)
        if guest is not None:
            self._record(key, guest, side, outcome.value, str(death), getattr(death, "log", ""))
        self._group.clear()

    def _record(self, key: str, guest: PairedCase, side: str, outcome: str, reason: str = "", detail: str = "") -> None:
        record = CaseLaunch(
            key=key,
            launch=self._number,
            process=self._workers[side].process,
            outcome=outcome,
            reason=reason,
            detail=detail,
            steps=guest.steps.get(side, {}),
            side=side,
            twin=self._arena.twin,
            **guest.facts.get(side, {}),
        )
        self._arena.secretary.ended(record, guest.blocks[side] if outcome == Outcome.OK else [])

    def _planned(self, guest: PairedCase, side: str) -> Planned:
        return guest.coupled.base if side == BASE else guest.coupled.head
