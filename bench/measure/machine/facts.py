"""All facts about this machine and this torch, for the worker's hello. What cannot be read is None, never guessed."""

from __future__ import annotations

import os
import platform
import shutil
import sysconfig
from collections.abc import Callable
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import torch

from bench.measure import devices
from bench.measure.devices import cuda
from bench.measure.devices.nvml import DeviceCondition
from bench.measure.memory.high_water import CLEAR
from bench.protocol import PYINSTRUMENT

T = TypeVar("T")

STEERS = (
    *("OMP_", "MKL_", "KMP_", "GOMP_", "TORCH", "PYTORCH_", "TRITON_", "CUDA_", "CUBLAS_", "NVIDIA_TF32"),
    *("LD_PRELOAD", "MALLOC_", "GLIBC_TUNABLES"),
)  # fmt: skip
"""How variables begin that steer torch, its compilers, its libraries, or the allocator of the host."""

LIBRARIES = ("torch", "numpy", "scikit-learn", "coursebench")


def facts() -> dict[str, Any]:
    """The environment, as nested plain values. Sizes in bytes, frequencies in MHz."""
    return {
        "cpu": _cpu(),
        "memory_bytes": _memory_bytes(),
        "os": {"system": platform.system(), "release": platform.release(), "name": _os_name()},
        "container": _container(),
        "python": {"version": platform.python_version(), "implementation": platform.python_implementation()},
        "libraries": {name: _version(name) for name in LIBRARIES},
        "torch": _torch(),
        "cuda": cuda.facts(),
        "load": {"average": _load_average(), "pressure": _text("/proc/pressure/cpu").splitlines()[:1]},
        "environment": {name: value for name, value in sorted(os.environ.items()) if name.startswith(STEERS)},
    }


def capabilities() -> dict[str, str]:
    """What this machine can do: name to an empty string, or to the reason why not."""
    return {
        **devices.available(),
        **({} if devices.why_not("cuda") else {"state of the GPU": DeviceCondition(torch.device("cuda", 0)).reason}),
        "compile": why_no_compiler(),
        PYINSTRUMENT: "" if find_spec("pyinstrument") else "pyinstrument is not installed: pip install pyinstrument",
        "peak host memory": "" if os.access(CLEAR, os.W_OK) else f"{CLEAR} cannot be written",
        "load of other programs": "" if Path("/proc/stat").exists() else "no /proc/stat on this system",
    }


def physical_cores() -> int:
    """Physical cores this process may use: distinct (package, core) pairs among the CPUs of its affinity."""
    allowed = affinity()
    cores = set()
    for cpu in allowed:
        topology = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology")
        package, core = _text(topology / "physical_package_id"), _text(topology / "core_id")
        cores.add((package, core) if core else ("", str(cpu)))
    return len(cores)


def affinity() -> list[int]:
    """The logical CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


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
        "governor": _text(governor) or None,
        "turbo": _turbo(),
        "mhz": float(info["cpu MHz"]) if "cpu MHz" in info else None,
    }


def _turbo() -> bool | None:
    """Whether the clock may rise above its base; None where neither driver tells."""
    if text := _text("/sys/devices/system/cpu/cpufreq/boost"):
        return text == "1"
    if text := _text("/sys/devices/system/cpu/intel_pstate/no_turbo"):
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


def why_no_compiler() -> str:
    """torch.compile needs a C++ compiler for the CPU. A look at PATH: importing inductor to ask it takes seconds."""
    wanted = os.environ.get("CXX", "").split()[:1] or ["g++", "clang++", "cl"]
    if not any(shutil.which(name) for name in wanted):
        return f"torch.compile needs a C++ compiler; none of {', '.join(wanted)} is on PATH"
    # A distribution's Python often comes without its headers, which the code that inductor writes includes.
    header = Path(sysconfig.get_paths()["include"]) / "Python.h"
    if not header.exists():
        return f"torch.compile needs Python's headers; {header} is not installed"
    return ""


def _container() -> str | None:
    """The kind of container around this process, as far as it leaves a trace."""
    if Path("/.dockerenv").exists():
        return "docker"
    if Path("/run/.containerenv").exists():
        return "podman"
    groups = _text("/proc/1/cgroup")
    return next((kind for kind in ("kubepods", "lxc", "docker") if kind in groups), None)


def _cpuinfo() -> dict[str, str]:
    """The first processor's paragraph of /proc/cpuinfo; empty where there is none (macOS, Windows)."""
    first = _text("/proc/cpuinfo").split("\n\n")[0]
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


def _text(path: str | Path) -> str:
    """The text of a file of the kernel, stripped; empty where it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _or_none(read: Callable[[], T]) -> T | None:
    """The value, or None on a system that does not offer it."""
    try:
        return read()
    except (OSError, ValueError, AttributeError):
        return None
