"""An NVIDIA GPU and its three clocks, all kept, never mixed.

`wall`     synchronise at both ends of a block: throughput, launches overlap. The default of tables.
`latency`  synchronise after every step: what one call makes its user wait.
`device`   CUDA events around a queue that was filled behind a bounded sleep, so that launch cost is hidden
           (the blocking kernel of nvbench).
"""

from __future__ import annotations

import torch

from bench.measure.blocks import Step, time_block, time_latency_block
from bench.measure.clocks import Clock
from bench.measure.device import NoClockError

FIRST_SLEEP_CYCLES = 2_000_000
"""About 1 ms at the 1 to 2 GHz of an SM: longer than a thousand launches of 1 us."""

LONGEST_SLEEP_CYCLES = 1_000_000_000
"""About half a second: the bound of the sleep. A step that is still being filled in by then synchronises itself."""


class Cuda:
    """One CUDA device."""

    clocks: tuple[str, ...] = ("wall", "latency", "device")

    def __init__(self, name: str, clock: Clock) -> None:
        self._clock = clock
        number = name.partition(":")[2]
        self.torch_device = torch.device("cuda", int(number or 0))  # set_device wants an index
        self._sleep_cycles = FIRST_SLEEP_CYCLES
        self.enter()
        self._wake()

    def enter(self) -> None:
        """Make this the current device: `_sleep` and events go to the current one."""
        torch.cuda.set_device(self.torch_device)

    def _wake(self) -> None:
        """Load the library of products, forward and backward, once.

        Its workspaces (32 MiB on Hopper) stay in the caching allocator: the first case that multiplies would be charged
        for them, and the first call of whichever case comes first would pay for the loading.
        """
        a = torch.ones(8, 8, device=self.torch_device, requires_grad=True)
        torch.mm(a, a).sum().backward()
        self.drain()

    def drain(self) -> None:
        """Wait for every stream of the device, so that work on a side stream is joined too."""
        torch.cuda.synchronize(self.torch_device)

    def time(self, clock: str, step: Step, steps: int, before: Step) -> int:
        """Total ns of a block of `steps` on `clock`, after `before`. Raises `NoClockError` for `device` alone."""
        if clock == "device":
            return self._time_on_device(step, steps, before)
        before()
        if clock == "latency":
            return time_latency_block(self._clock, step, steps, self.drain)
        return time_block(self._clock, step, steps, self.drain)

    def _time_on_device(self, step: Step, steps: int, before: Step) -> int:
        """Event time of a queue of `steps`, filled while the device slept.

        The sleep is doubled until the filling ends before it does: only then did no launch delay the work.
        """
        started, ended = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        while self._sleep_cycles <= LONGEST_SLEEP_CYCLES:
            before()
            self.drain()
            torch.cuda._sleep(self._sleep_cycles)
            started.record()
            for _ in range(steps):
                step()
            ended.record()
            filled_in_time = not started.query()
            self.drain()
            if filled_in_time:
                return int(started.elapsed_time(ended) * 1e6)
            self._sleep_cycles *= 2
        self._sleep_cycles = FIRST_SLEEP_CYCLES
        raise NoClockError(
            "the queue could not be filled while the device slept: the step synchronises, or launches more than fits"
        )

    def reset_peak(self) -> None:
        """Start a new high-water mark of the caching allocator."""
        torch.cuda.reset_peak_memory_stats(self.torch_device)

    def peak_bytes(self) -> tuple[int | None, int | None]:
        """(allocated, reserved) high-water marks of the caching allocator."""
        return (
            torch.cuda.max_memory_allocated(self.torch_device),
            torch.cuda.max_memory_reserved(self.torch_device),
        )

    def resident_bytes(self) -> int:
        """Bytes the caching allocator holds for live tensors."""
        return torch.cuda.memory_allocated(self.torch_device)

    def release(self) -> None:
        """Give cached blocks back to the driver."""
        torch.cuda.empty_cache()


def facts() -> list[dict[str, object]]:
    """What each CUDA device is; empty where there is none."""
    if not torch.cuda.is_available():
        return []
    devices: list[dict[str, object]] = []
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        devices.append(
            {
                "name": properties.name,
                "capability": f"{properties.major}.{properties.minor}",
                "memory_bytes": properties.total_memory,
                "multiprocessors": properties.multi_processor_count,
                "l2_bytes": getattr(properties, "L2_cache_size", None),
                "driver": driver_version(),
            }
        )
    return devices


def driver_version() -> str | None:
    """The kernel driver's own version, as /proc tells it; None where it does not (Windows, WSL)."""
    try:
        with open("/proc/driver/nvidia/version", encoding="utf-8") as file:
            words = file.readline().split()
    except OSError:
        return None
    return next((word for word in words if word.count(".") >= 1 and word[0].isdigit()), None)
