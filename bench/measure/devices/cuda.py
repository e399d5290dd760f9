"""An NVIDIA GPU: the clocks of a queue, and graphs for what is too short for events.

`device` holds the GPU by a bounded sleep. Below 50 µs a step, where what lies between two kernels of a queue is no
longer small, it is the slope of graph replays: that of 2K steps less that of K. Not so for a step that is reset before
each block: the second of two steps in a graph would start from what the first left.
"""

from __future__ import annotations

import torch

from bench.measure.devices.device import NoClockError, PeakBytes
from bench.measure.devices.nvml import DeviceCondition
from bench.measure.devices.processor_condition import Condition
from bench.measure.devices.queued import GAPS_BELOW_NS, Event, QueuedDevice
from bench.measure.timing.blocks import Step, nothing
from bench.measure.timing.clocks import Clock

FIRST_SLEEP_CYCLES = 2_000_000
"""About 1 ms at the 1 to 2 GHz of an SM: longer than a thousand launches of 1 us."""

LONGEST_SLEEP_CYCLES = 1_000_000_000
"""The longest sleep, about half a second: a step whose queue is not filled by then synchronises itself."""


MOST_CAPTURED = 1000
"""Most steps in the smaller graph: the cost of a launch cancels, so more steps would only cost memory."""


class Cuda(QueuedDevice):
    """One CUDA device."""

    first_hold, longest_hold = FIRST_SLEEP_CYCLES, LONGEST_SLEEP_CYCLES

    def __init__(self, name: str, clock: Clock) -> None:
        super().__init__(clock)
        number = name.partition(":")[2]
        self.torch_device = torch.device("cuda", int(number or 0))  # set_device wants an index
        self._graphs: dict[tuple[Step, int], torch.cuda.CUDAGraph] = {}
        self.enter()
        self._wake()
        self._condition = DeviceCondition(self.torch_device)

    def enter(self) -> None:
        """Make this the current device: `_sleep` and events go to the current one."""
        torch.cuda.set_device(self.torch_device)

    def _wake(self) -> None:
        """Load the library of products, forward and backward, once.

        Its workspaces (32 MiB on Hopper) stay in the caching allocator: they would be charged to the first case that
        multiplies, and the first call of whichever case comes first would pay for the loading.
        """
        a = torch.ones(8, 8, device=self.torch_device, requires_grad=True)
        torch.mm(a, a).sum().backward()
        self.drain()

    def drain(self) -> None:
        """Wait for every stream of the device, so that work on a side stream is joined too."""
        torch.cuda.synchronize(self.torch_device)

    def _event(self, timing: bool) -> Event:
        return torch.cuda.Event(enable_timing=timing)

    def _occupy(self, amount: int) -> None:
        torch.cuda._sleep(amount)

    def _device_ns(self, step: Step, steps: int, before: Step) -> int:
        total = self._time_on_device(step, steps, before)
        by_events = total >= GAPS_BELOW_NS * steps or before is not nothing
        return total if by_events else self._slope(step, steps)

    def _slope(self, step: Step, steps: int) -> int:
        """Total ns of `steps`, by the difference of two graphs, of K and of 2K steps, each replayed once."""
        calls = min(steps, MOST_CAPTURED)
        once, twice = (self._replayed(self._captured(step, count)) for count in (calls, 2 * calls))
        if twice <= once:
            raise NoClockError(f"a graph of {2 * calls} steps took no longer than one of {calls}: too short to be told")
        return round((twice - once) * steps / calls)

    def _captured(self, step: Step, calls: int) -> torch.cuda.CUDAGraph:
        """A graph of `calls` calls, kept for later blocks. Raises `NoClockError` where the step cannot be captured."""
        if (step, calls) not in self._graphs:
            graph = torch.cuda.CUDAGraph()
            try:
                with torch.cuda.graph(graph):
                    for _ in range(calls):
                        step()
            except RuntimeError as error:
                reason = (str(error).strip().splitlines() or ["no reason given"])[0]
                raise NoClockError(
                    f"a step below 50 us is timed by graph replays, and this one cannot be captured: {reason}"
                ) from None
            self._graphs[step, calls] = graph
        return self._graphs[step, calls]

    def _replayed(self, graph: torch.cuda.CUDAGraph) -> int:
        """Device time of one replay, in ns."""
        started, ended = self._event(timing=True), self._event(timing=True)
        self.drain()
        started.record()
        graph.replay()
        ended.record()
        self.drain()
        return self._between_ns(started, ended)

    def condition(self) -> Condition:
        """The state of the GPU as NVML reports it; empty where NVML is missing."""
        return self._condition.read()

    def reset_peak(self) -> None:
        """Start a new high-water mark of the caching allocator."""
        torch.cuda.reset_peak_memory_stats(self.torch_device)

    def peak_bytes(self) -> PeakBytes:
        """High-water marks of the caching allocator."""
        device = self.torch_device
        return PeakBytes(torch.cuda.max_memory_allocated(device), torch.cuda.max_memory_reserved(device))

    def resident_bytes(self) -> int:
        """Bytes the caching allocator holds for live tensors."""
        return torch.cuda.memory_allocated(self.torch_device)

    def release(self) -> None:
        """Give cached blocks back to the driver, and those of captured graphs."""
        self._graphs.clear()
        torch.cuda.empty_cache()


def facts() -> list[dict[str, object]]:
    """Name and properties of each CUDA device; empty where there is none."""
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
    """The version of the kernel driver, from /proc; None where that lacks it (Windows, WSL)."""
    try:
        with open("/proc/driver/nvidia/version", encoding="utf-8") as file:
            words = file.readline().split()
    except OSError:
        return None
    return next((word for word in words if word.count(".") >= 1 and word[0].isdigit()), None)
