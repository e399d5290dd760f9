"""What a case takes of the memories of host and device."""

from __future__ import annotations

from typing import Any

from bench.measure.devices.device import Device
from bench.measure.memory.high_water import HighWater

COMPILED = "a compiled case holds the compiler too"
"""Why there is no number of the host: the compiler stays in the process, and cannot be told from what it compiled."""


class CaseMemory:
    """Memory of host and device above what was there when this object was made."""

    def __init__(self, device: Device, reason: str = "") -> None:
        """reason: why no number of the host is to be had of this case, where it is known beforehand."""
        self._device = device
        self._host = HighWater(reason)
        self._device_before = device.resident_bytes()

    @property
    def of_the_host(self) -> bool:
        """Whether the number that counts is the host's, and is to be had."""
        return self._device.torch_device.type == "cpu" and not self._host.reason

    def restart(self) -> None:
        """Forget the peaks so far; the levels they are counted from stay."""
        self._host.restart()
        self._device.reset_peak()

    def peaks(self) -> dict[str, int | None]:
        """Bytes of `host` and `device` since the last restart; None where there is no number."""
        allocated, _ = self._device.peak_bytes()
        return {"host": self._host.bytes(), "device": None if allocated is None else allocated - self._device_before}

    def facts(self) -> dict[str, Any]:
        """The peaks as a case's record has them."""
        peaks = self.peaks()
        return {
            "host_peak_bytes": peaks["host"],
            "host_peak_reason": self._host.reason,
            "device_peak_bytes": peaks["device"],
            "device_reserved_bytes": self._device.peak_bytes()[1],
        }

    def device_bytes(self) -> int:
        """Memory of the device taken since."""
        return max(0, self._device.resident_bytes() - self._device_before)
