"""Tolerances: how far the output of the timed step may be from float64, or from a known answer."""

from __future__ import annotations

import math
from typing import Any

import torch

TOLERANCE: dict[torch.dtype, float] = {
    torch.float64: 1e-10,
    torch.float32: 5e-5,
    torch.float16: 8e-3,
    torch.bfloat16: 6e-2,
}
"""Largest relative error of a right answer, by dtype, in the norm of `relative_error`.

The halves: 8 units in the last place (2**-10 and 2**-7), since products accumulate in float32 and round once. The wider
two: about 400 float32 units (2**-23), room for sums of 4096 terms, whose error grows with the root of their number
(Higham, Accuracy and Stability of Numerical Algorithms, 2002, 3.1), and for the hundred roundings of a training step;
TF32 (2**-10) stays outside, so that a silent fall to it is `wrong`.
"""

TF32 = "tf32"
TF32_TOLERANCE = 8e-3
"""Largest relative error of a right answer of products in TF32: 8 units of its last place (2**-10), as of float16."""

FORMATS: dict[str, float] = {
    **{str(dtype).removeprefix("torch."): tolerance for dtype, tolerance in TOLERANCE.items()},
    TF32: TF32_TOLERANCE,
}
"""The tolerances by the name of the number format: those of the dtypes, and that of TF32, which is none."""


def format_of(compute_dtype: torch.dtype | str | None) -> str:
    """The name of a number format that a workload declares; empty for None. Raises `ValueError` for any other."""
    if compute_dtype is None:
        return ""
    name = str(compute_dtype).removeprefix("torch.")
    if name not in FORMATS:
        known = ", ".join(f"torch.{each}" for each in FORMATS if each != TF32)
        raise ValueError(f"compute_dtype={compute_dtype!r} has no tolerance: it is one of {known} or {TF32!r}")
    return name


def tolerance_of(dtype: torch.dtype, compute_dtype: torch.dtype | str | None = None) -> float:
    """The tolerance of a case: that of its dtype, or of the number format that it computes in, if that is wider.

    Raises `ValueError` for a format that has none.
    """
    declared = format_of(compute_dtype)
    return max(TOLERANCE[dtype], FORMATS[declared] if declared else 0.0)


def relative_error(actual: Any, exact: Any) -> float:
    """max|actual - exact| / max|exact|, computed in float64 on the CPU.

    Infinite where shapes differ or any number is not finite: a NaN must never pass a comparison. Where `exact` is
    zero throughout, the absolute error.
    """
    got, want = _in_float64(actual), _in_float64(exact)
    if got.shape != want.shape or got.numel() == 0:
        return math.inf
    if not (torch.isfinite(got).all() and torch.isfinite(want).all()):
        return math.inf
    scale = want.abs().max().item()
    error = (got - want).abs().max().item()
    return error / scale if scale > 0 else error


def _in_float64(numbers: Any) -> torch.Tensor:
    """A tensor, array, number or list of numbers as float64 on the CPU; torch would read plain floats as float32."""
    if isinstance(numbers, torch.Tensor):
        return numbers.detach().cpu().to(torch.float64)  # first to the CPU: an Apple GPU has no float64
    if isinstance(numbers, list | tuple) and any(isinstance(item, torch.Tensor) for item in numbers):
        numbers = [item.item() if isinstance(item, torch.Tensor) else item for item in numbers]
    return torch.as_tensor(numbers, dtype=torch.float64)


def within(value: float, low: float, high: float) -> float:
    """0 where low <= value <= high, else infinity."""
    return 0.0 if low <= value <= high else math.inf
