"""The state of a GPU from NVIDIA's management library, which is too slow for a block and is read once a visit.

Each of the four readings stands alone. Many laptops give no power, drivers before 535 know the event reasons by another
name, an instance of MIG has no clock of its own, and a GPU that is reset answers nothing for a moment. A reading that
fails is None, with its reason, and the others are kept.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable
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

CLOCK, TEMPERATURE, POWER, EVENTS = "clock rate", "temperature", "power", "event reasons"
"""The readings, as people know them."""

EVENT_CALLS = ("nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons")
"""The call for event reasons, and its name in drivers and bindings before 535; the bits are the same (nvml.h)."""

CARD, MIG = "GPU-", "MIG-"
"""What a UUID begins with, of a card and of an instance of MIG; torch gives it without."""


class DeviceCondition:
    """The condition of one CUDA device. What cannot be read is None, and `missing` has the reason."""

    def __init__(self, device: torch.device, library: Any = None) -> None:
        """library: the module pynvml, or one with the same functions. Reads once, so that `reason` is complete."""
        self.missing: dict[str, str] = {}
        """By reading: what NVML answered when it first failed."""
        self._why_none = ""
        self._handle: Any = None
        try:
            self._nvml = library or importlib.import_module("pynvml")
        except ImportError:
            self._why_none = "nvidia-ml-py is not installed: clock rate and throttling of the GPU are unknown"
            return
        try:
            self._nvml.nvmlInit()
            self._handle = self._found(str(torch.cuda.get_device_properties(device).uuid))
        except self._nvml.NVMLError as error:
            self._why_none = f"NVML does not answer ({error}): clock rate and throttling of the GPU are unknown"
            return
        self.read()

    @property
    def reason(self) -> str:
        """Why nothing is read, or which readings are missing and why; empty where all four are read."""
        if self._why_none or not self.missing:
            return self._why_none
        parts = ", ".join(f"no {name} ({why})" for name, why in self.missing.items())
        harm = ": blocks under heat or a fault are not left out" if EVENTS in self.missing else ""
        return f"NVML gives {parts}{harm}"

    def read(self) -> Condition:
        """Clock rate of the multiprocessors (MHz), temperature, power (W), and what slows the clock down now."""
        if self._handle is None:
            return Condition()
        nvml, handle = self._nvml, self._handle
        mhz = self._asked(CLOCK, lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM))
        celsius = self._asked(TEMPERATURE, lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
        milliwatts = self._asked(POWER, lambda: nvml.nvmlDeviceGetPowerUsage(handle))
        events = self._asked(EVENTS, self._event_reasons) or 0
        return Condition(
            mhz=None if mhz is None else float(mhz),
            celsius=None if celsius is None else float(celsius),
            watts=None if milliwatts is None else milliwatts / 1000,
            slowed=tuple(name for bit, name in SLOWED.items() if events & bit),
            capped=bool(events & POWER_CAP),
            unread=dict(self.missing),
        )

    def _asked(self, name: str, ask: Callable[[], int]) -> int | None:
        """One reading; None where NVML refuses it, whose first reason is kept. It is asked for again next time."""
        try:
            return ask()
        except (self._nvml.NVMLError, AttributeError) as error:  # the driver, or a binding that is older than the call
            self.missing.setdefault(name, str(error))
            return None

    def _event_reasons(self) -> int:
        """The bits of what limits the clock now. Raises the error of the first name where no name of the call works."""
        newer, older = EVENT_CALLS
        try:
            return int(getattr(self._nvml, newer)(self._handle))
        except (self._nvml.NVMLError, AttributeError):
            if not hasattr(self._nvml, older):
                raise
            with contextlib.suppress(self._nvml.NVMLError):
                return int(getattr(self._nvml, older)(self._handle))
            raise

    def _found(self, uuid: str) -> Any:
        """The handle of the card with this UUID, or of the card that an instance of MIG is a part of.

        Raises the library's error where there is none.
        """
        find = self._nvml.nvmlDeviceGetHandleByUUID
        if uuid.startswith(MIG):
            return self._card_of(find(uuid))
        bare = uuid.removeprefix(CARD)
        try:
            return find(CARD + bare)
        except self._nvml.NVMLError:
            with contextlib.suppress(self._nvml.NVMLError):
                return self._card_of(find(MIG + bare))
            raise  # no instance either: the reason is why there is no such card

    def _card_of(self, instance: Any) -> Any:
        """The card of an instance of MIG: NVML tells clock, heat and power of the whole card alone."""
        try:
            return self._nvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(instance)
        except (self._nvml.NVMLError, AttributeError):  # a driver or a binding without it: readings say what is missing
            return instance
