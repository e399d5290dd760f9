"""The devices, one small class each: `cpu`, `cuda`."""

from __future__ import annotations

from typing import Any

import torch

from bench.measure.author.context import Skip
from bench.measure.devices.cpu import Cpu
from bench.measure.devices.cuda import Cuda
from bench.measure.devices.device import Device
from bench.measure.timing.clocks import Clock


def device_for(name: str, clock: Clock) -> Device:
    """The device called `name` (`cpu`, `cuda`, `cuda:1`). Raises `Skip` with the reason where it cannot be used."""
    if reason := why_not(name):
        raise Skip(reason)
    return Cpu(clock) if name == "cpu" else Cuda(name, clock)


def why_not(name: str) -> str:
    """An empty string where the device can be used, else the reason."""
    kind, _, number = name.partition(":")
    if kind == "cpu":
        return ""
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
    """By kind of device: empty where it can be used, else the reason why not."""
    return {name: why_not(name) for name in ("cpu", "cuda")}


def settings_of_numerics() -> dict[str, Any]:
    """The flags of torch that change what a product computes, and so how long it takes."""
    return {
        "float32_matmul_precision": torch.get_float32_matmul_precision(),
        "cudnn_allow_tf32": torch.backends.cudnn.allow_tf32,
        "cudnn_benchmark": torch.backends.cudnn.benchmark,
        "deterministic_algorithms": torch.are_deterministic_algorithms_enabled(),
    }
