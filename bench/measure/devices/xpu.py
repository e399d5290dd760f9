"""An Intel GPU, through SYCL."""

from __future__ import annotations

from collections.abc import Callable

import torch

from bench.measure.devices.accelerator import Accelerator
from bench.measure.devices.device import PeakBytes
from bench.measure.devices.processor_condition import Condition
from bench.measure.devices.queued import Event
from bench.measure.timing.clocks import Clock

READINGS = ("clock_rate", "temperature")
"""Functions of `torch.xpu` that read the state of the GPU, in newer versions and with pyzes. Not `power_draw`, which
waits for a tenth of a second."""


class Xpu(Accelerator):
    """One Intel GPU."""

    shortest_block_ns = 20_000
    """Its events have the device's own time stamps, which lie about a tenth of a microsecond apart."""

    def __init__(self, name: str, clock: Clock) -> None:
        super().__init__(torch.device("xpu", int(name.partition(":")[2] or 0)), clock)
        self._readings = {each: _reading(each, self.torch_device) for each in READINGS}

    def enter(self) -> None:
        """Make this the current device: events go to the current one."""
        torch.xpu.set_device(self.torch_device)

    def _event(self, timing: bool) -> Event:
        return torch.xpu.Event(enable_timing=timing)

    def condition(self) -> Condition:
        """Clock rate and temperature where this torch reads them; what slows the GPU down is not known."""
        mhz, celsius = (read() if callable(read := self._readings[each]) else None for each in READINGS)
        return Condition(mhz=mhz, celsius=celsius)

    def reset_peak(self) -> None:
        """Start a new high-water mark of the caching allocator."""
        torch.xpu.reset_peak_memory_stats(self.torch_device)

    def peak_bytes(self) -> PeakBytes:
        """High-water marks of the caching allocator."""
        device = self.torch_device
        return PeakBytes(torch.xpu.max_memory_allocated(device), torch.xpu.max_memory_reserved(device))

    def resident_bytes(self) -> int:
        """Bytes the caching allocator holds for live tensors."""
        return torch.xpu.memory_allocated(self.torch_device)

    def release(self) -> None:
        """Give cached blocks back to the driver."""
        torch.xpu.empty_cache()


def _reading(name: str, device: torch.device) -> Callable[[], float] | str:
    """What reads the state of a GPU, or why nothing does. It is tried once: a reading that fails is not asked again."""
    read: Callable[[torch.device], float] | None = getattr(torch.xpu, name, None)
    if read is None:
        return f"torch {torch.__version__} has no torch.xpu.{name}"
    try:
        read(device)
    except (ImportError, RuntimeError) as error:  # without pyzes; without the right to ask, or without such a sensor
        return str(error).strip().splitlines()[0]
    return lambda: float(read(device))


def untold() -> dict[str, str]:
    """By name of what the first device cannot tell: the reason."""
    found = [_reading(name, torch.device("xpu", 0)) for name in READINGS]
    reasons = dict.fromkeys(reason for reason in found if isinstance(reason, str))
    return {"state of xpu": "; ".join([*reasons, "what slows an Intel GPU down is read by no torch"])}


def why_not(number: str) -> str:
    """An empty string where the device of this number can be used, else the reason."""
    if not torch.xpu._is_compiled():
        return f"no xpu: torch {torch.__version__} is built without it"
    if not torch.xpu.is_available():
        return f"no xpu: torch {torch.__version__} is built for it and finds no Intel GPU"
    count = torch.xpu.device_count()
    if number and int(number) >= count:
        return f"no device xpu:{number}: this machine has {count} XPU device(s)"
    return ""


def why_no_dtype(number: str, dtype: str) -> str:
    """Why cases of a dtype cannot run; empty where they can."""
    if dtype == "float64" and not torch.xpu.get_device_properties(int(number or 0)).has_fp64:
        return "this Intel GPU has no float64"
    return ""


def facts() -> list[dict[str, object]]:
    """Name and properties of each device."""
    devices: list[dict[str, object]] = []
    for index in range(torch.xpu.device_count()):
        properties = torch.xpu.get_device_properties(index)
        devices.append(
            {
                "kind": "xpu",
                "name": properties.name,
                "memory_bytes": properties.total_memory,
                "multiprocessors": properties.max_compute_units,
                "driver": properties.driver_version,
            }
        )
    return devices
