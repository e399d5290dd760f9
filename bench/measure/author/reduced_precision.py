"""Which number format a step really computes in, to tell the author of a wrong answer what to declare."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from bench.measure.author.tolerance import FORMATS, TF32, tolerance_of
from bench.records import Value

HALVES = (torch.bfloat16, torch.float16)
PRODUCTS = ("mm", "addmm", "bmm", "baddbmm")
CONVOLUTIONS = ("convolution", "cudnn_convolution", "convolution_backward")
"""Operators that CUDA may compute in TF32, each by a switch of its own."""


class _Seen(TorchDispatchMode):
    """Notes the narrow number formats of the operators that run while it is entered."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # of torch
        self.formats: dict[str, None] = {}
        self._on_cuda = device.type == "cuda"

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run the operator, below autocast: what it gives is what was really computed."""
        output = func(*args, **(kwargs or {}))
        for tensor in _tensors(output):
            if tensor.dtype in HALVES:
                self.formats[str(tensor.dtype).removeprefix("torch.")] = None
            elif tensor.dtype == torch.float32 and self._on_cuda and _in_tf32(func):
                self.formats[TF32] = None
        return output


def narrower(step: Callable[[], Any], dtype: torch.dtype, device: torch.device) -> str:
    """The number format narrower than `dtype` that one call of an eager step computes in; empty without one."""
    if dtype in HALVES:
        return ""
    with _Seen(device) as seen:
        step()
    return min(seen.formats, key=lambda name: name == TF32, default="")


def advice(found: str, error: float, dtype: torch.dtype, axes: Mapping[str, Value]) -> str:
    """What an author declares of a step that computes in the format `found`, where that explains its error.

    axes: those of the workload's own, of which a switch that is on is named. Empty where it explains nothing.
    """
    if not found or not error <= FORMATS[found]:
        return ""
    value = repr(TF32) if found == TF32 else f"torch.{found}"
    switches = [axis for axis, chosen in axes.items() if chosen is True]
    declared = f"compute_dtype={value} if {switches[0]} else None" if len(switches) == 1 else f"compute_dtype={value}"
    return (
        f". The step computes in {found}; if that is meant, as under autocast or with TF32 allowed, declare it: "
        f"Prepared(…, {declared}); the tolerance is then {tolerance_of(dtype, found):.3g}"
    )


def _in_tf32(func: Any) -> bool:
    """Whether the switches of CUDA let this operator round float32 to TF32. The newer ones exist from torch 2.9 on, and
    reading an older one after a newer one was set is an error there.
    """
    name = getattr(getattr(func, "overloadpacket", None), "__name__", "")
    if name in PRODUCTS:
        newer = getattr(torch.backends.cuda.matmul, "fp32_precision", None)
        return bool(newer == TF32 if newer is not None else torch.backends.cuda.matmul.allow_tf32)
    if name in CONVOLUTIONS:
        of_convolutions = getattr(torch.backends.cudnn, "conv", None)
        return bool(of_convolutions.fp32_precision == TF32 if of_convolutions else torch.backends.cudnn.allow_tf32)
    return False


def _tensors(output: Any) -> Iterator[torch.Tensor]:
    """The tensors among what an operator gives."""
    if isinstance(output, torch.Tensor):
        yield output
    elif isinstance(output, list | tuple):
        for each in output:
            yield from _tensors(each)
