"""One launch: a fresh process opens its cases in groups, visits them in shuffled order, closes them.

A case that kills its process, hangs it or fails costs that case alone: the rest goes on in a new process.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bench.protocol import Close, Closed, Open, Opened, Refused, Reply, Request, Visit, Visited
from bench.records import Block, CaseLaunch, Outcome, Planned, Settings, Value
from bench.runner.compile_caches import empty, folder_of
from bench.runner.launches.budget import Budget
from bench.runner.launches.schedule import Assignment, visiting_order
from bench.runner.launches.visits import VisitPlan
from bench.runner.worker import Worker, WorkerLostError
from bench.runner.worker_pool import WorkerPool
from bench.series import STEP, Series

GROUP_BYTES = 2 << 30
"""A group is full when the cases in it hold this much memory."""

GROUP_CASES = 64
"""… or this many cases: more would set the visits of one case minutes apart."""


class LaunchListener(Protocol):
    """Takes down what a launch reports."""

    def spawned(self, seconds: float) -> None:
        """A worker took `seconds` from its start to its hello."""

    def entered(self, key: str, stage: str, launch: int) -> None:
        """A case entered a stage of a launch."""

    def visited(self, process: str, blocks: Sequence[Block]) -> None:
        """A visit was timed in `process`."""

    def ended(self, record: CaseLaunch, blocks: Sequence[Block]) -> None:
        """A case ended in a launch; `blocks` are all of it."""


@dataclass(frozen=True)
class LaunchContext:
    """What a launch works with."""

    settings: Settings
    pool: WorkerPool
    sure_launches: Callable[[Iterable[str]], int]
    """How many launches of cases with these keys are sure to come, this one included."""
    threads: Callable[[Value], int]
    """The real thread count behind the symbolic one."""
    steps: dict[str, dict[Series, int]]
    """n of each series of a case, where an earlier launch calibrated it."""
    settled: Mapping[str, tuple[int, int]]
    """Calls and ns that warmed a case up, where an earlier launch learned it."""
    visits: Callable[[str, float, float, float, int], VisitPlan]
    """How a launch visits a case; see `Visits.plan`."""
    caches: Path
    budget: Budget
    listener: LaunchListener


@dataclass
class OpenCase:
    """A case that is open in the worker."""

    planned: Planned
    facts: dict[str, Any]
    steps: dict[Series, int]
    blocks: list[Block] = field(default_factory=list)
    launch_s: float = 0.0
    """Seconds that this launch has spent on the case before its first visit, and its share of the start."""

    @property
    def block_steps(self) -> int:
        """n of the step on the first clock that times it."""
        return next((n for series, n in self.steps.items() if series.phase == STEP), 1)

    @property
    def block_s(self) -> float:
        """Length of a block of the step, by the speed of warm-up."""
        return float(self.facts["warm_ns"] / self.facts["warm_calls"] * self.block_steps / 1e9)


class Launch:
    """Measures one assignment, in as many processes as it takes."""

    def __init__(self, assignment: Assignment[Planned], context: LaunchContext) -> None:
        self._assignment = assignment
        self._context = context
        self._waiting = deque(assignment.planned)
        self._cases: dict[str, OpenCase] = {}
        """The open cases by key."""
        self._at_work = ""
        """Key of the case that the worker was last asked about."""

    def run(self) -> None:
        """Measure every waiting case, or as many as the budget allows. Raises `Stopped`, `MachineUnfitError`."""
        while self._waiting and self._context.budget.affords(self._waiting):
            cache, state = self._compile_cache()
            worker = self._worker(cache)
            try:
                while self._waiting and self._context.budget.affords(self._waiting):
                    self._open_group(worker, state)
                    self._visit_group(worker)
                    self._close_group(worker)
            except WorkerLostError as lost:
                self._end_process(worker.process, lost)
            finally:
                worker.end()

    # --- what happens to a group of cases ---------------------------------------------------------------------------

    def _open_group(self, worker: Worker, cache_state: str) -> None:
        resident = 0
        while self._waiting and len(self._cases) < GROUP_CASES and resident < GROUP_BYTES:
            planned = self._waiting.popleft()
            key = planned.case.key
            self._cases[key] = OpenCase(planned, {}, {})
            began = time.monotonic()
            reply = self._ask(worker, key, self._opening(planned, cache_state))
            if isinstance(reply, Opened):
                opened = OpenCase(planned, reply.facts, reply.steps)
                # Warming up is no cost of another launch where this one learns how long that takes.
                opened.launch_s = time.monotonic() - began - reply.facts["warm_ns"] / 1e9
                self._cases[key] = opened
                resident += reply.resident_bytes
        for case in self._cases.values():
            case.launch_s += worker.start_s / len(self._assignment.planned)

    def _opening(self, planned: Planned, cache_state: str) -> Open:
        """The request to open a case: a later launch of it finds n, counts, memory and warm-up known."""
        key = planned.case.key
        known = self._context.steps.get(key, {})
        calls, ns = self._context.settled.get(key, (None, 0))
        return Open(
            key,
            planned.source,
            self._context.settings,
            known,
            cache_state,
            count=not known,
            memory=not known,
            warm_calls=calls,
            warm_ns=ns,
        )

    def _visit_group(self, worker: Worker) -> None:
        launch, settings = self._assignment.launch, self._context.settings
        start_s = worker.start_s / len(self._assignment.planned)
        plans = {
            key: self._context.visits(key, case.launch_s, start_s, case.block_s, case.block_steps)
            for key, case in self._cases.items()
        }
        dice = random.Random(f"{settings.seed}:{launch}:blocks")
        visits = {key: plan.visits for key, plan in plans.items()}
        for visit, key in visiting_order(visits, launch, settings.seed):
            if key not in self._cases:
                continue  # an earlier visit ended it
            self._context.listener.entered(key, f"visit {visit + 1} of {visits[key]}", launch)
            reply = self._ask(
                worker, key, Visit(key, blocks=plans[key].drawn(dice), skip=plans[key].skipped(dice, visit))
            )
            if isinstance(reply, Visited):
                blocks = [block.at(key, launch, visit) for block in reply.blocks]
                self._cases[key].blocks += blocks
                self._context.listener.visited(worker.process, blocks)

    def _close_group(self, worker: Worker) -> None:
        for key in list(self._cases):
            reply = self._ask(worker, key, Close(key))
            if isinstance(reply, Closed):
                self._end_case(
                    key, worker.process, Outcome.OK.value, learned={**reply.facts, "no_clock": reply.no_clock}
                )

    # --- endings ----------------------------------------------------------------------------------------------------

    def _ask(self, worker: Worker, key: str, request: Request) -> Reply:
        """Ask about a case. A refusal ends it."""
        launch = self._assignment.launch
        self._at_work = key
        reply = worker.ask(
            request,
            self._context.settings.timeout_s,
            lambda stage: self._context.listener.entered(stage.key, stage.stage, launch),
        )
        if isinstance(reply, Refused):
            self._end_case(key, worker.process, reply.outcome, reply.reason, reply.detail, reply.facts)
        return reply

    def _end_process(self, process: str, lost: WorkerLostError) -> None:
        """End the case at work, which lost the process; the others of the group go back and wait for a new one."""
        self._end_case(self._at_work, process, lost.outcome.value, str(lost), lost.log)
        self._waiting.extendleft(case.planned for case in reversed(self._cases.values()))
        self._cases.clear()

    def _end_case(
        self,
        key: str,
        process: str,
        outcome: str,
        reason: str = "",
        detail: str = "",
        learned: dict[str, Any] | None = None,
    ) -> None:
        """End a case in this launch: its record is complete."""
        case = self._cases.pop(key)
        facts = {**case.facts, **(learned or {})}
        record = CaseLaunch(
            key=key,
            launch=self._assignment.launch,
            process=process,
            outcome=outcome,
            reason=reason,
            detail=detail,
            steps=case.steps,
            **facts,
        )
        self._context.listener.ended(record, case.blocks)

    def _worker(self, cache: Path | None) -> Worker:
        """A fresh process; where it has none of its kind waiting, it starts those of later launches beside it."""
        ahead = self._context.sure_launches(item.case.key for item in self._waiting) - 1
        threads = self._context.threads(self._assignment.threads)
        return self._context.pool.take(threads, ahead, cache, self._context.listener.spawned)

    def _compile_cache(self) -> tuple[Path | None, str]:
        """The cache folder of a compiled case, and its state: cold means a folder of its own, emptied."""
        if not self._assignment.compiled:
            return None, ""
        key = self._assignment.planned[0].case.key
        folder = folder_of(self._context.caches, key)
        if key in self._context.steps and folder.exists():
            return folder, "warm"
        empty(folder)
        return folder, "cold"
