"""The host as a device."""

from __future__ import annotations

import torch

from bench.measure.devices.device import PeakBytes
from bench.measure.devices.processor_condition import Condition, HostCondition
from bench.measure.timing.blocks import Step, nothing, time_block
from bench.measure.timing.clocks import Clock


class Cpu:
    """The host itself: it has nothing to drain, and wall, latency and device time are one."""

    clocks: tuple[str, ...] = ("wall",)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.torch_device = torch.device("cpu")
        self._condition = HostCondition()

    def drain(self) -> None:
        """Do nothing: a CPU step has ended when its call returns."""

    def enter(self) -> None:
        """Do nothing: there is only one host."""

    def time(self, clock: str, step: Step, steps: int, before: Step) -> int:
        """Total ns of a block of `steps`, after `before`."""
        before()
        return time_block(self._clock, step, steps, nothing)

    def condition(self) -> Condition:
        """Read the condition of the core this process runs on."""
        return self._condition.read()

    def reset_peak(self) -> None:
        """Do nothing: host memory has its own high-water mark, in `bench.measure.memory`."""

    def peak_bytes(self) -> PeakBytes:
        """See `memory`."""
        return PeakBytes(None, None)

    def resident_bytes(self) -> int:
        """See `memory`."""
        return 0

    def release(self) -> None:
        """Do nothing: nothing is cached."""
