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


def allowing_tf32(ctx: Context, step: Callable[[], torch.Tensor]) -> Callable[[], torch.Tensor]:
    """`step` with both switches of TF32 on, for products and for convolutions, and back as they were after it.

    They belong to the process, so that a case that left them on would change its neighbours; turning them takes a
    microsecond or two of the step.
    """
    if ctx.dtype != torch.float32:
        ctx.skip(f"tf32=True rounds what float32 holds, and this case has another dtype: {ctx.dtype}")
    if ctx.device.type != "cuda":
        ctx.skip(f"tf32=True is a switch of NVIDIA's tensor cores, and device={ctx.device.type} has none")
    if torch.cuda.get_device_capability(ctx.device) < FIRST_WITH_TENSOR_CORES_OF_TF32:
        ctx.skip("this GPU is older than TF32, which came with compute capability 8.0")
    return tf32_allowed(step)


def tf32_allowed(step: Callable[[], torch.Tensor]) -> Callable[[], torch.Tensor]:
    """`step` with TF32 allowed while it runs."""

    def allowed() -> torch.Tensor:
        products, convolutions = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.allow_tf32 = True
        try:
            return step()
        finally:
            torch.set_float32_matmul_precision(products)
            torch.backends.cudnn.allow_tf32 = convolutions

    return allowed


def computes_in(amp: bool, tf32: bool) -> torch.dtype | Literal["tf32"] | None:
    """The number format that a step declares under these switches: autocast is the coarser of the two."""
    return torch.bfloat16 if amp else "tf32" if tf32 else None
