"""Reduced precision by a switch: the steps of the course's nets under autocast, and with TF32 allowed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch

from bench.workload import Context

FIRST_WITH_TENSOR_CORES_OF_TF32 = (8, 0)
"""Compute capability of the first NVIDIA GPU that multiplies in TF32 (Ampere)."""


def under_autocast(ctx: Context, forward: Callable[[], torch.Tensor]) -> Callable[[], torch.Tensor]:
    """`forward` under autocast: products and convolutions in bfloat16, what comes out in float32 again."""
    if ctx.dtype != torch.float32:
        ctx.skip(f"amp=True makes bfloat16 of float32, and this case has another dtype: {ctx.dtype}")

    def cast() -> torch.Tensor:
        with torch.autocast(ctx.device.type, torch.bfloat16):
            return forward().float()

    return cast


def allow_tf32(ctx: Context) -> None:
    """Let the case round products and convolutions to TF32, or skip it where nothing can."""
    if ctx.dtype != torch.float32:
        ctx.skip(f"tf32=True rounds what float32 holds, and this case has another dtype: {ctx.dtype}")
    if ctx.device.type != "cuda":
        ctx.skip(f"tf32=True is a switch of NVIDIA's tensor cores, and device={ctx.device.type} has none")
    if torch.cuda.get_device_capability(ctx.device) < FIRST_WITH_TENSOR_CORES_OF_TF32:
        ctx.skip("this GPU is older than TF32, which came with compute capability 8.0")
    ctx.run_under(switch_tf32_on)


def forbid_tf32(ctx: Context) -> None:
    """Keep the case to float32: on CUDA, cuDNN convolves float32 in TF32 unless that is forbidden, at 2e-4 of error."""
    if ctx.device.type == "cuda":
        ctx.run_under(switch_tf32_off)


def switch_tf32_on() -> None:
    """Turn both switches of the process on, for products and for convolutions."""
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True


def switch_tf32_off() -> None:
    """Turn both off."""
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False


def computes_in(amp: bool, tf32: bool) -> torch.dtype | Literal["tf32"] | None:
    """The number format that a step declares under these switches: autocast is the coarser of the two."""
    return torch.bfloat16 if amp else "tf32" if tf32 else None
