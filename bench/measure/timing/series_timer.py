"""Timing of an open case, series by series: warm-up, n, and the blocks of visits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from bench.cold_blocks import cold_blocks
from bench.measure.devices.device import Device, NoClockError
from bench.measure.timing import blocks
from bench.measure.timing.cpu_clock import CpuReading, ReadCpu, read_cpu, spent
from bench.measure.timing.one_core import CoreUse
from bench.measure.timing.warm_up import WarmUp, warm_up
from bench.protocol.rows import TimedBlock
from bench.records import Settings
from bench.series import STEP, Series
from bench.workload import Prepared

MOST_BLOCKS = 50
"""Most blocks of a series in a visit, however short they are, besides a second cold one."""


class SeriesTimer:
    """Times the step and the phases of a case on the clocks of its device. `steps`: n of each calibrated series."""

    def __init__(
        self, device: Device, prepared: Prepared, settings: Settings, target_ns: float, cpu: ReadCpu = read_cpu
    ) -> None:
        """target_ns: shortest block; cpu: reads the CPU clock."""
        self._read_cpu = cpu
        self._on_host = device.torch_device.type == "cpu"
        self.steps: dict[Series, int] = {}
        self.no_clock: dict[Series, str] = {}
        """Series that a clock of the device could not time, with the reason."""
        self._device = device
        self._resets = prepared.reset is not None
        self._reset = prepared.reset or blocks.nothing
        self._calls: Mapping[str, blocks.Step] = {STEP: prepared.step, **prepared.phases}
        self._settings = settings
        self._target_ns = target_ns

    def time(self, series: Series, steps: int) -> int:
        """Total ns of one block. Raises `NoClockError` where the clock cannot time it."""
        return self._device.time(series.clock, self._calls[series.phase], steps, self._reset)

    def timed(self, series: Series, steps: int) -> tuple[int, CpuReading | None]:
        """Total ns of one block, and what it took of the processor; None on other devices. Raises as `time` does."""
        if not self._on_host:
            return self.time(series, steps), None
        before = self._read_cpu()

        def last_before_the_block() -> None:
            nonlocal before
            self._reset()
            before = self._read_cpu()

        total = self._device.time(series.clock, self._calls[series.phase], steps, last_before_the_block)
        return total, spent(before, self._read_cpu())

    # --- warm-up and calibration ------------------------------------------------------------------------------------

    def warm_step(self, known: Mapping[Series, int]) -> dict[str, Any]:
        """Warm the step up at a rough n: columns of `CaseLaunch`. known: n that an earlier launch found."""
        series = Series(STEP, self._device.clocks[0])
        rough = known.get(series) or self._calibrated(series)
        cores = CoreUse()
        warmth = self._warm(series, rough)
        return {"steady": warmth.steady, "warm_calls": warmth.calls, "warm_ns": warmth.ns, "one_core": cores.one()}

    def calibrate(self, known: Mapping[Series, int]) -> None:
        """Warm the phases up, and find n of every phase and clock; n that an earlier launch found is kept."""
        for phase in self._calls:
            if phase != STEP:
                series = Series(phase, self._device.clocks[0])
                self._warm(series, self._calibrated(series))
            for series in (Series(phase, clock) for clock in self._device.clocks):
                try:
                    self.steps[series] = known.get(series) or self._calibrated(series)
                except NoClockError as error:
                    self.no_clock[series] = str(error)

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

    def _warm(self, series: Series, steps: int) -> WarmUp:
        floor_ns, cap_ns = self._settings.warm_s * 1e9, self._settings.warm_cap_s * 1e9
        return warm_up(lambda: self.time(series, steps), steps, floor_ns, cap_ns)

    # --- blocks -----------------------------------------------------------------------------------------------------

    def visit(self) -> list[TimedBlock]:
        """A few blocks in a row of every series."""
        return [block for series in list(self.steps) for block in self._timed(series)]

    def rewarmed(self, series: Series) -> tuple[int, CpuReading | None]:
        """As `timed`, after blocks that are not timed, since the step went cold in a pause."""
        steps = self.steps[series]
        if cold_blocks(self.time(series, steps)) > 1:
            self.time(series, steps)
        return self.timed(series, steps)

    def _timed(self, series: Series) -> list[TimedBlock]:
        """Blocks of one series; none where its clock fails here, and from then on."""
        try:
            return list(self._blocks(series, self.steps[series]))
        except NoClockError as error:
            self.no_clock[series] = str(error)
            del self.steps[series]
            return []

    def _blocks(self, series: Series, steps: int) -> Iterator[TimedBlock]:
        """Blocks of one series. Blocks kept short by `reset` are more, to fill the visit's time."""
        wanted, cold, index = self._settings.blocks, 1, 0
        while index < wanted:
            total, cpu = self.timed(series, steps)
            if index == 0:
                if self._resets:
                    wanted = min(MOST_BLOCKS, max(wanted, math.ceil(wanted * self._target_ns / max(total, 1))))
                wanted += (cold := cold_blocks(total)) - 1
            # Positional, in the order of `CpuReading`: a visit makes a hundred of these.
            yield TimedBlock(series, index, index >= cold, steps, total, *(cpu or ()))
            index += 1
