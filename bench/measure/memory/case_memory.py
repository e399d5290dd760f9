"""The memory that a case takes on the host and on the device."""

from __future__ import annotations

from typing import Any

from bench.measure.devices.device import Device
from bench.measure.memory.high_water import HighWater

COMPILED = "a compiled case holds the compiler too"
"""Why there is no number for the host: the compiler stays in the process, and its memory cannot be told apart."""


MEASURED_BEFORE = "an earlier launch of this case measured it"


class CaseMemory:
    """Memory of host and device above the level at which this object was made."""

    def __init__(self, device: Device, reason: str = "") -> None:
        """reason: why there can be no number for the host, where that is known beforehand."""
        self._device = device
        self._host = HighWater(reason)
        self._device_before = device.resident_bytes()

    @property
    def of_the_host(self) -> bool:
        """Whether the peak of this case is the host's, and can be read."""
        return self._device.torch_device.type == "cpu" and not self._host.reason

    def restart(self) -> None:
        """Forget the peaks so far; the levels they are counted from stay."""
        self._host.restart()
        self._device.reset_peak()

    def peaks(self) -> dict[str, int | None]:
        """Bytes of `host` and `device` since the last restart; None where there is no number."""
        allocated = self._device.peak_bytes().allocated
        return {"host": self._host.bytes(), "device": None if allocated is None else allocated - self._device_before}

    def facts(self) -> dict[str, Any]:
        """The peaks as columns of `CaseLaunch`."""
        peaks = self.peaks()
        return {
            "host_peak_bytes": peaks["host"],
            "host_peak_reason": self._host.reason,
            "device_peak_bytes": peaks["device"],
            "device_reserved_bytes": self._device.peak_bytes().reserved,
        }

    def device_bytes(self) -> int:
        """Bytes of device memory taken since."""
        return max(0, self._device.resident_bytes() - self._device_before)
