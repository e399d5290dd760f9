"""One case in one worker, opened to be profiled: looped with and without a sampler, and taken apart."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bench.protocol import (
    NO_STACKS,
    PY_SPY,
    PYINSTRUMENT,
    RUNGS,
    SAMPLING_THREAD,
    Close,
    Closed,
    Hello,
    Import,
    Imported,
    Loop,
    Looped,
    Opened,
    Profile,
    Refused,
    Reply,
    Request,
    Stage,
    TakeApart,
    TakenApart,
)
from bench.records import Outcome, Planned, Settings, UserError
from bench.runner.profiling import py_spy
from bench.runner.profiling.sampled_stacks import Row, Stacks
from bench.runner.stop import Stop
from bench.runner.thread_counts import threads_of
from bench.runner.worker import HERE, START_TIMEOUT_S, SideCode, Worker, WorkerDiedError, WorkerSilentError
from bench.series import Series

Answer = TypeVar("Answer", bound=Reply)
Given = TypeVar("Given")


class EndedError(Exception):
    """The case ended in anything but what was asked for; `refused` says how."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(f"{refused.outcome}: {refused.key}: {refused.reason}")
        self.refused = refused


@dataclass
class SampledLoops:
    """Blocks while a sampler looked on and blocks while none did, and what it saw."""

    rung: str
    refused: dict[str, str] = field(default_factory=dict)
    """Better rungs, and why they were not to be had."""
    steps: int = 1
    """Of each block."""
    plain_ns: list[int] = field(default_factory=list)
    loops_ns: list[float] = field(default_factory=list)
    """Of each loop without the sampler the mean of a step: samples weigh a step by its time, as a mean does."""
    warm_ns: int = 0
    """Of blocks that the sampler saw and that do not count."""
    watched_ns: list[int] = field(default_factory=list)
    stacks: Stacks = field(default_factory=Stacks)
    errors: int = 0
    rate_hz: int = py_spy.RATE_HZ
    """Of py-spy; the others look as often as they can, up to every 2 ms."""


class CaseProfiler:
    """A conversation about one case. Each question raises `EndedError`, `Stopped` and `MachineUnfitError`."""

    def __init__(
        self,
        planned: Planned,
        settings: Settings,
        hello: Hello,
        stop: Stop,
        cache: tuple[str, Path] | None = None,
        side: SideCode = HERE,
        heard: Callable[[Stage], None] = lambda stage: None,
    ) -> None:
        """cache: of a compiled case its state, and where it lies."""
        self.planned, self.settings, self.stop = planned, settings, stop
        self.key = planned.case.key
        self.cpu: int | None = None
        """The core that loops run on; wherever they may without."""
        self._state = cache[0] if cache else ""
        self._heard = heard
        self._worker = Worker(threads_of(planned.case["threads"], hello), stop, cache[1] if cache else None, side)

    def begin_import(self) -> None:
        """Ask it to import the workload, and do not wait: another worker can be asked meanwhile."""
        self._guarded(lambda: self._worker.begin(Import([self.planned.source])))

    def imported(self) -> None:
        """Wait for what was begun. A file that cannot be imported is told when the case is opened."""
        self._guarded(lambda: self._expected(self._worker.answer(START_TIMEOUT_S), Imported))

    def open(self) -> Opened:
        """Open the case."""
        self.begin_open()
        return self.opened()

    def begin_open(self, steps: Mapping[Series, int] = {}) -> None:
        """Ask it to open the case, and do not wait. steps: n by series, where it is known."""
        request = Profile(self.key, self.planned.source, self.settings, dict(steps), self._state, count=False)
        self._guarded(lambda: self._worker.begin(request))

    def opened(self) -> Opened:
        """Wait until it is open."""
        return self._guarded(lambda: self._expected(self._worker.answer(self.settings.timeout_s, self._heard), Opened))

    def plain(self, seconds: float, seen: SampledLoops) -> None:
        """Blocks that nobody looks at; their totals are added to `seen`."""
        looped = self._ask(Loop(self.key, seconds, cpu=self.cpu), Looped)
        seen.steps = looped.steps
        seen.plain_ns += looped.totals_ns
        seen.loops_ns.append(statistics.fmean(looped.totals_ns) / looped.steps)

    def watch(self, seconds: float, seen: SampledLoops) -> None:
        """Blocks that the sampler of `seen` looks at; what it saw is added. Raises `SpyRefusedError` as well."""
        rows: list[Row]
        if seen.rung == PY_SPY:
            with (
                tempfile.TemporaryDirectory() as folder,
                py_spy.looking(self._worker.pid, Path(folder), self.stop, seen.rate_hz) as look,
            ):
                looped = self._ask(Loop(self.key, seconds, cpu=self.cpu), Looped)
            rows, seen.errors = look.rows, seen.errors + look.errors
        else:
            looped = self._ask(Loop(self.key, seconds, seen.rung, self.cpu), Looped)
            rows = [Row(it.thread, tuple(it.stack.split(";")), it.samples, it.ns) for it in looped.stacks]
        seen.watched_ns += looped.totals_ns
        seen.warm_ns += looped.warm_ns
        seen.stacks.add(rows, self.key)

    def why_not(self, rung: str) -> str:
        """Why this rung is not to be had; empty where it is. Raises `UserError` where there is no such rung."""
        match rung:
            case _ if rung == PY_SPY:
                return py_spy.why_not(self._worker.pid)
            case _ if rung == PYINSTRUMENT:
                return self._worker.greet().capabilities[PYINSTRUMENT]
            case _ if rung in (SAMPLING_THREAD, NO_STACKS):
                return ""
        raise UserError(f"no rung {rung!r}; there are {', '.join(RUNGS)}")

    def take_apart(self, steps: int | None = None, trace: str = "") -> TakenApart:
        """The steps under torch.profiler."""
        return self._ask(TakeApart(self.key, steps, trace, self.cpu), TakenApart)

    def close(self) -> dict[str, Any]:
        """Check the answer again; more facts."""
        return self._ask(Close(self.key), Closed).facts

    def end(self) -> None:
        """End the worker and all that it started."""
        self._worker.end()

    def _ask(self, request: Request, wanted: type[Answer]) -> Answer:
        return self._guarded(
            lambda: self._expected(self._worker.ask(request, self.settings.timeout_s, self._heard), wanted)
        )

    def _expected(self, reply: Reply, wanted: type[Answer]) -> Answer:
        if isinstance(reply, Refused):
            raise EndedError(reply)
        if not isinstance(reply, wanted):
            raise TypeError(f"what was asked is answered by {wanted.__name__}, not by {type(reply).__name__}")
        return reply

    def _guarded(self, work: Callable[[], Given]) -> Given:
        """A death or a silence becomes the outcome it means."""
        try:
            return work()
        except WorkerDiedError as death:
            raise EndedError(Refused(self.key, Outcome.CRASHED.value, str(death), death.log)) from None
        except WorkerSilentError as silence:
            raise EndedError(Refused(self.key, Outcome.TIMEOUT.value, str(silence))) from None


def ladder(
    aparts: Iterable[CaseProfiler], asked: str | None, refused: Mapping[str, str] = {}
) -> tuple[str, dict[str, str]]:
    """The best rung that all of them allow, or the one asked for; and better ones, with why not.

    refused: those that are known not to be had. Raises `UserError` where what was asked for is not to be had.
    """
    reasons, among = dict(refused), list(aparts)
    for rung in [asked] if asked else RUNGS:
        if rung not in reasons:
            reasons[rung] = next((reason for apart in among if (reason := apart.why_not(rung))), "")
        if not reasons[rung]:
            return rung, {name: reason for name, reason in reasons.items() if reason}
    raise UserError(f"no profile by {asked} here: {reasons[str(asked)]}")
