"""Settings of torch that change how long a step takes, or what it answers.

Left out: the inter-op threads, which can be set once in a process, before its first work, and the worker has done so;
random states, which are seeded before each case; and what only changes how things are printed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import torch

from bench.measure.settings.float32_precision import OF_CONVOLUTIONS, OF_PRODUCTS
from bench.measure.settings.setting import Setting

THREADS = "threads"
"""The setting that a case has an axis for."""

_SMALLEST = sys.float_info.min


def flushes_subnormals() -> bool:
    """Whether the processor rounds subnormal numbers to 0, up to 20 times as fast. torch only lets one set it."""
    return _SMALLEST * 0.5 == 0.0


def _default_device() -> str | None:
    """The default device; None where no mode looks at each call, as one for `cpu` does too, at a microsecond a call."""
    return str(torch.get_default_device()) if torch._C._len_torch_function_stack() else None


def _set_default_device(name: str | None) -> None:
    torch.set_default_device(name)  # None takes the mode away again


def _deterministic(before: int, after: int) -> tuple[str, str]:
    words = ("off", "warn only", "on")
    return words[before], words[after]


def _set_deterministic(level: int) -> None:
    """Set by the function that cases use: it sets inductor's switch too."""
    torch.use_deterministic_algorithms(level > 0, warn_only=level == 1)


def _cudnn() -> dict[str, bool]:
    """Whether cuDNN is used, times its kernels at the first call of a shape, and takes only those that repeat."""
    return {name: getattr(torch.backends.cudnn, name) for name in ("enabled", "benchmark", "deterministic")}


def _set_cudnn(wanted: dict[str, bool]) -> None:
    for name, value in wanted.items():
        setattr(torch.backends.cudnn, name, value)


def _set_onednn(enabled: bool) -> None:
    torch.backends.mkldnn.enabled = enabled  # type: ignore[assignment]  # a property of the module


def _autocast(device: str) -> Setting:
    def read() -> dict[str, Any]:
        return {"enabled": torch.is_autocast_enabled(device), "dtype": torch.get_autocast_dtype(device)}

    def write(wanted: dict[str, Any]) -> None:
        torch.set_autocast_enabled(device, wanted["enabled"])
        torch.set_autocast_dtype(device, wanted["dtype"])

    return Setting(f"autocast on {device}", read, write)


def _anomaly() -> dict[str, bool]:
    return {"enabled": torch.is_anomaly_enabled(), "check_nan": torch.is_anomaly_check_nan_enabled()}


def _set_anomaly(wanted: dict[str, bool]) -> None:
    torch.set_anomaly_enabled(wanted["enabled"], wanted["check_nan"])


ATTENTION: dict[str, tuple[Callable[[], bool], Callable[[bool], None]]] = {
    "flash": (torch.backends.cuda.flash_sdp_enabled, torch.backends.cuda.enable_flash_sdp),
    "mem_efficient": (torch.backends.cuda.mem_efficient_sdp_enabled, torch.backends.cuda.enable_mem_efficient_sdp),
    "math": (torch.backends.cuda.math_sdp_enabled, torch.backends.cuda.enable_math_sdp),
    "cudnn": (torch.backends.cuda.cudnn_sdp_enabled, torch.backends.cuda.enable_cudnn_sdp),
}
"""Kernels of scaled_dot_product_attention, on the CPU too: how each is asked for, and set."""


def _set_attention(wanted: dict[str, bool]) -> None:
    for name, (_, enable) in ATTENTION.items():
        enable(wanted[name])


OF_TORCH = (
    # Work per second, and the order of sums.
    Setting(THREADS, torch.get_num_threads, torch.set_num_threads),
    # float64 has half the numbers in a register, and twice the bytes.
    Setting("default dtype", torch.get_default_dtype, torch.set_default_dtype),
    # Where tensors are made; and each call of torch is looked at.
    Setting("default device", _default_device, _set_default_device),
    # TF32 and bfloat16 on tensor cores, bfloat16 in oneDNN.
    OF_PRODUCTS,
    OF_CONVOLUTIONS,
    # Which kernels a convolution may take.
    Setting("cuDNN", _cudnn, _set_cudnn),
    # Slower kernels for some operations, an error for others; `deterministic` also fills new memory.
    Setting("deterministic algorithms", torch.get_deterministic_debug_mode, _set_deterministic, _deterministic),
    # Arithmetic on subnormals takes the processor up to 20 times as long.
    Setting("flushing of subnormals", flushes_subnormals, torch.set_flush_denormal),
    # Without gradients no graph is recorded.
    Setting("gradients", torch.is_grad_enabled, torch.set_grad_enabled),
    Setting("inference mode", torch.is_inference_mode_enabled, None),
    # Products in bfloat16 or float16.
    _autocast("cpu"),
    _autocast("cuda"),
    # Keeps a traceback of each forward call, at several times its cost.
    Setting("anomaly detection", _anomaly, _set_anomaly),
    # Without oneDNN, convolutions and linear layers take other kernels.
    Setting("oneDNN", lambda: torch.backends.mkldnn.enabled, _set_onednn),
    # The fused kernels keep no (queries, keys) matrix.
    Setting("attention kernels", lambda: {name: asked() for name, (asked, _) in ATTENTION.items()}, _set_attention),
)
