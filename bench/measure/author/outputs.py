"""Results of workloads as plain values: devices of tensors, and numbers that JSON can hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch

from bench.measure.author.tolerance import format_of
from bench.workload import Prepared


def devices_of(output: Any) -> list[str]:
    """Devices of the tensors in an output, each once, in the order they are met."""
    match output:
        case torch.Tensor():
            return [str(output.device)]
        case Mapping():
            parts = list(output.values())
        case list() | tuple():
            parts = list(output)
        case _:
            parts = []
    return list(dict.fromkeys(name for part in parts for name in devices_of(part)))


def numbers(values: Mapping[str, Any]) -> dict[str, float | None]:
    """The author's numbers (of torch, of numpy) as plain ones; None for what is not finite, which JSON cannot hold."""
    plain = {str(name): None if value is None else float(value) for name, value in values.items()}
    return {name: value if value is None or math.isfinite(value) else None for name, value in plain.items()}


def stated_work(prepared: Prepared) -> dict[str, Any]:
    """The work of a step as plain values, with the number format of its flops where the author declares one."""
    stated = vars(prepared.work)
    texts = {"unit": str(stated["unit"])}
    if declared := format_of(prepared.compute_dtype):
        texts["compute_dtype"] = declared
    return {
        **numbers({name: value for name, value in stated.items() if name not in ("unit", "compute_dtype")}),
        **texts,
    }
