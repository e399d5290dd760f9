"""How precisely float32 numbers are multiplied: in float32, TF32 or bfloat16. Ten times as fast, at 1e-3 of error.

torch has an old way to ask and set, for a kind of operation as a whole, and from 2.9 on a new one, for each backend.
What was set in the new way alone the old one may refuse to read (RuntimeError); the backends then say it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch

from bench.measure.settings.setting import Setting, differing

WHOLE, BY_BACKEND = "all", "by backend"


def _places(names: Mapping[str, tuple[Any, str]]) -> dict[str, Any]:
    """The operations of backends that this torch lets one set, by name."""
    found = {name: getattr(backend, operation, None) for name, (backend, operation) in names.items()}
    return {name: place for name, place in found.items() if hasattr(place, "fp32_precision")}


EVERYTHING: dict[str, tuple[Any, str]] = {"every backend": (torch, "backends"), "cuda": (torch.backends, "cudnn")}
"""Wider than an operation, so they are put back first: an operation that says nothing itself follows them."""

MATMULS = _places({
    **EVERYTHING,
    "cuda.matmul": (torch.backends.cuda, "matmul"),
    "mkldnn.matmul": (torch.backends.mkldnn, "matmul"),
})  # fmt: skip

CONVOLUTIONS = _places({
    **EVERYTHING,
    "cudnn.conv": (torch.backends.cudnn, "conv"),
    "cudnn.rnn": (torch.backends.cudnn, "rnn"),
    "mkldnn.conv": (torch.backends.mkldnn, "conv"),
    "mkldnn.rnn": (torch.backends.mkldnn, "rnn"),
})  # fmt: skip


def read(whole: Callable[[], Any], places: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of the old way, or that there is none, and those of the backends."""
    return {WHOLE: _whole(whole), **{name: place.fp32_precision for name, place in places.items()}}


def _whole(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except RuntimeError:  # torch's answer where the backends differ from what the old way set last
        return BY_BACKEND


def write(whole: Callable[[Any], object], places: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Set the whole first, which sets the backends too, and then those that differ."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch asks for the new way, and puts back only what the new way set
        if wanted[WHOLE] != BY_BACKEND:
            whole(wanted[WHOLE])
        for name, place in places.items():
            if place.fp32_precision != wanted[name]:
                place.fp32_precision = wanted[name]


def tell(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, str]:
    """What changed: one word where the whole was set, else the backends that differ."""
    wholes = before[WHOLE], after[WHOLE]
    if wholes[0] != wholes[1] and BY_BACKEND not in wholes:
        return differing(*wholes)
    # A backend that says nothing multiplies float32 as IEEE does, unless a wider one says otherwise: it then says that.
    parts = [
        {name: {"none": "ieee"}.get(value, value) for name, value in each.items() if name != WHOLE}
        for each in (before, after)
    ]
    return differing(*parts) if parts[0] != parts[1] else differing(*wholes)


def _allow_tf32(allowed: bool) -> None:
    torch.backends.cudnn.allow_tf32 = allowed


OF_PRODUCTS = Setting(
    "float32 precision of products",
    partial(read, torch.get_float32_matmul_precision, MATMULS),
    partial(write, torch.set_float32_matmul_precision, MATMULS),
    tell,
)

OF_CONVOLUTIONS = Setting(
    "TF32 in convolutions",
    partial(read, lambda: torch.backends.cudnn.allow_tf32, CONVOLUTIONS),
    partial(write, _allow_tf32, CONVOLUTIONS),
    tell,
)
