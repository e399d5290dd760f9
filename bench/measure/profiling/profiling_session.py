"""An open case that is profiled: its blocks are timed without a profiler, with it, and without it again."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.cold_blocks import cold_blocks
from bench.measure.author.context import Skip
from bench.measure.author.given import Given
from bench.measure.case_session import Session
from bench.measure.counting import dynamo_counters
from bench.measure.modes import COMPILE_MODES
from bench.measure.profiling import allocator_history, samplers, torch_profiler
from bench.measure.profiling import (
    case_region as region,
)
from bench.measure.profiling.event_summary import EventSummary
from bench.measure.timing.clocks import Clock
from bench.measure.timing.garbage_collector import quiet_garbage
from bench.measure.timing.one_core import on_core
from bench.protocol import Looped, Open, StepsProfiled
from bench.records import Case
from bench.series import STEP, Series

MOST_STEPS = 200
MOST_S = 2.0
MOST_EVENTS = 60_000
"""Bounds of a profile, unless a single step goes beyond: steps, their seconds, and events. A trace of sixty thousand
events takes some 2 MB, and seconds to read."""

BLOCKS = 20
"""Blocks among which the steps are divided where nothing resets them: enough for an interval of order statistics."""

RESETTING = 4
"""A loop ends after this many times its seconds: a step may spend most of its time on a reset, where no sample
counts."""

HISTORY_STEPS = 2
"""Steps whose allocations are recorded one by one: in the second, what the first left is freed."""

READ = ("cpu", "cuda")
"""Kinds of devices whose kernels are read from a profile."""

TIMED = Series(STEP, "wall")
"""The series that a profile times: the whole step, on the clock of the host."""


class ProfilingSession(Session):
    """A session that keeps the peaks of each phase, and whose steps can be profiled once it is open."""

    def __init__(self, request: Open, clock: Clock, enter: Callable[[str], None], given: Given | None = None) -> None:
        super().__init__(request, clock, enter, given)
        allow_looks()
        self._peaks: dict[str, dict[str, int | None]] = {}

    def _prepare(self, case: Case) -> None:
        """Prepare as a session does. Raises `Skip` on a device of which no profile was ever read here."""
        super()._prepare(case)
        if (kind := self.device.torch_device.type) not in READ:
            raise Skip(f"bench profile reads profiles of {' and '.join(READ)}, and of no kernel on {kind} yet")

    def loop(self, seconds: float, sampler: str, cpu: int | None) -> Looped:
        """Run blocks inside a function named for the case until their times add up to `seconds`.

        At least one block, and none once `RESETTING` times as long has passed.
        """
        self.device.enter()
        block, steps, totals = region.named(self.key), self.timer.steps[TIMED], list[int]()
        with self._stage("loop"), quiet_garbage(), on_core(cpu):
            warm_ns = self._rewarm(steps)
            ends = self._clock() + RESETTING * seconds * 1e9
            with samplers.sampling(sampler) as stacks:
                while not totals or (sum(totals) < seconds * 1e9 and self._clock() < ends):
                    self._reset()
                    totals.append(block(self._clock, self.prepared.step, steps, self.device.drain))
            return Looped(self.key, steps, warm_ns, totals, stacks())

    def profile_steps(self, wanted: int | None, trace: str, cpu: int | None) -> StepsProfiled:
        """Profile the steps with torch.profiler, and time them without it. Totals in ns, sizes in bytes.

        wanted: how many steps, in whole blocks; trace: the file for Perfetto, empty for none.
        """
        self.device.enter()
        with self._stage("profile"), quiet_garbage(), on_core(cpu):
            steps, count = self._extent(wanted)
            began, ran = self._clock(), time.thread_time_ns()
            before = self._unprofiled(steps, count)
            wall_ns, thread_ns = self._clock() - began, time.thread_time_ns() - ran
            seen, profiled = self._profiled(steps, count)
            after = self._unprofiled(steps, count)
        with self._stage("trace"):
            if trace:
                seen.save(Path(trace))
            found = EventSummary(list(seen.events()), self.key, self.device.torch_device.type != "cpu")
        facts = {
            "steps": steps,
            "before_ns": before,
            "profiled_ns": profiled,
            "after_ns": after,
            "wall_ns": wall_ns,
            "thread_ns": thread_ns,
            "memory": self._memory(),
            "history": self._history(),
            "compiling": compiling(self.mode),
            **found.facts(),
        }
        return StepsProfiled(self.key, facts, found.owned(), found.calls())

    def _extent(self, asked: int | None) -> tuple[int, int]:
        """n of a block, and the number of blocks, by the time and the number of events of a step."""
        with torch_profiler.recording(self.device.torch_device) as seen:
            self._profiled_block(1)
        count = sum(1 for _ in seen.events())
        step_ns = max(1, min(self.timer.time(TIMED, 1) for _ in range(3)))
        most = int(min(MOST_STEPS, MOST_S * 1e9 / step_ns, MOST_EVENTS / max(count, 1)))
        wanted = asked or max(1, most)
        if self.prepared.reset is not None:
            return 1, wanted
        return max(1, wanted // BLOCKS), min(wanted, BLOCKS)

    def _unprofiled(self, steps: int, count: int) -> list[int]:
        self._rewarm(steps)
        return [self.timer.time(TIMED, steps) for _ in range(count)]

    def _rewarm(self, steps: int) -> int:
        """Run blocks that do not count, after a pause; their total ns."""
        first = self.timer.time(TIMED, steps)
        return first + (self.timer.time(TIMED, steps) if cold_blocks(first) > 1 else 0)

    def _profiled(self, steps: int, count: int) -> tuple[torch_profiler.Recording, list[int]]:
        """The recording, and the totals of its blocks; a block that does not count comes first, as everywhere."""
        with torch_profiler.recording(self.device.torch_device) as seen:
            self.timer.time(TIMED, steps)
            return seen, [self._profiled_block(steps) for _ in range(count)]

    def _profiled_block(self, steps: int) -> int:
        self._reset()
        return torch_profiler.time_profiled_block(self._clock, self.prepared.step, steps, self.device.drain, self.key)

    # --- memory -----------------------------------------------------------------------------------------------------

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        if name == "first_call":
            self.memory.restart()
        with super()._stage(name):
            yield
        if name in ("prepare", "first_call"):
            self._peaks[name] = self.memory.peaks()

    def _memory(self) -> dict[str, Any]:
        """Peaks above the level before the case, in bytes, by phase; `reason` where the host's cannot be read."""
        step = {"host": self.facts["host_peak_bytes"], "device": self.facts["device_peak_bytes"]}
        return {"phases": {**self._peaks, "step": step}, "reason": self.facts["host_peak_reason"]}

    def _history(self) -> dict[str, Any] | None:
        """Each allocation of one or two steps on the device; None where the case has no device."""
        device = self.device.torch_device
        if device.type != "cuda":
            return None
        calls = 1 if self.prepared.reset is not None else HISTORY_STEPS
        self._reset()

        def work() -> None:
            for _ in range(calls):
                self.prepared.step()
            self.device.drain()

        return {"steps": calls, **allocator_history.history(work, device)}


def allow_looks() -> None:
    """Let the parent and its children look into this process where Yama allows that only to ancestors.

    prctl(2), PR_SET_PTRACER; without Yama it fails, and is not needed.
    """
    if sys.platform.startswith("linux"):
        pr_set_ptracer = 0x59616D61
        ctypes.CDLL(None).prctl(pr_set_ptracer, os.getppid(), 0, 0, 0)


def compiling(mode: str) -> dict[str, Any] | None:
    """Seconds of compiling by part, and why anything was compiled again; None for modes that do not compile."""
    if mode not in COMPILE_MODES:
        return None
    return {"seconds": dynamo_counters.compile_seconds(), "recompiles": dynamo_counters.recompile_reasons()}
