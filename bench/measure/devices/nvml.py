"""The state of a GPU from NVIDIA's management library, which is too slow for a block and is read once a visit."""

from __future__ import annotations

import importlib
from typing import Any

import torch

from bench.measure.devices.processor_condition import Condition

# nvml.h, nvmlClocksEventReasons: bits of the answer to nvmlDeviceGetCurrentClocksEventReasons.
POWER_CAP = 0x0000000000000004
SLOWED = {
    0x0000000000000008: "hardware slowdown",
    0x0000000000000020: "software thermal",
    0x0000000000000040: "hardware thermal",
    0x0000000000000080: "power brake",
}


class DeviceCondition:
    """The condition of one CUDA device. Without the library it reads nothing, and `reason` says why."""

    def __init__(self, device: torch.device, library: Any = None) -> None:
        """library: the module pynvml, or one with the same functions."""
        self.reason = ""
        self._handle: Any = None
        try:
            self._nvml = library or importlib.import_module("pynvml")
        except ImportError:
            self.reason = "nvidia-ml-py is not installed: clock rate and throttling of the GPU are unknown"
            return
        try:
            self._nvml.nvmlInit()
            uuid = str(torch.cuda.get_device_properties(device).uuid)
            self._handle = self._nvml.nvmlDeviceGetHandleByUUID(uuid if uuid.startswith("GPU-") else f"GPU-{uuid}")
        except self._nvml.NVMLError as error:
            self.reason = f"NVML does not answer ({error}): clock rate and throttling of the GPU are unknown"

    def read(self) -> Condition:
        """Clock rate of the multiprocessors (MHz), temperature, power (W), and what slows the clock down now."""
        if self._handle is None:
            return Condition()
        nvml, handle = self._nvml, self._handle
        reasons = nvml.nvmlDeviceGetCurrentClocksEventReasons(handle)
        return Condition(
            mhz=float(nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM)),
            celsius=float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU)),
            watts=nvml.nvmlDeviceGetPowerUsage(handle) / 1000,
            slowed=tuple(name for bit, name in SLOWED.items() if reasons & bit),
            capped=bool(reasons & POWER_CAP),
        )
