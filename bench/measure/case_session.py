"""One case in a worker: prepare → first call → check → warm up → calibrate; visits of blocks; check again, close."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import perf_counter
from typing import Any

import torch

from bench.measure import devices
from bench.measure.author.answers import Judge
from bench.measure.author.context import CaseContext, Skip
from bench.measure.author.given import Given
from bench.measure.author.import_workload import make_of
from bench.measure.author.outputs import devices_of, numbers, stated_work
from bench.measure.author.seeding import seed_everything
from bench.measure.author.step_watch import EAGER, StepWatch
from bench.measure.author.tolerance import tolerance_of
from bench.measure.author.torch_notices import unsupported
from bench.measure.author.usable import usable_dtype, usable_mode
from bench.measure.counting import operator_counts
from bench.measure.counting.dynamo_counters import break_reasons, compilations, compiled_graphs, precompiled_headers
from bench.measure.devices.device import Device
from bench.measure.machine.cores import affinity
from bench.measure.memory.case_memory import COMPILED, MEASURED_BEFORE, CaseMemory
from bench.measure.modes import COMPILE_MODES, NEEDS_COMPILER
from bench.measure.modes.graphs import rehearse
from bench.measure.timing import blocks, other_timers
from bench.measure.timing.background import background_cores
from bench.measure.timing.clocks import Clock
from bench.measure.timing.disturbances import Disturbances
from bench.measure.timing.garbage_collector import quiet_garbage
from bench.measure.timing.one_core import on_core
from bench.measure.timing.quota_watch import QuotaWatch
from bench.measure.timing.series_timer import SeriesTimer
from bench.measure.timing.warm_up import Learned
from bench.protocol import BlockTimed, Open, TimedWithOthers
from bench.protocol.placement import text_of
from bench.protocol.rows import TimedBlock
from bench.records import Case
from bench.series import STEP, Series
from bench.workload import Prepared


class Session:
    """An open case: what it prepared, the timer of its blocks, what was learned (`facts`), the settings it declares."""

    def __init__(self, request: Open, clock: Clock, enter: Callable[[str], None], given: Given | None = None) -> None:
        """given: the step, if it is no workload's."""
        self.key = request.key
        self.settings = request.settings
        self.facts: dict[str, Any] = {"cache": request.cache, "threads": torch.get_num_threads()}
        self.declared: dict[str, Any] = {}
        self._seconds: dict[str, float] = {}
        self._graphs: dict[str, int] = {}
        self._headers = 0
        self._request = request
        self._given = given
        self._make: Callable[[], Prepared]
        self._enter = enter
        self._quota, self._watch = QuotaWatch(), StepWatch()
        self._disturbances = Disturbances(self._quota, text_of(affinity()))
        self._clock = clock

    # --- opening ----------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Prepare, check, warm up, calibrate. Raises `Skip`, `WrongAnswer`, or whatever the workload raises."""
        with self._stage("prepare"):
            self._prepare(Case.from_key(self.key))
        with self._stage("first_call"):
            output = self._first_call()
        self._headers = precompiled_headers() - self._headers
        with self._stage("check"):
            self.facts["error_before"] = self._judge(output)
        del output
        self._gauge_clock()
        # What a process loads when something is first used stays with it, and is no memory of the case either.
        if twice := self._request.memory and self.memory.of_the_host:
            with self._stage("prepare_again"):
                self.release()
                gc.collect()  # what refers to itself, as an optimiser does, would be freed while the peak is read
                self._prepare_once()
        # The memory of the steady step: what compiling it, or knowing its answer in float64, took is none of it.
        self.memory.restart()
        self.timer = SeriesTimer(self.device, self.prepared, self.settings, self._target_ns, quota=self._quota)
        request = self._request
        learned = None if request.warm_calls is None else Learned(request.warm_calls, request.warm_ns)
        with self._stage("warm_up"):
            self.facts |= self.timer.warm_step(self._request.steps, learned)
            if learned is None:
                self.facts["background_after"] = background_cores()
            self.timer.calibrate(self._request.steps, learned)
        self.facts |= self.memory.facts()
        if self.memory.of_the_host and not twice:
            self.facts |= {"host_peak_bytes": None, "host_peak_reason": MEASURED_BEFORE}
        if twice:
            with self._stage("check"):
                self.facts["error_before"] = self._judge(self._call())

    def _prepare(self, case: Case) -> None:
        self.device: Device = devices.device_for(str(case["device"]), self._clock)
        self._workload = case.workload
        if self._given is not None:
            self.mode, self._make = EAGER, self._given.make
            self._prepare_once()
            return
        make, declared = make_of(self._request.source)
        dtype = usable_dtype(case, declared)
        self.mode = mode = usable_mode(case, declared)
        rehearse(mode)  # before the level is read that the peak of memory is counted from
        own = {axis: value for axis, value in case.params if axis in declared.axes}
        self._make = partial(self._made, partial(make, **own), dtype)
        self._headers = precompiled_headers()
        self._prepare_once()
        self._judge_of = Judge(dtype, self.device, mode, own)
        tolerance = tolerance_of(dtype, self.prepared.compute_dtype)
        self.facts |= {"tolerance": tolerance, "work": stated_work(self.prepared)}

    def _made(self, make: Callable[..., Prepared], dtype: torch.dtype) -> Prepared:
        ctx = CaseContext(self.device.torch_device, dtype, self.mode, self.settings.seed, self.key, self.declared)
        prepared = make(ctx)
        self.facts.setdefault("build_ns", ctx.execution.build_ns)
        return prepared

    def _prepare_once(self) -> None:
        once = self._given.once if self._given is not None else ""
        if not once:  # else a test is in the middle of what it drew itself
            seed_everything(self.settings.seed, self._workload)
        self.memory = CaseMemory(self.device, COMPILED if self.mode in NEEDS_COMPILER else once)
        with unsupported() as said:
            self.prepared = self._make()
        self.facts["unsupported"] = " ".join(said)
        if self._given is None:
            self.prepared = self._watch.ready(self.prepared, self.mode)

    def _call(self) -> Any:
        """The output of one step, after its reset, with the device drained."""
        self._reset()
        output = self.prepared.step()
        self.device.drain()
        return output

    def _first_call(self) -> Any:
        self._reset()
        self.device.drain()
        started = self._clock()
        output = self.prepared.step()
        if self._given is None:
            self.prepared, output = self._watch.first_answer(self.prepared, output, self.mode)
        self.device.drain()
        self.facts["first_call_ns"] = self._clock() - started
        # Not so for aoti: it compiled before the first call, and runs without Dynamo.
        if self.mode in COMPILE_MODES and compiled_graphs()["graphs"] == 0:
            raise RuntimeError("torch.compile compiled no graph for this step: what would be timed is eager code")
        return output

    def _judge(self, output: Any) -> float | None:
        """The relative error of `output`; None for a given step, whose test judges it. Raises `WrongAnswer` above the
        tolerance, and `Skip` for what a test gives and nobody would await.
        """
        if self._given is not None:
            if inspect.iscoroutine(output):
                output.close()
                raise Skip("its function returns a coroutine: what would be timed is that nobody awaits it")
            self._given.keep(output)
            return None
        return self._judge_of.error(self.prepared, output)

    def _gauge_clock(self) -> None:
        self.facts |= (gauged := blocks.gauge(self._clock, self.device.drain))
        overhead = max(gauged["empty_call_ns"], gauged["drain_ns"])
        self._target_ns = blocks.shortest_block_ns(self.settings.block_s, gauged["clock_resolution_ns"], overhead)
        self._watch.gauge(self._clock)

    # --- timing -----------------------------------------------------------------------------------------------------

    def visit(self, cpu: int | None = None, count: int | None = None, skip: int = 0) -> list[TimedBlock]:
        """Time a few blocks in a row of every series. count: of a short step; the settings' number by default.

        skip: calls of the step that come before and are not timed.
        """
        self.device.enter()
        with self._stage("blocks"), self._watch.timing(), quiet_garbage(), on_core(cpu), self._disturbances.timing():
            self.timer.skip(skip)
            timed = self.timer.visit(count)
        return self._disturbances.visited(timed, self.device.condition())

    def time_block(
        self, clock: str, rewarm: bool, cpu: int | None, skip: int = 0, cold: int | None = None
    ) -> BlockTimed:
        """Time one block of a lockstep pair. Raises `NoClockError` where that clock fails here.

        rewarm: first run blocks that are not timed, since the step went cold while the other side ran. skip: calls of
        the step before these; cold: how many they are (default: by how long the first takes).
        """
        self.device.enter()
        series = Series(STEP, clock)
        steps = self.timer.steps[series]
        with self._stage("blocks"), quiet_garbage(), on_core(cpu), self._disturbances.timing():
            self.timer.skip(skip)
            total_ns, used = self.timer.rewarmed(series, cold) if rewarm else self.timer.timed(series, steps)
        self._disturbances.paired(self.device.condition)
        return BlockTimed(self.key, steps, total_ns, *(used or ()))

    def time_with_others(self, pairs: int, seed: str, cpu: int | None) -> TimedWithOthers:
        """Time the step by other timers too; there are no block pairs where it is reset."""
        step, steps = self.prepared.step, self.timer.steps[Series(STEP, "wall")]
        seed = f"{self.settings.seed}:{self.key}:{seed}"
        on_cpu = self.device.torch_device.type == "cpu"
        if self.prepared.reset is not None or not (on_cpu or Series(STEP, "device") in self.timer.steps):
            return TimedWithOthers(self.key, steps, {})
        if on_cpu:
            with on_core(cpu):
                timed = other_timers.timed_with_others(step, steps, self._clock, pairs, seed)
            return TimedWithOthers(self.key, steps, timed)
        return TimedWithOthers(self.key, 1, other_timers.timed_with_do_bench(step, self.device, pairs, seed))

    @property
    def _reset(self) -> blocks.Step:
        return self.prepared.reset or blocks.nothing

    # --- closing ----------------------------------------------------------------------------------------------------

    def finish(self) -> dict[str, Any]:
        """Check the answer of the timed step once more; more columns of `CaseLaunch`. Raises `WrongAnswer`."""
        self.device.enter()
        quality = numbers(self.prepared.quality()) if self.prepared.quality is not None else {}
        breaks = compiled_graphs()["graph_breaks"]
        with self._stage("close"):
            output = self._call()
            error = self._judge(output)
            where = devices_of(output) if self._given is None else []  # of a test it may be large, or hold itself
            if self._given is None and self._request.count:
                self._watch.look_at_numbers(self.prepared.step, output)
            del output
            counted = self._counts()
        return {
            **self._disturbances.facts(),
            "threads": torch.get_num_threads(),  # as the blocks found it: a workload may have set another number
            **self._watch.facts,
            "error_after": error,
            "output_devices": ",".join(where),
            "quality": quality,
            "counters": {**compilations(self.mode, self._graphs, breaks, self._headers), **counted},
            "break_reasons": break_reasons() if self.mode in COMPILE_MODES else {},
            "seconds": self._seconds,
        }

    def _counts(self) -> dict[str, int]:
        """Counts of one step, where the request asks for them and the step is short enough."""
        if (
            not self._request.count
            or self.facts["warm_ns"] > operator_counts.LONGEST_STEP_S * 1e9 * self.facts["warm_calls"]
        ):
            return {}
        self._reset()
        counted = operator_counts.counts(self.prepared.step, self.device.drain, self.device.torch_device)
        self._reset()
        return {**counted, "traced_peak_bytes": operator_counts.traced_peak(self.prepared.step)}

    def drain(self) -> None:
        """Wait for the device, if the case got that far. Raises the error that the device's context died of."""
        if hasattr(self, "device"):
            self.device.drain()

    def release(self) -> None:
        """Let the workload close what it opened, and drop what it prepared."""
        if hasattr(self, "prepared"):
            if self.prepared.close is not None:
                self.prepared.close()
            del self.prepared
        if hasattr(self, "timer"):
            del self.timer  # it holds what was prepared
        self._watch.close()

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        self._enter(name)
        started, graphs = perf_counter(), compiled_graphs()["graphs"]
        try:
            yield
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + perf_counter() - started
            self._graphs[name] = self._graphs.get(name, 0) + compiled_graphs()["graphs"] - graphs
