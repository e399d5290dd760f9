"""torch.profiler around the blocks of a case, and its events as plain rows."""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from typing import Any

import torch
from torch._C._autograd import DeviceType
from torch.profiler import ProfilerActivity, profile, record_function

from bench.measure.profiling.events import ANNOTATION, BLOCK, CALL, COPY, FILL, KERNEL, MEMORY, OPERATOR, Event
from bench.measure.profiling.loader_starts import loader_starts
from bench.measure.timing.blocks import Step, Synchronise, forwards
from bench.measure.timing.clocks import Clock

_ALLOCATION = "[memory]"
_CALL = re.compile(r"cu(da)?[A-Z]\w*")
"""Names of calls of the runtime (cudaLaunchKernel) and of the driver (cuLaunchKernel)."""
_NO_WORK = ("Context Sync", "Stream Sync", "Event Sync", "Stream Wait Event", "Unknown Sync Type")
"""Events that kineto may list under the device though nothing runs there (its CUDA_SYNC activities)."""


_GRAPH = re.compile(r"(## Call CompiledFxGraph \w{8})\w*")
"""The name of a graph of inductor: a hash of 51 letters, of which eight suffice to tell graphs of one case apart."""


_DTYPES = {
    "float": "float32", "double": "float64", "c10::Half": "float16", "c10::BFloat16": "bfloat16", "long int": "int64",
    "int": "int32", "short int": "int16", "signed char": "int8", "unsigned char": "uint8", "bool": "bool",
    "c10::complex<float>": "complex64", "c10::complex<double>": "complex128",
}  # fmt: skip
"""By dtype's name in C++ its name in Python; other arguments are not tensors."""


class Recording:
    """A profile while it is taken; `events` are there once it is over."""

    def __init__(self, profiler: profile) -> None:
        self._profiler = profiler

    def save(self, path: Path) -> None:
        """Write the trace for Chrome and Perfetto, gzipped; the name of `path` ends in `.json.gz`.

        torch would compress it line by line at the highest level, which takes longer than all the rest.
        """
        plain = path.with_suffix("")
        self._profiler.export_chrome_trace(str(plain))
        with plain.open("rb") as trace, gzip.open(path, "wb", compresslevel=5) as packed:
            shutil.copyfileobj(trace, packed, 1 << 20)
        plain.unlink()

    def events(self) -> Iterator[Event]:
        """Each event as a plain row. Raises `RuntimeError` where the profiler kept nothing."""
        results = self._profiler.profiler.kineto_results if self._profiler.profiler is not None else None
        if results is None:
            raise RuntimeError("torch.profiler kept no events: this torch is built without kineto")
        for seen in results.events():
            if (event := _plain(seen)) is not None:
                yield event


@contextmanager
def recording(device: torch.device) -> Iterator[Recording]:
    """Record what runs inside: the host, the device where the case has one, shapes, and memory."""
    activities = [ProfilerActivity.CPU]
    if device.type == "cuda":
        activities.append(ProfilerActivity.CUDA)
    # Without acc_events: it would make torch's own table of the events at once, which takes longer than the steps.
    with profile(activities=activities, record_shapes=True, profile_memory=True) as profiler, loader_starts():
        yield Recording(profiler)


def time_profiled_block(clock: Clock, step: Step, steps: int, drain: Synchronise, region: str) -> int:
    """Total ns of `steps` calls inside a region of that name, timed as `blocks.time_block` does."""
    calls = repeat(None, steps)
    drain()
    with record_function(BLOCK):
        started = clock()
        with record_function(region):
            for _ in calls:
                step()
        drain()
        return forwards(clock() - started)


def _plain(seen: Any) -> Event | None:
    """One event of kineto as a row; None for events that are not of the steps. Uses only what torch 2.8 has too."""
    name, on_host = _GRAPH.sub(r"\1", seen.name()), seen.device_type() == DeviceType.CPU
    if name == _ALLOCATION:
        place = "cpu" if on_host else "cuda"
        return Event(
            name, MEMORY, seen.start_ns(), seen.start_ns(), seen.start_thread_id(), bytes=seen.nbytes(), place=place
        )
    kind = _host_kind(seen, name) if on_host else _device_kind(seen, name)
    if kind is None:
        return None
    shapes, dtypes = "", ""
    if kind == OPERATOR:
        shapes = str(seen.shapes())
        dtypes = ", ".join(dict.fromkeys(_DTYPES[each] for each in seen.dtypes() if each in _DTYPES))
    return Event(
        name,
        kind,
        seen.start_ns(),
        seen.end_ns(),
        seen.start_thread_id(),
        seen.correlation_id(),
        seen.linked_correlation_id(),
        shapes,
        dtypes,
    )


def _host_kind(seen: Any, name: str) -> str | None:
    if seen.is_user_annotation():
        return ANNOTATION
    if _CALL.fullmatch(name):
        return CALL
    # What has no number is none of torch's operators: the profiler's own buffers and the loading of libraries.
    return OPERATOR if seen.correlation_id() and not seen.is_async() else None


def _device_kind(seen: Any, name: str) -> str | None:
    if seen.is_user_annotation() or name.startswith(_NO_WORK):
        return None
    if name.startswith("Memcpy"):
        return COPY
    return FILL if name.startswith("Memset") else KERNEL
