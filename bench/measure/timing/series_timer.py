"""Timing of an open case, series by series: warm-up, n, and the blocks of visits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from time import sleep
from typing import Any

from bench.cold_blocks import cold_blocks
from bench.measure.devices.device import Device, NoClockError
from bench.measure.timing import blocks
from bench.measure.timing.cpu_clock import CpuReading, ReadCpu, read_cpu, spent
from bench.measure.timing.disturbances import Throttled
from bench.measure.timing.one_core import CoreUse
from bench.measure.timing.quota_watch import TRIES, QuotaWatch
from bench.measure.timing.warm_up import LONG_BLOCK_NS, Learned, WarmBlock, WarmUp, warm_up, warm_up_as_before
from bench.protocol.rows import TimedBlock
from bench.records import Settings
from bench.series import STEP, Series
from bench.workload import Prepared

MOST_BLOCKS = 50
"""Most blocks of a series in a visit whose steps are reset, however short they are, besides a second cold one."""

FEWEST_KEPT = 2
"""Blocks longer than `LONG_BLOCK_NS` that are kept of a visit; as many times more as the visit is longer than usual."""

LEAST_WARM_BLOCKS = 4
"""Blocks that warm a step up in a later launch, however soon the first one was steady: two of them are cold. Of blocks
longer than `COLD_NS` one is enough."""


class SeriesTimer:
    """Times the step and the phases of a case on the clocks of its device. `steps`: n of each calibrated series."""

    def __init__(
        self,
        device: Device,
        prepared: Prepared,
        settings: Settings,
        target_ns: float,
        cpu: ReadCpu = read_cpu,
        quota: QuotaWatch | None = None,
    ) -> None:
        """target_ns: shortest block; cpu: reads the CPU clock; quota: tells of blocks that a container stopped."""
        self.steps: dict[Series, int] = {}
        self.no_clock: dict[Series, str] = {}
        """Series that a clock of the device could not time, with the reason."""
        self._device = device
        self._read_cpu = cpu
        self._on_host = device.torch_device.type == "cpu"
        self._resets = prepared.reset is not None
        self._reset = prepared.reset or blocks.nothing
        self._calls: Mapping[str, blocks.Step] = {STEP: prepared.step, **prepared.phases}
        self._settings = settings
        self._target_ns = target_ns
        self._quota = quota or QuotaWatch()
        self.stopped = False
        """Whether the quota of a container stopped the last block of `timed`."""
        self._warmed: dict[Series, WarmUp] = {}
        self.calls = 0
        """Calls of the step so far, those that are skipped left out."""

    def time(self, series: Series, steps: int) -> int:
        """Total ns of one block, timed again where the quota stopped it.

        n and the end of warm-up follow from it: a pause of the container would be taken for a slow step. Raises
        `NoClockError` where the clock cannot time it.
        """
        for _ in range(TRIES):
            before = self._quota.reading()
            total = self._once(series, steps, self._reset)
            if not self._quota.stopped_since(before):
                break
        return total

    def timed(self, series: Series, steps: int) -> tuple[int, CpuReading | None]:
        """Total ns of one block, and what it took of the processor; None on other devices. Raises as `time` does.

        `stopped` then tells whether the quota stopped it.
        """
        quota = self._quota.reading()
        timed = self._with_cpu(series, steps)
        self.stopped = self._quota.stopped_since(quota)
        return timed

    def _once(self, series: Series, steps: int, before: blocks.Step) -> int:
        """Total ns of one block, after `before`, whatever stopped it."""
        if series.phase == STEP:
            self.calls += steps
        return self._device.time(series.clock, self._calls[series.phase], steps, before)

    def _with_cpu(self, series: Series, steps: int) -> tuple[int, CpuReading | None]:
        """As `timed`, whatever stopped it."""
        if not self._on_host:
            return self._once(series, steps, self._reset), None
        before = self._read_cpu()

        def last_before_the_block() -> None:
            nonlocal before
            self._reset()
            before = self._read_cpu()

        total = self._once(series, steps, last_before_the_block)
        return total, spent(before, self._read_cpu())

    # --- warm-up and calibration ------------------------------------------------------------------------------------

    def warm_step(self, known: Mapping[Series, int], learned: Learned | None = None) -> dict[str, Any]:
        """Warm the step up: columns of `CaseLaunch`. known: n that an earlier launch found; learned: its warm-up."""
        cores = CoreUse()
        warmth = self._warm(STEP, known, learned)
        return {
            "steady": warmth.steady,
            "warm_calls": warmth.calls,
            "warm_ns": warmth.ns,
            "settled_calls": warmth.settled_calls,
            "settled_ns": warmth.settled_ns,
            "one_core": cores.one(),
        }

    def calibrate(self, known: Mapping[Series, int], learned: Learned | None = None) -> None:
        """Warm the phases up, and find n of every phase and clock; n that an earlier launch found is kept."""
        for phase in self._calls:
            if phase != STEP:
                self._warm(phase, known, learned)
            for series in (Series(phase, clock) for clock in self._device.clocks):
                try:
                    self.steps[series] = known.get(series) or self._n_of(series)
                except NoClockError as error:
                    self.no_clock[series] = str(error)

    def _n_of(self, series: Series) -> int:
        """The n of a series: by its speed at the end of warm-up, or by blocks of its own on another clock."""
        if self._resets or series not in self._warmed:
            return self._calibrated(series)
        return min(blocks.MOST_STEPS, blocks.steps_for(self._warmed[series].step_ns, self._target_ns))

    def _calibrated(self, series: Series) -> int:
        """The n of a series. Raises `NoClockError` where the clock cannot time even one step."""
        fitting = 0

        def time(steps: int) -> int:
            nonlocal fitting
            total = self.time(series, steps)
            fitting = steps
            return total

        if self._resets:
            time(1)
            return 1
        try:
            return blocks.calibrate(time, self._target_ns)
        except NoClockError:
            if not fitting:
                raise
            return fitting  # a longer block does not fit the device's queue

    def _warm(self, phase: str, known: Mapping[Series, int], learned: Learned | None) -> WarmUp:
        """Warm a phase up, in blocks that are found anew where the step turns out to be faster than at first."""
        series = Series(phase, self._device.clocks[0])
        steps = known.get(series) or self._calibrated(series)

        def block() -> WarmBlock:
            nonlocal steps
            timed = WarmBlock(steps, self.time(series, steps))
            if not self._resets and timed.ns < self._target_ns / 2:
                steps = blocks.grown(steps, timed.ns, self._target_ns)
            return timed

        if learned is None:
            floor_ns, cap_ns = self._settings.warm_s * 1e9, self._settings.warm_cap_s * 1e9
            warmth = warm_up(block, floor_ns, cap_ns)
        else:
            warmth = warm_up_as_before(block, learned, LEAST_WARM_BLOCKS)
        self._warmed[series] = warmth
        return warmth

    # --- blocks -----------------------------------------------------------------------------------------------------

    def visit(self, count: int | None = None) -> list[TimedBlock]:
        """A few blocks in a row of every series; `count`: how many of short ones, the settings' number by default."""
        wanted = count or self._settings.blocks
        return [block for series in list(self.steps) for block in self._timed(series, wanted)]

    def skip(self, calls: int) -> None:
        """Call the step without timing it; one that is reset before each block begins anew in any case."""
        for _ in range(0 if self._resets else calls):
            self._calls[STEP]()

    def rewarmed(self, series: Series, cold: int | None = None) -> tuple[int, CpuReading | None]:
        """As `timed`, after blocks that are not timed, since the step went cold in a pause.

        cold: how many, if any; None: as many as `cold_blocks` says of the first. Of a step that is dear now and then
        that would decide which of its calls is timed. Where the quota of a container stopped the block, it rests until
        there is a whole one, and times another. Raises `Throttled` where that does not help.
        """
        steps = self.steps[series]
        for _ in range(TRIES):
            before = cold_blocks(self.time(series, steps)) - 1 if cold is None else cold
            for _ in range(before):
                self.time(series, steps)
            timed = self.timed(series, steps)
            if not self.stopped:
                return timed
            sleep(self._quota.period_s)
        raise Throttled(self._quota.why_each(TRIES))

    def _timed(self, series: Series, wanted: int) -> list[TimedBlock]:
        """Blocks of one series; none where its clock fails here, and from then on."""
        try:
            return list(self._blocks(series, self.steps[series], wanted))
        except NoClockError as error:
            self.no_clock[series] = str(error)
            del self.steps[series]
            return []

    def _blocks(self, series: Series, steps: int, wanted: int) -> Iterator[TimedBlock]:
        """Blocks of one series: more of those that `reset` keeps short, to fill the visit's time; fewer long ones.

        A block that the quota of a container stopped does not count, nor what is cold after its pause; as many come in
        their place, up to twice those that were wanted.
        """
        cold, warm, most, index = 1, 1, 0, 0
        while index < wanted:
            total, cpu = self.timed(series, steps)
            if index == 0 and self.stopped:
                total, cpu = self.timed(series, steps)  # by its length the visit is planned
            if index == 0:
                if self._resets:
                    wanted = min(MOST_BLOCKS, max(wanted, math.ceil(wanted * self._target_ns / max(total, 1))))
                wanted += (cold := cold_blocks(total)) - 1
                if total > LONG_BLOCK_NS:
                    wanted = min(wanted, cold + FEWEST_KEPT * max(1, wanted // self._settings.blocks))
                warm, most = cold, 2 * wanted
            if self.stopped:
                warm = max(warm, index + cold)
            if cold <= index < warm:
                self._quota.lost += 1
                wanted = min(most, wanted + 1)
            # Positional, in the order of `CpuReading`: a visit makes a hundred of these.
            yield TimedBlock(series, index, index >= warm, steps, total, *(cpu or ()))
            index += 1
