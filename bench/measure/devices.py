"""The devices a case can run on, one small class each, and the door to them."""

from __future__ import annotations

from typing import Any, Protocol

import torch

from bench.measure.blocks import Step, nothing, time_block
from bench.measure.clocks import Clock
from bench.measure.context import Skip


class NoClockError(Exception):
    """A clock of the device cannot time this step; its text is the reason."""


class Device(Protocol):
    """Where steps run, and the clocks that can time them there. The first clock is the default of tables."""

    clocks: tuple[str, ...]
    torch_device: torch.device

    def drain(self) -> None:
        """Wait until the device has nothing left to do."""

    def time(self, clock: str, step: Step, steps: int) -> int:
        """Total ns of a block of `steps` on one of `clocks`. Raises `NoClockError` where it cannot be had."""

    def reset_peak(self) -> None:
        """Start a new high-water mark of device memory."""

    def peak_bytes(self) -> tuple[int | None, int | None]:
        """(allocated, reserved) high-water marks since `reset_peak`; None where the host's memory is the device's."""

    def resident_bytes(self) -> int:
        """Device memory in use now; 0 where the host's memory is the device's."""

    def release(self) -> None:
        """Give cached memory back."""


class Cpu:
    """The host itself: nothing to drain, and wall, latency and device time are one."""

    clocks: tuple[str, ...] = ("wall",)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.torch_device = torch.device("cpu")

    def drain(self) -> None:
        """A CPU step has ended when its call returns."""

    def time(self, clock: str, step: Step, steps: int) -> int:
        """Total ns of a block of `steps`."""
        return time_block(self._clock, step, steps, nothing)

    def reset_peak(self) -> None:
        """Host memory has its own high-water mark, in `memory`."""

    def peak_bytes(self) -> tuple[int | None, int | None]:
        """See `memory`."""
        return None, None

    def resident_bytes(self) -> int:
        """See `memory`."""
        return 0

    def release(self) -> None:
        """Nothing is cached."""


def device_for(name: str, clock: Clock) -> Device:
    """The device called `name` (`cpu`, `cuda`, `cuda:1`). Raises `Skip` with the reason where it cannot be used."""
    if reason := why_not(name):
        raise Skip(reason)
    if name == "cpu":
        return Cpu(clock)
    from bench.measure.cuda import Cuda  # CUDA classes of torch are touched only where there is a device

    return Cuda(name, clock)


def why_not(name: str) -> str:
    """An empty string where the device can be used, else the reason."""
    kind, _, number = name.partition(":")
    if kind == "cpu":
        return ""
    if kind != "cuda":
        return f"coursebench has no device class for '{kind}' yet"
    if not torch.backends.cuda.is_built():
        return f"no CUDA: torch {torch.__version__} is built without it"
    if not torch.cuda.is_available():
        return f"no CUDA device: torch {torch.__version__} is built for CUDA {torch.version.cuda} and finds none"
    count = torch.cuda.device_count()
    if number and int(number) >= count:
        return f"no device {name}: this machine has {count} CUDA device(s)"
    return ""


def available() -> dict[str, str]:
    """Each kind of device to an empty string, or to the reason why it cannot be used."""
    return {name: why_not(name) for name in ("cpu", "cuda")}


def settings_of_numerics() -> dict[str, Any]:
    """The flags that change what a product computes, and so how long it takes."""
    return {
        "float32_matmul_precision": torch.get_float32_matmul_precision(),
        "cudnn_allow_tf32": torch.backends.cudnn.allow_tf32,
        "cudnn_benchmark": torch.backends.cudnn.benchmark,
        "deterministic_algorithms": torch.are_deterministic_algorithms_enabled(),
    }
