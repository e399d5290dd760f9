"""All facts about this machine and this torch, for the worker's hello. A fact that cannot be read is None."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import torch

from bench.measure import devices
from bench.measure.author.fork_server import start_method
from bench.measure.devices import cuda
from bench.measure.devices.nvml import DeviceCondition
from bench.measure.machine.compiler import why_no_compiler
from bench.measure.machine.cores import affinity, physical_cores
from bench.measure.machine.kernel_files import kernel_text
from bench.measure.machine.placement import placement
from bench.measure.memory.high_water import CLEAR
from bench.measure.settings import variables
from bench.protocol.capabilities import GPU_STATE
from bench.protocol.rungs import PYINSTRUMENT

T = TypeVar("T")

LIBRARIES = ("torch", "numpy", "scikit-learn", "coursebench")


def facts() -> dict[str, Any]:
    """The environment, as nested plain values. Sizes in bytes, frequencies in MHz."""
    return {
        "cpu": _cpu(),
        "placement": placement(),
        "memory_bytes": _memory_bytes(),
        "os": {"system": platform.system(), "release": platform.release(), "name": _os_name()},
        "container": _container(),
        "python": {"version": platform.python_version(), "implementation": platform.python_implementation()},
        "processes": {"start_method": start_method()},
        "libraries": {name: _version(name) for name in LIBRARIES},
        "torch": _torch(),
        "cuda": cuda.facts(),
        "accelerators": devices.other_accelerators(),
        "load": {"average": _load_average(), "pressure": kernel_text("/proc/pressure/cpu").splitlines()[:1]},
        "environment": variables.recorded(),
        "steering": variables.chosen_by_user(),
    }


def capabilities() -> dict[str, str]:
    """By name of something that a run may need: empty where this machine has it, else the reason why not."""
    return {
        **devices.available(),
        **({} if devices.why_not("cuda") else {GPU_STATE: _unread_of_gpus()}),
        **devices.untold(),
        "compile": why_no_compiler(),
        PYINSTRUMENT: "" if find_spec("pyinstrument") else "pyinstrument is not installed: pip install pyinstrument",
        "peak host memory": "" if os.access(CLEAR, os.W_OK) else f"{CLEAR} cannot be written",
        "load of other programs": "" if Path("/proc/stat").exists() else "no /proc/stat on this system",
    }


def _unread_of_gpus() -> str:
    """What cannot be read of the state of the GPUs, and why; empty where everything can."""
    count = torch.cuda.device_count()
    reasons = [DeviceCondition(torch.device("cuda", index)).reason for index in range(count)]
    if len(set(reasons)) <= 1:
        return "".join(reasons[:1])
    return "; ".join(f"cuda:{index}: {reason}" for index, reason in enumerate(reasons) if reason)


def _cpu() -> dict[str, Any]:
    info = _cpuinfo()
    governor = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    return {
        "model": info.get("model name") or platform.processor() or platform.machine(),
        "family": [info.get(name) for name in ("vendor_id", "cpu family", "model", "stepping")],
        "architecture": platform.machine(),
        "logical": os.cpu_count(),
        "affinity": affinity(),
        "physical": physical_cores(),
        "cache": info.get("cache size"),
        "hypervisor": "hypervisor" in (info.get("flags") or "").split(),
        "governor": kernel_text(governor) or None,
        "turbo": _turbo(),
        "mhz": float(info["cpu MHz"]) if "cpu MHz" in info else None,
    }


def _turbo() -> bool | None:
    """Whether the clock may rise above its base; None where no driver says."""
    if text := kernel_text("/sys/devices/system/cpu/cpufreq/boost"):
        return text == "1"
    if text := kernel_text("/sys/devices/system/cpu/intel_pstate/no_turbo"):
        return text == "0"
    return None


def _torch() -> dict[str, Any]:
    return {
        "version": torch.__version__,
        "git": torch.version.git_version,
        "debug": torch.version.debug,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version() if torch.cuda.is_available() else None,
        "mkl": torch.backends.mkl.is_available(),
        "mkldnn": torch.backends.mkldnn.is_available(),
        "openmp": torch.backends.openmp.is_available(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "interop_threads": torch.get_num_interop_threads(),
        "numerics": devices.settings_of_numerics(),
        "build": torch.__config__.show(),
        "parallel": torch.__config__.parallel_info(),
    }


def _container() -> str | None:
    """The kind of container around this process, where it leaves a trace."""
    if Path("/.dockerenv").exists():
        return "docker"
    if Path("/run/.containerenv").exists():
        return "podman"
    groups = kernel_text("/proc/1/cgroup")
    return next((kind for kind in ("kubepods", "lxc", "docker") if kind in groups), None)


def _cpuinfo() -> dict[str, str]:
    """The first processor's paragraph of /proc/cpuinfo; empty where there is none (macOS, Windows)."""
    first = kernel_text("/proc/cpuinfo").split("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _memory_bytes() -> int | None:
    return _or_none(lambda: os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _os_name() -> str:
    return _or_none(lambda: platform.freedesktop_os_release().get("PRETTY_NAME")) or platform.platform()


def _load_average() -> list[float] | None:
    return _or_none(lambda: [round(value, 2) for value in os.getloadavg()])


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _or_none(read: Callable[[], T]) -> T | None:
    """The value, or None on a system that does not offer it."""
    try:
        return read()
    except (OSError, ValueError, AttributeError):
        return None
