"""One launch: a fresh process opens its cases in groups, visits them in shuffled order, closes them.

A case that kills its process, hangs it or fails costs that case alone: the rest goes on in a new process.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bench.protocol import Close, Closed, Open, Opened, Refused, Reply, Request, Visit, Visited
from bench.records import Block, CaseLaunch, Outcome, Planned, Settings
from bench.runner.compile_caches import empty, folder_of
from bench.runner.launches.budget import Budget
from bench.runner.launches.schedule import Assignment, visiting_order
from bench.runner.stop import Stop
from bench.runner.worker import Worker, WorkerDiedError, WorkerSilentError
from bench.series import Series

GROUP_BYTES = 2 << 30
"""A group is full when the cases in it hold this much memory."""

GROUP_CASES = 64
"""… or when it has so many cases: more would set the visits of one case minutes apart."""


class LaunchListener(Protocol):
    """Takes down what a launch reports."""

    def spawned(self, seconds: float) -> None:
        """A worker took so many seconds from its start to its hello."""

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
    stop: Stop
    threads: Callable[[Any], int]
    """The real thread count behind the symbolic one."""
    steps: dict[str, dict[Series, int]]
    """n of each series of a case, where an earlier launch calibrated it."""
    visits: Callable[[str], int]
    """How many visits a launch pays a case."""
    caches: Path
    budget: Budget
    clerk: LaunchListener


@dataclass
class OpenCase:
    """A case that is open in the worker."""

    planned: Planned
    facts: dict[str, Any]
    steps: dict[Series, int]
    blocks: list[Block] = field(default_factory=list)


class Launch:
    """Conducts one assignment, over as many processes as it takes."""

    def __init__(self, assignment: Assignment[Planned], office: LaunchContext) -> None:
        self._assignment = assignment
        self._office = office
        self._waiting = deque(assignment.planned)
        self._group: dict[str, OpenCase] = {}

    def run(self) -> None:
        """Measure every waiting case, or as many as the budget allows. Raises `Stopped`, `MachineUnfitError`."""
        while self._waiting and self._office.budget.affords(self._waiting):
            cache, state = self._compile_cache()
            worker = Worker(self._office.threads(self._assignment.threads), self._office.stop, cache)
            try:
                worker.greet()
                self._office.clerk.spawned(time.monotonic() - worker.started_s)
                while self._waiting and self._office.budget.affords(self._waiting):
                    self._open_group(worker, state)
                    self._visit_group(worker)
                    self._close_group(worker)
            except (WorkerDiedError, WorkerSilentError) as death:
                self._bury(worker.process, death)
            finally:
                worker.end()

    # --- the three movements of a group -----------------------------------------------------------------------------

    def _open_group(self, worker: Worker, cache_state: str) -> None:
        resident = 0
        while self._waiting and len(self._group) < GROUP_CASES and resident < GROUP_BYTES:
            planned = self._waiting.popleft()
            key = planned.case.key
            self._group[key] = OpenCase(planned, {}, {})
            known = self._office.steps.get(key, {})
            request = Open(key, planned.source, self._office.settings, known, cache_state, count=not known)
            reply = self._ask(worker, key, request)
            if isinstance(reply, Opened):
                self._group[key] = OpenCase(planned, reply.facts, reply.steps)
                resident += reply.resident_bytes

    def _visit_group(self, worker: Worker) -> None:
        launch, settings = self._assignment.launch, self._office.settings
        visits = {key: self._office.visits(key) for key in self._group}
        for visit, key in visiting_order(visits, launch, settings.seed):
            if key not in self._group:
                continue  # an earlier visit ended it
            self._office.clerk.entered(key, f"visit {visit + 1} of {visits[key]}", launch)
            reply = self._ask(worker, key, Visit(key))
            if isinstance(reply, Visited):
                blocks = [block.at(key, launch, visit) for block in reply.blocks]
                self._group[key].blocks += blocks
                self._office.clerk.visited(worker.process, blocks)

    def _close_group(self, worker: Worker) -> None:
        for key in list(self._group):
            reply = self._ask(worker, key, Close(key))
            if isinstance(reply, Closed):
                self._leave(key, worker.process, Outcome.OK.value, learned={**reply.facts, "no_clock": reply.no_clock})

    # --- endings ----------------------------------------------------------------------------------------------------

    def _ask(self, worker: Worker, key: str, request: Request) -> Reply:
        """Ask about a case. A refusal ends it; a death or a silence is told which case was at work."""
        launch = self._assignment.launch
        try:
            reply = worker.ask(
                request,
                self._office.settings.timeout_s,
                lambda stage: self._office.clerk.entered(stage.key, stage.stage, launch),
            )
        except (WorkerDiedError, WorkerSilentError) as death:
            death.add_note(key)
            raise
        if isinstance(reply, Refused):
            self._leave(key, worker.process, reply.outcome, reply.reason, reply.detail, reply.facts)
        return reply

    def _bury(self, process: str, death: WorkerDiedError | WorkerSilentError) -> None:
        """The case at work pays for its process; the others of the group go back and wait for a new one."""
        culprit = death.__notes__[0]
        silent = isinstance(death, WorkerSilentError)
        outcome = Outcome.TIMEOUT if silent else Outcome.CRASHED
        self._leave(culprit, process, outcome.value, str(death), getattr(death, "log", ""))
        self._waiting.extendleft(guest.planned for guest in reversed(self._group.values()))
        self._group.clear()

    def _leave(
        self,
        key: str,
        process: str,
        outcome: str,
        reason: str = "",
        detail: str = "",
        learned: dict[str, Any] | None = None,
    ) -> None:
        """A case ends in this launch: its record is complete."""
        guest = self._group.pop(key)
        facts = {**guest.facts, **(learned or {})}
        record = CaseLaunch(
            key=key,
            launch=self._assignment.launch,
            process=process,
            outcome=outcome,
            reason=reason,
            detail=detail,
            steps=guest.steps,
            **facts,
        )
        self._office.clerk.ended(record, guest.blocks)

    def _compile_cache(self) -> tuple[Path | None, str]:
        """The cache folder of a compiled case, and whether it is cold. Cold means a folder of its own, empty."""
        if not self._assignment.compiled:
            return None, ""
        key = self._assignment.planned[0].case.key
        folder = folder_of(self._office.caches, key)
        if key in self._office.steps and folder.exists():
            return folder, "warm"
        empty(folder)
        return folder, "cold"
