"""A simulated GPU: a queue with a clock of its own, in the place of what torch offers for CUDA, Apple's or Intel's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from bench.measure.devices.accelerator import Accelerator
from bench.measure.devices.cuda import Cuda


class SimulatedGpu:
    """A queue with a clock of its own: launches cost the host time, work runs in order on the device."""

    def __init__(self, launch_ns: int = 1000, gap_ns: int = 0) -> None:
        self.gap_ns = gap_ns
        self.host_ns = 0
        self.free_at_ns = 0
        self.side_free_at_ns = 0
        self.launch_ns = launch_ns
        self.captured: list[int] | None = None
        self.sleeps: list[int] = []
        self.chosen: list[torch.device] = []
        self.held_bytes = 0
        self.peak_held_bytes = 0
        self.emptied = 0

    def launch(self, ns: int) -> None:
        if self.captured is not None:
            self.captured.append(ns)
            return
        self.host_ns += self.launch_ns
        # Between two kernels of a queue lies a gap, which a graph does not have.
        self.free_at_ns = max(self.free_at_ns + self.gap_ns, self.host_ns) + ns

    def launch_beside(self, ns: int) -> None:
        """A launch on another stream."""
        self.host_ns += self.launch_ns
        self.side_free_at_ns = max(self.side_free_at_ns, self.host_ns) + ns

    def synchronize(self, *_: object) -> None:
        if self.captured is not None:
            raise RuntimeError("operation not permitted when stream is capturing")
        self.host_ns = max(self.host_ns, self.free_at_ns, self.side_free_at_ns)

    def sleep(self, cycles: int) -> None:
        self.sleeps.append(cycles)
        self.launch(cycles)  # one cycle a ns

    def event(self, enable_timing: bool = False) -> SimulatedEvent:
        return SimulatedEvent(self, enable_timing)

    def allocate(self, count: int) -> None:
        self.held_bytes += count
        self.peak_held_bytes = max(self.peak_held_bytes, self.held_bytes)

    def reset_peak(self, *_: object) -> None:
        self.peak_held_bytes = self.held_bytes

    def empty_cache(self) -> None:
        self.emptied += 1

    def graph(self) -> SimulatedGraph:
        return SimulatedGraph(self)

    @contextmanager
    def capture(self, graph: SimulatedGraph) -> Iterator[None]:
        self.captured = graph.kernels = []
        try:
            yield
        finally:
            self.captured = None


class SimulatedEvent:
    def __init__(self, gpu: SimulatedGpu, timing: bool = True) -> None:
        self._gpu = gpu
        self._timing = timing

    def record(self) -> None:
        self.at_ns = max(self._gpu.free_at_ns, self._gpu.host_ns)

    def query(self) -> bool:
        return self._gpu.host_ns >= self.at_ns

    def synchronize(self) -> None:
        self._gpu.host_ns = max(self._gpu.host_ns, self.at_ns)

    def elapsed_time(self, end: Any) -> float:
        assert self._timing, "an event without enable_timing has no time"
        assert self.query(), "an event that has not passed has no time"
        assert end.query(), "an event that has not passed has no time"
        return (end.at_ns - self.at_ns) / 1e6


class SimulatedGraph:
    REPLAY_NS = 7000  # what a replay costs once, whatever is in it

    def __init__(self, gpu: SimulatedGpu) -> None:
        self._gpu = gpu
        self.kernels: list[int] = []

    def replay(self) -> None:
        self._gpu.launch(self.REPLAY_NS + sum(self.kernels))


class MetalEvent(SimulatedEvent):
    """As torch.mps.Event in torch 2.8 to 2.13: who waits for an event and then asks for its time waits for ever, and an
    end that is not after its start is an error.
    """

    def __init__(self, gpu: SimulatedGpu, timing: bool = True) -> None:
        super().__init__(gpu, timing)
        self._waited = False

    def synchronize(self) -> None:
        super().synchronize()
        self._waited = True

    def elapsed_time(self, end: Any) -> float:
        for event in (self, end):
            assert not event._waited, "this would hang: torch's issue 162872"
        if end.at_ns <= self.at_ns:
            raise RuntimeError("End event 2 was not recorded after start event 1")
        return super().elapsed_time(end)


BUSY_NS = 100_000
"""Device time of a product that holds a simulated accelerator."""


def as_cuda(gpu: SimulatedGpu, monkeypatch: pytest.MonkeyPatch) -> SimulatedGpu:
    """Put a simulated GPU in the place of CUDA's."""
    for name, simulated in {
        "set_device": gpu.chosen.append,
        "synchronize": gpu.synchronize,
        "_sleep": gpu.sleep,
        "Event": gpu.event,
        "CUDAGraph": gpu.graph,
        "graph": gpu.capture,
        **_allocator(gpu),
    }.items():
        monkeypatch.setattr(torch.cuda, name, simulated)
    monkeypatch.setattr(Cuda, "_wake", lambda self: None)
    return gpu


def _allocator(gpu: SimulatedGpu) -> dict[str, Callable[..., object]]:
    """What `torch.cuda` and `torch.xpu` say of their caching allocators, by name."""
    return {
        "memory_allocated": lambda device: gpu.held_bytes,
        "max_memory_allocated": lambda device: gpu.peak_held_bytes,
        "max_memory_reserved": lambda device: gpu.peak_held_bytes + 1000,
        "reset_peak_memory_stats": gpu.reset_peak,
        "empty_cache": gpu.empty_cache,
    }


def _as_accelerator(gpu: SimulatedGpu, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `torch.accelerator` says of it, and work that holds it."""

    def synchronize(device: torch.device) -> None:
        assert device.type == kind
        gpu.synchronize()

    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available=False: torch.device(kind))
    monkeypatch.setattr(torch.accelerator, "synchronize", synchronize)
    monkeypatch.setattr(Accelerator, "_wake", lambda self: lambda: gpu.launch(BUSY_NS))


def as_mps(gpu: SimulatedGpu, monkeypatch: pytest.MonkeyPatch) -> SimulatedGpu:
    """Put a simulated GPU in the place of Apple's."""
    _as_accelerator(gpu, "mps", monkeypatch)
    monkeypatch.setattr(torch.backends.mps, "is_built", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "get_name", lambda: "Apple M9", raising=False)
    monkeypatch.setattr(torch.backends.mps, "get_core_count", lambda: 10, raising=False)
    for name, simulated in {
        "Event": lambda enable_timing=False: MetalEvent(gpu, enable_timing),
        "current_allocated_memory": lambda: gpu.held_bytes,
        "driver_allocated_memory": lambda: gpu.peak_held_bytes + 1000,
        "recommended_max_memory": lambda: 2**34,
        "empty_cache": gpu.empty_cache,
    }.items():
        monkeypatch.setattr(torch.mps, name, simulated)
    return gpu


def as_xpu(gpu: SimulatedGpu, monkeypatch: pytest.MonkeyPatch, has_fp64: bool = True) -> SimulatedGpu:
    """Put a simulated GPU in the place of Intel's."""
    _as_accelerator(gpu, "xpu", monkeypatch)
    properties = SimpleNamespace(
        name="Arc Z999", total_memory=2**34, max_compute_units=96, driver_version="1.2", has_fp64=has_fp64
    )
    for name, simulated in {
        "_is_compiled": lambda: True,
        "is_available": lambda: True,
        "device_count": lambda: 2,
        "set_device": gpu.chosen.append,
        "Event": gpu.event,
        "get_device_properties": lambda device: properties,
        **_allocator(gpu),
    }.items():
        monkeypatch.setattr(torch.xpu, name, simulated)
    monkeypatch.delattr(torch.xpu, "clock_rate", raising=False)  # torch 2.8 has neither
    monkeypatch.delattr(torch.xpu, "temperature", raising=False)
    return gpu
