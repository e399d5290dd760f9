"""An Apple GPU, through Metal Performance Shaders."""

from __future__ import annotations

import platform

import torch

from bench.measure.devices.accelerator import Accelerator
from bench.measure.devices.device import PeakBytes
from bench.measure.devices.processor_condition import Condition
from bench.measure.devices.queued import Event
from bench.measure.timing.blocks import Step
from bench.measure.timing.clocks import Clock

UNTOLD = {
    "state of mps": "torch tells neither clock rate, temperature nor power of an Apple GPU",
    "peak memory of mps": "torch.mps keeps no high-water mark: it tells what is allocated now",
}
"""By name of what this device cannot tell: the reason."""


class Mps(Accelerator):
    """The one GPU of an Apple machine. Its memory is the machine's."""

    shortest_block_ns = 1_000_000
    """Until its pull request 196395, of September 2026, torch took the time of an event in a callback of the host, some
    tens of microseconds late."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(torch.device("mps", 0), clock)

    def enter(self) -> None:
        """Do nothing: there is only one."""

    def _event(self, timing: bool) -> Event:
        return torch.mps.Event(enable_timing=timing)

    def _refuse_other_streams(self, step: Step, steps: int, before: Step) -> None:
        """Do nothing: torch has one stream on this device.

        To wait for an event and then to ask it for its time may hang for ever (torch's issue 162872): the times of
        events are asked for after the whole device was drained.
        """

    def condition(self) -> Condition:
        """Nothing: see `UNTOLD`."""
        return Condition()

    def reset_peak(self) -> None:
        """Do nothing: there is no high-water mark."""

    def peak_bytes(self) -> PeakBytes:
        """No high-water mark of tensors; what Metal holds for this process, of which it seldom gives anything back."""
        return PeakBytes(None, torch.mps.driver_allocated_memory())

    def resident_bytes(self) -> int:
        """Bytes of live tensors."""
        return torch.mps.current_allocated_memory()

    def release(self) -> None:
        """Give cached memory back to Metal."""
        torch.mps.empty_cache()


def why_not() -> str:
    """An empty string where there is such a device, else the reason."""
    if not torch.backends.mps.is_built():
        return f"no mps: torch {torch.__version__} is built without it, as all but those for macOS are"
    if not torch.backends.mps.is_available():
        return f"no mps: torch {torch.__version__} is built for it and finds no Apple GPU, or a macOS that is too old"
    return ""


def why_no_dtype(dtype: str) -> str:
    """Why cases of a dtype cannot run; empty where they can."""
    return "device=mps has no float64: Metal computes in float32 and in halves" if dtype == "float64" else ""


def facts() -> dict[str, object]:
    """Name, number of cores and memory of the GPU; None for what this torch does not tell."""
    named, cores = (getattr(torch.backends.mps, name, None) for name in ("get_name", "get_core_count"))
    return {
        "kind": "mps",
        "name": named() if named is not None else "Apple GPU",
        "memory_bytes": torch.mps.recommended_max_memory(),
        "multiprocessors": cores() if cores is not None else None,
        "driver": platform.mac_ver()[0] or None,
    }
