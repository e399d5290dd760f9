"""The interface of a device: where steps run, and the clocks that can time them there."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch

from bench.measure.devices.processor_condition import Condition
from bench.measure.timing.blocks import Step


class PeakBytes(NamedTuple):
    """High-water marks of device memory; None where the host's memory is the device's."""

    allocated: int | None
    reserved: int | None
    """Held by the caching allocator, used or not."""


class NoClockError(Exception):
    """A clock of the device cannot time this step; its text is the reason."""


class Device(Protocol):
    """Where steps run, and the clocks that can time them there. The first clock is the default of tables."""

    clocks: tuple[str, ...]
    torch_device: torch.device

    def drain(self) -> None:
        """Wait until the device has nothing left to do."""

    def enter(self) -> None:
        """Make this the current device of the process: visits of several devices alternate."""

    def time(self, clock: str, step: Step, steps: int, before: Step) -> int:
        """Total ns of a block of `steps` on one of `clocks`. `before` runs untimed ahead of it, and of each retry.

        Raises `NoClockError` where the clock cannot time this step.
        """

    def condition(self) -> Condition:
        """Clock rate, temperature, and what slowed the processor down since the last call."""

    def reset_peak(self) -> None:
        """Start a new high-water mark of device memory."""

    def peak_bytes(self) -> PeakBytes:
        """High-water marks since `reset_peak`."""

    def resident_bytes(self) -> int:
        """Device memory in use now; 0 where the host's memory is the device's."""

    def release(self) -> None:
        """Give cached memory back."""
