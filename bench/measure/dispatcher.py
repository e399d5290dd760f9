"""Answers the requests to a worker, one at a time. Whatever a workload does wrong becomes an outcome."""

from __future__ import annotations

import gc
import importlib
import sys
import traceback
from collections.abc import Callable
from time import perf_counter

import torch

from bench.measure.author.answers import WrongAnswer
from bench.measure.author.context import Skip
from bench.measure.author.contract import inspect
from bench.measure.author.given import Given
from bench.measure.author.import_workload import import_errors
from bench.measure.author.side_code import StrangerError, refuse_strangers, strangers
from bench.measure.author.torch_notices import hide
from bench.measure.case_session import Session
from bench.measure.channel import Channel
from bench.measure.machine import foreign_load
from bench.measure.machine.facts import capabilities, facts
from bench.measure.machine.noise import read_noise
from bench.measure.machine.placement import keep_home
from bench.measure.memory.high_water import resident_bytes
from bench.measure.modes.graphs import rehearse
from bench.measure.profiling.profiling_session import ProfilingSession
from bench.measure.settings.case_settings import CaseSettings, SettingsByCase
from bench.measure.timing.background import disregard_living_children
from bench.measure.timing.clocks import Clock, wall
from bench.measure.timing.garbage_collector import settle_garbage
from bench.protocol import (
    VERSION,
    Close,
    Closed,
    Collect,
    Hello,
    Import,
    Imported,
    Inspect,
    Loop,
    Open,
    Opened,
    OpenToProfile,
    ProfileSteps,
    ReadNoise,
    Refused,
    Reply,
    Request,
    Stage,
    TimeBlock,
    TimeWithOthers,
    Visit,
    Visited,
)
from bench.protocol.placement import Placement
from bench.protocol.wire import ProtocolError
from bench.records import Outcome
from bench.series import STEP
from bench.suites import Suite

HEAVY = ("torch._dynamo", "torch._inductor", "sklearn.datasets")
"""Modules that workloads load at their first use, in a second or so: an optimiser of torch is enough for the first two.
Later launches load them in several processes at the same time."""


class Dispatcher:
    """Keeps the open cases of one worker and answers requests about them."""

    def __init__(self, send: Callable[[Reply], None], clock: Clock = wall) -> None:
        self._send = send
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._settings = SettingsByCase()
        self._foreign = foreign_load.ForeignLoad()
        self._closed = False
        """Whether cases were closed, of which garbage is frozen."""
        self.given: Callable[[Open], Given | None] = lambda request: None
        """The step of a case whose source is the test of another tool."""
        self.refused: Callable[[Exception], None] = lambda error: None
        """Is called with what ended a case."""
        hide()
        # Frozen without a collection, which would look at all of torch for a tenth of a second: what an import leaves
        # behind is little.
        gc.freeze()

    def answer(self, request: Request) -> Reply:
        """The answer to one request; `Refused` where a workload raises.

        Raises `StuckSettingError` where a case leaves a setting of the process that cannot be put back.
        """
        match request:
            case Import(sources, modules, modes):
                for module in modules:
                    importlib.import_module(module)
                for mode in modes:
                    rehearse(mode)
                started = perf_counter()
                errors = import_errors(sources)
                return Imported(errors, perf_counter() - started, strangers())
            case Loop(key, seconds, sampler, cpu):
                return self._guarded(key, lambda _: self._profiled(key).loop(seconds, sampler, cpu))
            case ProfileSteps(key, steps, trace, cpu):
                return self._guarded(key, lambda _: self._profiled(key).profile_steps(steps, trace, cpu))
            case Open(key):
                return self._guarded(key, lambda own: self._open(request, own))
            case Visit(key):
                return self._guarded(key, lambda _: self._visit(request))
            case TimeBlock(key, clock, rewarm, cpu, skip, cold):
                return self._guarded(key, lambda _: self._sessions[key].time_block(clock, rewarm, cpu, skip, cold))
            case TimeWithOthers(key, pairs, seed, cpu):
                return self._guarded(key, lambda _: self._sessions[key].time_with_others(pairs, seed, cpu))
            case Close(key):
                return self._guarded(key, lambda own: self._close(key, own))
            case Inspect(key, source, settings):
                return self._guarded(key, lambda _: inspect(key, source, settings))
            case ReadNoise(seconds):
                return read_noise(seconds, self._clock)
            case Collect():
                raise ProtocolError("a suite is collected by the process that serves it from its first request on")

    def _open(self, request: Open, own: CaseSettings) -> Reply:
        if self._closed and not self._sessions:
            # Frozen garbage of closed cases can go, at the price of one full collection.
            gc.unfreeze()
            settle_garbage()
            self._closed = False
        elif not self._sessions:
            # Until now this process may have waited, while another one of the run started or was timed.
            self._foreign = foreign_load.ForeignLoad()
        if not self._sessions:
            disregard_living_children()
        before = resident_bytes()
        kind = ProfilingSession if isinstance(request, OpenToProfile) else Session
        session = kind(request, self._clock, lambda stage: self._send(Stage(request.key, stage)), self.given(request))
        self._sessions[request.key] = session
        own.expect(session.declared)
        session.open()
        refuse_strangers()
        if request.memory:
            settle_garbage()
        else:
            gc.freeze()  # prepared once, it left no garbage that would be worth a look
        resident = session.memory.device_bytes() + max(0, resident_bytes() - before)
        clocks = [series.clock for series in session.timer.steps if series.phase == STEP]
        heavy = [name for name in HEAVY if name in sys.modules]
        return Opened(request.key, session.timer.steps, clocks, session.facts, resident, heavy, session.timer.calls)

    def _profiled(self, key: str) -> ProfilingSession:
        session = self._sessions[key]
        if not isinstance(session, ProfilingSession):
            raise ProtocolError(f"{key} was opened to be timed, not to be profiled")
        return session

    def _visit(self, request: Visit) -> Reply:
        started = perf_counter()
        blocks = self._sessions[request.key].visit(request.cpu, request.blocks, request.skip)
        return Visited(request.key, blocks, perf_counter() - started)

    def _close(self, key: str, own: CaseSettings) -> Closed:
        refuse_strangers()  # what a step loads as it goes on
        session = self._sessions[key]
        learned, no_clock = session.finish(), session.timer.no_clock
        del self._sessions[key]
        session.release()
        own.look()
        device = session.device
        del session
        if not self._sessions:
            self._closed = True
            device.release()
        return Closed(key, {**learned, **own.facts(), "foreign_load": self._foreign.cores()}, no_clock)

    def _guarded(self, key: str, work: Callable[[CaseSettings], Reply]) -> Reply:
        """Do `work` under the settings of the case; what it raises becomes the outcome that this means."""
        try:
            with self._settings.of(key) as own:
                try:
                    return work(own)
                except Exception as error:  # the user's code may raise anything; each kind becomes a named outcome
                    return self._ended(key, error, own)
        finally:
            if key not in self._sessions:
                self._settings.forget(key)

    def _ended(self, key: str, error: Exception, own: CaseSettings) -> Refused:
        """Drop a case that raised, and answer with its outcome."""
        self.refused(error)
        outcome, reason = outcome_of(error)
        detail = "".join(traceback.format_exception(error)) if outcome is Outcome.FAILED else ""
        session = self._sessions.pop(key, None)
        if session is None:
            return Refused(key, outcome.value, reason, detail)
        if outcome is Outcome.FAILED:
            # A device-side error kills the device's context for this process: this case must then take the process
            # with it, or every case after it would fail in its place.
            session.drain()
        try:
            session.release()
        except Exception:  # a workload that failed may fail again where it closes; the first failure is the reason
            detail += f"\nClosing it failed too:\n{traceback.format_exc()}"
        own.look()
        return Refused(key, outcome.value, reason, detail, {**session.facts, **own.facts()})


LACKED = (
    "not implemented for",
    "not currently implemented for the MPS device",
    "MPS framework doesn't support float64",
    "Required aspect fp64 is not supported on the device",
)
"""Words of torch for a kernel or a dtype that a device lacks (torch 2.13)."""


def outcome_of(error: Exception) -> tuple[Outcome, str]:
    """The outcome an exception means, and the reason in one line."""
    text = str(error).strip().splitlines()
    reason = f"{type(error).__name__}: {text[0] if text else 'no message'}"
    match error:
        case Skip():
            return Outcome.SKIPPED, str(error)
        case WrongAnswer():
            return Outcome.WRONG, str(error)
        case StrangerError():
            return Outcome.FAILED, str(error)
        case torch.OutOfMemoryError() | MemoryError():
            return Outcome.OOM, reason
        # The allocators of the CPU and of Metal have no exception type of their own (torch 2.13).
        case RuntimeError() if "can't allocate memory" in str(error) or "MPS backend out of memory" in str(error):
            return Outcome.OOM, reason
        # Kernels that torch lacks for a dtype or device: what this machine cannot do is skipped, not failed.
        case RuntimeError() | TypeError() if any(words in str(error) for words in LACKED):
            return Outcome.SKIPPED, reason
        case _:
            return Outcome.FAILED, reason


def hello() -> Hello:
    """The first message: all facts about this machine."""
    return Hello(VERSION, facts(), capabilities())


def serve(channel: Channel) -> None:
    """Say hello, then answer until the parent is gone."""
    said = hello()
    channel.send(said)
    keep_home(Placement.of(said.facts), torch.get_num_threads())  # only now: the facts are of all that it was given
    dispatcher = Dispatcher(channel.send)
    while (message := channel.receive()) is not None:
        if not isinstance(message, Request):
            raise ProtocolError(f"a worker takes requests, not {type(message).__name__}")
        if isinstance(message, Collect | Import) and (suite := suite_of(message)) is not None:
            from bench.measure import suites  # only here: few workers serve the tests of another tool

            suites.serve(suite, channel, dispatcher, message)
            return
        channel.send(dispatcher.answer(message))


def suite_of(request: Collect | Import) -> Suite | None:
    """The suite whose tests are asked for; None where workloads are."""
    if isinstance(request, Collect):
        return request.suite
    return next((source.suite for source in request.sources if source.suite is not None), None)
