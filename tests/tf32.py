"""TF32 on a processor that has none: float32 with ten bits of mantissa."""

from __future__ import annotations

import torch


def to_tf32(x: torch.Tensor) -> torch.Tensor:
    """`x` rounded to the nearest number of ten bits of mantissa, ties to even, as a tensor core reads a float32."""
    bits = x.view(torch.int32)
    return ((bits + 0xFFF + ((bits >> 13) & 1)) & ~0x1FFF).view(torch.float32)
