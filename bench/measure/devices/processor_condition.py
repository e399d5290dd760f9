"""The state of a processor while it is timed: clock rate, power, temperature, and what slowed it down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.measure.memory.high_water import c_library

CPUS = Path("/sys/devices/system/cpu")


@dataclass(frozen=True)
class Condition:
    """The state at the end of a visit; None for what the machine does not report."""

    mhz: float | None = None
    celsius: float | None = None
    watts: float | None = None
    slowed: tuple[str, ...] = ()
    """Reasons of heat or fault since the last reading: blocks timed in between are no measurement."""
    capped: bool = False
    """The clock was limited by the power limit: a normal state of a GPU at work, reported, and its blocks are kept."""
    unread: Mapping[str, str] = field(default_factory=dict, compare=False)
    """By reading that failed so far: the reason. What was read is the same state with or without it."""


def summary(readings: Iterable[Condition]) -> dict[str, Any]:
    """Extremes of the readings: mhz_low, mhz_high, celsius_high, watts_high, slowed, capped (number of readings).

    `unread` has the reasons of what could not be read. What no reading has is left out.
    """
    seen = list(readings)
    rates = [reading.mhz for reading in seen if reading.mhz is not None]
    found: dict[str, Any] = {
        "mhz_low": min(rates, default=None),
        "mhz_high": max(rates, default=None),
        "celsius_high": max((one.celsius for one in seen if one.celsius is not None), default=None),
        "watts_high": max((one.watts for one in seen if one.watts is not None), default=None),
        "capped": sum(one.capped for one in seen),
        "slowed": sorted({reason for one in seen for reason in one.slowed}),
        "unread": {name: why for one in seen for name, why in one.unread.items()},
    }
    return {name: value for name, value in found.items() if value not in (None, 0, [], {})}


class HostCondition:
    """The condition of the core this process runs on, from Linux: cpufreq's rate and the count of thermal throttling.

    A virtual machine reports neither. docs: kernel.org, admin-guide/pm/cpufreq (scaling_cur_freq, kHz) and
    Documentation/ABI/testing/sysfs-devices-system-cpu (thermal_throttle/core_throttle_count).
    """

    def __init__(self, cpus: Path = CPUS) -> None:
        self._cpus = cpus
        self._throttled = self._count()

    def read(self) -> Condition:
        """The state now, and whether any core was throttled since the last reading."""
        before, self._throttled = self._throttled, self._count()
        return Condition(mhz=self._mhz(), slowed=("thermal",) if self._throttled > before else ())

    def _mhz(self) -> float | None:
        rate = _number(self._cpus / f"cpu{current_cpu()}" / "cpufreq" / "scaling_cur_freq")
        return None if rate is None else rate / 1000

    def _count(self) -> int:
        return sum(_number(path) or 0 for path in self._cpus.glob("cpu[0-9]*/thermal_throttle/core_throttle_count"))


def current_cpu() -> int:
    """The logical CPU that this thread runs on (sched_getcpu(3)); 0 where the C library cannot say."""
    getcpu = getattr(c_library(), "sched_getcpu", None)
    return max(0, int(getcpu())) if getcpu is not None else 0


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
