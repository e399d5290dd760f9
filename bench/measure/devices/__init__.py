"""The devices, one small class each: `cpu`, `cuda`, `mps`, `xpu`."""

from __future__ import annotations

from typing import Any

import torch

from bench.measure.author.context import Skip
from bench.measure.devices import mps, xpu
from bench.measure.devices.cpu import Cpu
from bench.measure.devices.cuda import Cuda
from bench.measure.devices.device import Device
from bench.measure.devices.mps import Mps
from bench.measure.devices.xpu import Xpu
from bench.measure.timing.clocks import Clock


def device_for(name: str, clock: Clock) -> Device:
    """The device called `name` (`cpu`, `cuda`, `cuda:1`, `mps`, `xpu`).

    Raises `Skip` with the reason where it cannot be used.
    """
    if reason := why_not(name):
        raise Skip(reason)
    match name.partition(":")[0]:
        case "cuda":
            return Cuda(name, clock)
        case "mps":
            return Mps(clock)
        case "xpu":
            return Xpu(name, clock)
        case _:
            return Cpu(clock)


def why_not(name: str) -> str:
    """An empty string where the device can be used, else the reason."""
    kind, _, number = name.partition(":")
    if kind == "cpu":
        return ""
    if kind == "mps":
        return mps.why_not()
    if kind == "xpu":
        return xpu.why_not(number)
    if kind != "cuda":
        return f"coursebench has no device class for '{kind}' yet"
    if not torch.backends.cuda.is_built():
        return f"no CUDA: torch {torch.__version__} is built without it"
    if not torch.cuda.is_available():
        return f"no CUDA device: torch {torch.__version__} is built for CUDA {torch.version.cuda} and finds none"
    count = torch.cuda.device_count()
    if number and int(number) >= count:
        return f"no device {name}: this machine has {count} CUDA device(s)"
    return ""


def available() -> dict[str, str]:
    """By kind of device: empty where it can be used, else the reason why not.

    `mps` and `xpu` are listed where this torch is built for them: it is built for one kind of accelerator.
    """
    built = torch.accelerator.current_accelerator()
    other = [kind for kind in ("mps", "xpu") if built is not None and built.type == kind]
    return {name: why_not(name) for name in ("cpu", "cuda", *other)}


def why_no_dtype(name: str, dtype: str) -> str:
    """Why a device that can be used has no cases of a dtype; empty where it has."""
    kind, _, number = name.partition(":")
    if kind == "mps":
        return mps.why_no_dtype(dtype)
    return xpu.why_no_dtype(number, dtype) if kind == "xpu" else ""


def untold() -> dict[str, str]:
    """By name of what the devices of this machine cannot tell: the reason. That of NVML is found where it is read."""
    return {**({} if mps.why_not() else mps.UNTOLD), **({} if xpu.why_not("") else xpu.untold())}


def other_accelerators() -> list[dict[str, object]]:
    """Name and properties of the devices that are neither CPU nor CUDA; empty where there is none."""
    return [*([] if mps.why_not() else [mps.facts()]), *([] if xpu.why_not("") else xpu.facts())]


def settings_of_numerics() -> dict[str, Any]:
    """The flags of torch that change what a product computes, and so how long it takes."""
    return {
        "float32_matmul_precision": torch.get_float32_matmul_precision(),
        "cudnn_allow_tf32": torch.backends.cudnn.allow_tf32,
        "cudnn_benchmark": torch.backends.cudnn.benchmark,
        "deterministic_algorithms": torch.are_deterministic_algorithms_enabled(),
    }
