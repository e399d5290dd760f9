"""A case that is taken apart: opened as when it is timed, its blocks timed without, with and without a profiler."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.measure import counters
from bench.measure.clocks import Clock
from bench.measure.garbage import quiet_garbage
from bench.measure.modes import COMPILE_MODES
from bench.measure.profiling import allocator, events, recorder, tables, timeline
from bench.measure.session import Session
from bench.protocol import Profile, cold_blocks

MOST_STEPS = 200
MOST_S = 2.0
MOST_EVENTS = 60_000
"""So many steps, seconds of steps and events a profile has at most, unless it is one step that goes beyond: a trace of
sixty thousand events takes some 2 MB, and seconds to read."""

BLOCKS = 20
"""Blocks the steps are dealt to where nothing resets them: enough for an interval of order statistics on each side."""

HISTORY_STEPS = 2
"""Steps whose allocations are told one by one: in the second, what the first left is given back."""


class ProfilingSession(Session):
    """A session that keeps the peaks of each phase, and whose steps can be taken apart once it is open."""

    def __init__(self, request: Profile, clock: Clock, enter: Callable[[str], None]) -> None:
        super().__init__(request, clock, enter)
        self._wanted = request
        self._peaks: dict[str, dict[str, int | None]] = {}

    def take_apart(self) -> dict[str, Any]:
        """What the profiler saw of the steps, and what they take without it. Totals in ns, sizes in bytes."""
        with self._stage("profile"), quiet_garbage():
            steps, count = self._extent()
            began, on_core = self._clock(), time.thread_time_ns()
            before = self._unprofiled(steps, count)
            wall_ns, thread_ns = self._clock() - began, time.thread_time_ns() - on_core
            seen, profiled = self._profiled(steps, count)
            after = self._unprofiled(steps, count)
        with self._stage("trace"):
            seen.save(Path(self._wanted.trace))
            found = summary(list(seen.events()), self.key, self.device.torch_device.type != "cpu")
        return {
            "steps": steps,
            "before_ns": before,
            "profiled_ns": profiled,
            "after_ns": after,
            "wall_ns": wall_ns,
            "thread_ns": thread_ns,
            "memory": self._memory(),
            "history": self._history(),
            "compiling": compiling(self.mode),
            **found,
        }

    def _extent(self) -> tuple[int, int]:
        """n a block and how many blocks, by what a step takes and how many events it makes."""
        with recorder.recording(self.device.torch_device) as seen:
            self._profiled_block(1)
        count = sum(1 for _ in seen.events())
        step_ns = max(1, min(self._time("step", "wall", 1) for _ in range(3)))
        most = int(min(MOST_STEPS, MOST_S * 1e9 / step_ns, MOST_EVENTS / max(count, 1)))
        wanted = self._wanted.profiled_steps or max(1, most)
        if self.prepared.reset is not None:
            return 1, wanted
        return max(1, wanted // BLOCKS), min(wanted, BLOCKS)

    def _unprofiled(self, steps: int, count: int) -> list[int]:
        if cold_blocks(self._time("step", "wall", steps)) > 1:
            self._time("step", "wall", steps)
        return [self._time("step", "wall", steps) for _ in range(count)]

    def _profiled(self, steps: int, count: int) -> tuple[recorder.Recording, list[int]]:
        """The recording and the totals of its blocks; before them one that does not count, as everywhere."""
        with recorder.recording(self.device.torch_device) as seen:
            self._time("step", "wall", steps)
            return seen, [self._profiled_block(steps) for _ in range(count)]

    def _profiled_block(self, steps: int) -> int:
        self._reset()
        return recorder.time_profiled_block(self._clock, self.prepared.step, steps, self.device.drain, self.key)

    # --- memory -----------------------------------------------------------------------------------------------------

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        if name == "first_call":
            self._high_water.restart()
            self.device.reset_peak()
        with super()._stage(name):
            yield
        if name in ("prepare", "first_call"):
            allocated, _ = self.device.peak_bytes()
            self._peaks[name] = {
                "host": self._high_water.bytes(),
                "device": None if allocated is None else allocated - self._device_before,
            }

    def _memory(self) -> dict[str, Any]:
        """Peak above what was there before the case, in bytes, by phase; `reason` where the host's cannot be told."""
        step = {"host": self.facts["host_peak_bytes"], "device": self.facts["device_peak_bytes"]}
        return {"phases": {**self._peaks, "step": step}, "reason": self.facts["host_peak_reason"]}

    def _history(self) -> dict[str, Any] | None:
        """Each allocation of a step or two on the device; None without one."""
        device = self.device.torch_device
        if device.type != "cuda":
            return None
        calls = 1 if self.prepared.reset is not None else HISTORY_STEPS
        self._reset()

        def work() -> None:
            for _ in range(calls):
                self.prepared.step()
            self.device.drain()

        return {"steps": calls, **allocator.history(work, device)}


def summary(seen: list[events.Event], region: str, on_device: bool) -> dict[str, Any]:
    """The events of a profile summed up. region: the name of that of the steps; on_device: the case has a device."""
    blocks = events.windows(seen, region)
    inside = events.within(seen, blocks)
    host, device, memory = tables.parted(inside)
    tree = timeline.nested(host, _main_thread(seen, region))
    return {
        "blocks": len(blocks),
        "events": len(inside),
        "split_ns": timeline.split(tree, device, blocks, on_device),
        "operators": tables.operators(tree, device, memory),
        "kernels": tables.kernels(device),
        "device": tables.device_facts(device, [event for event in host if event.kind == events.CALL], blocks)
        if on_device
        else None,
        "waits": tables.synchronisations(tree),
    }


def _main_thread(seen: list[events.Event], region: str) -> int:
    return next((event.thread for event in seen if event.kind == events.ANNOTATION and event.name == region), 0)


def compiling(mode: str) -> dict[str, Any] | None:
    """Where the time of compiling went, in seconds, and what was compiled again, and why; None where nothing was."""
    if mode not in COMPILE_MODES:
        return None
    return {"seconds": counters.compile_seconds(), "recompiles": counters.recompile_reasons()}
