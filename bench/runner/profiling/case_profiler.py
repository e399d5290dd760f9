"""One case in one worker, opened to be profiled: looped with and without a sampler, and under torch.profiler."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bench.protocol import (
    Close,
    Closed,
    Hello,
    Import,
    Imported,
    Loop,
    Looped,
    Opened,
    OpenToProfile,
    ProfileSteps,
    Refused,
    Reply,
    Request,
    Stage,
    StepsProfiled,
)
from bench.protocol.rungs import NO_STACKS, PY_SPY, PYINSTRUMENT, RUNGS, SAMPLING_THREAD
from bench.records import Planned, Settings, UserError
from bench.runner.profiling import py_spy
from bench.runner.profiling.sampled_stacks import Row, Stacks
from bench.runner.stop_request import Stop
from bench.runner.thread_counts import threads_of
from bench.runner.worker import HERE, START_TIMEOUT_S, SideCode, Worker, WorkerLostError
from bench.series import Series

Answer = TypeVar("Answer", bound=Reply)
Result = TypeVar("Result")


class EndedError(Exception):
    """The case ended in anything but what was asked for; `refused` says how."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(f"{refused.outcome}: {refused.key}: {refused.reason}")
        self.refused = refused


@dataclass(frozen=True)
class CompileCache:
    """The compile cache of a worker: `cold` or `warm`, and its folder."""

    state: str
    folder: Path


@dataclass
class SampledLoops:
    """Blocks while a sampler ran and blocks while none did, and the stacks it saw."""

    rung: str
    refused: dict[str, str] = field(default_factory=dict)
    """Better rungs, and why they cannot be used."""
    steps: int = 1
    """n of each block."""
    plain_ns: list[int] = field(default_factory=list)
    """Totals of the blocks without the sampler."""
    loops_ns: list[float] = field(default_factory=list)
    """Mean time of a step, a loop without the sampler: samples weigh a step by its time, as a mean does."""
    warm_ns: int = 0
    """Total of the blocks that the sampler saw and that do not count."""
    sampled_ns: list[int] = field(default_factory=list)
    """Totals of the blocks with the sampler."""
    stacks: Stacks = field(default_factory=Stacks)
    errors: int = 0
    """Looks of the sampler that failed."""
    rate_hz: int = py_spy.RATE_HZ
    """Looks a second of py-spy; the others look as often as they can, up to every 2 ms."""

    def slowdown(self) -> float:
        """The median block with the sampler ÷ the median block without it."""
        return statistics.median(self.sampled_ns) / statistics.median(self.plain_ns)


class CaseProfiler:
    """A worker in which one case is profiled. Each request raises `EndedError`, `Stopped` and `MachineUnfitError`."""

    def __init__(
        self,
        planned: Planned,
        settings: Settings,
        hello: Hello,
        stop: Stop,
        cache: CompileCache | None = None,
        side: SideCode = HERE,
        on_stage: Callable[[Stage], None] = lambda stage: None,
    ) -> None:
        """cache: of a case that compiles."""
        self.planned, self.settings, self.stop = planned, settings, stop
        self.key = planned.case.key
        self.cpu: int | None = None
        """The core that loops run on; None is wherever they may."""
        self._cache_state = cache.state if cache else ""
        self._on_stage = on_stage
        threads = threads_of(planned.case["threads"], hello)
        self._worker = Worker(threads, stop, cache.folder if cache else None, side)

    def begin_import(self) -> None:
        """Ask it to import the workload, without waiting: another worker can be asked meanwhile."""
        self._guarded(lambda: self._worker.begin(Import([self.planned.source])))

    def wait_for_import(self) -> None:
        """Wait for what `begin_import` began. A file that does not import is an error only when the case is opened."""
        self._guarded(lambda: self._expected(self._worker.answer(START_TIMEOUT_S), Imported))

    def open(self) -> Opened:
        """Open the case."""
        self.begin_open()
        return self.wait_for_open()

    def begin_open(self, steps: Mapping[Series, int] = {}) -> None:
        """Ask it to open the case, without waiting. steps: n of each series, where it is known."""
        request = OpenToProfile(
            self.key, self.planned.source, self.settings, dict(steps), self._cache_state, count=False
        )
        self._guarded(lambda: self._worker.begin(request))

    def wait_for_open(self) -> Opened:
        """Wait until the case is open."""
        timeout_s = self.settings.timeout_s
        return self._guarded(lambda: self._expected(self._worker.answer(timeout_s, self._on_stage), Opened))

    def loop_plain(self, seconds: float, loops: SampledLoops) -> None:
        """Run blocks without a sampler, and add their totals to `loops`."""
        looped = self._ask(Loop(self.key, seconds, cpu=self.cpu), Looped)
        loops.steps = looped.steps
        loops.plain_ns += looped.totals_ns
        loops.loops_ns.append(statistics.fmean(looped.totals_ns) / looped.steps)

    def loop_sampled(self, seconds: float, loops: SampledLoops) -> None:
        """Run blocks under the sampler of `loops`, and add what it saw. Raises `SpyRefusedError` as well."""
        rows: list[Row]
        if loops.rung == PY_SPY:
            with (
                tempfile.TemporaryDirectory() as folder,
                py_spy.sampling(self._worker.pid, Path(folder), self.stop, loops.rate_hz) as session,
            ):
                looped = self._ask(Loop(self.key, seconds, cpu=self.cpu), Looped)
            rows, loops.errors = session.rows, loops.errors + session.errors
        else:
            looped = self._ask(Loop(self.key, seconds, loops.rung, self.cpu), Looped)
            rows = [Row(seen.thread, tuple(seen.stack.split(";")), seen.samples, seen.ns) for seen in looped.stacks]
        loops.sampled_ns += looped.totals_ns
        loops.warm_ns += looped.warm_ns
        loops.stacks.add(rows, self.key)

    def why_not(self, rung: str) -> str:
        """Why this rung cannot be used; empty where it can. Raises `UserError` where there is no such rung."""
        match rung:
            case _ if rung == PY_SPY:
                return py_spy.why_not(self._worker.pid)
            case _ if rung == PYINSTRUMENT:
                return self._worker.greet().capabilities[PYINSTRUMENT]
            case _ if rung in (SAMPLING_THREAD, NO_STACKS):
                return ""
        raise UserError(f"no rung {rung!r}; there are {', '.join(RUNGS)}")

    def profile_steps(self, steps: int | None = None, trace: str = "") -> StepsProfiled:
        """Run steps under torch.profiler."""
        return self._ask(ProfileSteps(self.key, steps, trace, self.cpu), StepsProfiled)

    def close(self) -> dict[str, Any]:
        """Check the answer again, and let the case go: more columns of `CaseLaunch`."""
        return self._ask(Close(self.key), Closed).facts

    def end(self) -> None:
        """End the worker and all that it started."""
        self._worker.end()

    def _ask(self, request: Request, wanted: type[Answer]) -> Answer:
        return self._guarded(
            lambda: self._expected(self._worker.ask(request, self.settings.timeout_s, self._on_stage), wanted)
        )

    def _expected(self, reply: Reply, wanted: type[Answer]) -> Answer:
        if isinstance(reply, Refused):
            raise EndedError(reply)
        if not isinstance(reply, wanted):
            raise TypeError(f"a request is answered by {wanted.__name__}, not by {type(reply).__name__}")
        return reply

    def _guarded(self, work: Callable[[], Result]) -> Result:
        """The result of `work`; a worker that is lost becomes the outcome it means."""
        try:
            return work()
        except WorkerLostError as lost:
            raise EndedError(Refused(self.key, lost.outcome.value, str(lost), lost.log)) from None


@dataclass(frozen=True)
class ChosenRung:
    """How stacks are taken, and the better rungs, with why not."""

    rung: str
    refused: dict[str, str]

    def loops(self) -> SampledLoops:
        """Loops under this rung, of which none has run yet."""
        return SampledLoops(self.rung, self.refused)


def best_rung(profilers: Iterable[CaseProfiler], asked: str | None, refused: Mapping[str, str] = {}) -> ChosenRung:
    """The best rung that all of them allow, or the one asked for.

    refused: rungs that are known not to work. Raises `UserError` where the one asked for cannot be used.
    """
    reasons, among = dict(refused), list(profilers)
    for rung in [asked] if asked else RUNGS:
        if rung not in reasons:
            reasons[rung] = next((reason for profiler in among if (reason := profiler.why_not(rung))), "")
        if not reasons[rung]:
            return ChosenRung(rung, {name: reason for name, reason in reasons.items() if reason})
    raise UserError(f"no profile by {asked} here: {reasons[str(asked)]}")
