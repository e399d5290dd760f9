"""Subnormal numbers among what a step reads and gives: a processor takes many times as long for each of them.

One look, outside of timing, at the output and at the tensors that can be reached from the step: its arguments, what it
closes over, weights of modules, state of optimisers.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice
from types import FunctionType, MethodType, ModuleType
from typing import Any

import torch

MOST_TENSORS = 200
MOST_OBJECTS = 5000
MOST_DEPTH = 6
MOST_NUMBERS = 1 << 16
"""Bounds of a look: tensors, objects that are looked into, how deep they may lie, and numbers of each tensor, which are
taken at equal distances."""

DEAR = (torch.float32, torch.float64, torch.bfloat16)
"""Dtypes whose subnormal numbers are dear. Those of float16 are ordinary numbers of float32, which computes them."""

Named = tuple[str, torch.Tensor]


def worst(step: Callable[[], Any], output: Any) -> tuple[float, str]:
    """The largest share of subnormal numbers in a tensor, and where that is; (0.0, "") where there is none."""
    seen: set[int] = set()
    tensors = chain(_tensors("output", output, 0, seen), _tensors("", step, 0, seen))
    found = ((share(tensor), name) for name, tensor in islice(tensors, MOST_TENSORS))
    return max(found, key=lambda each: each[0], default=(0.0, ""))


def share(tensor: torch.Tensor) -> float:
    """The share of subnormal numbers among those looked at.

    Computed under the process's own setting: where it flushes them to zero, they are none, and cost nothing.
    """
    if tensor.dtype not in DEAR or tensor.device.type != "cpu" or tensor.layout != torch.strided or not tensor.numel():
        return 0.0
    numbers = tensor.detach()
    if numbers.is_contiguous():
        numbers = numbers.view(-1)[:: -(-numbers.numel() // MOST_NUMBERS)]
    elif numbers.numel() > MOST_NUMBERS:
        return 0.0  # a copy of all of it would be made
    size = numbers.abs()
    return ((size > 0) & (size < torch.finfo(tensor.dtype).tiny)).double().mean().item()


def _tensors(name: str, value: Any, depth: int, seen: set[int]) -> Iterator[Named]:
    """The tensors in a value, each with the path that leads to it. seen: the objects that were looked into."""
    if depth > MOST_DEPTH or id(value) in seen or len(seen) > MOST_OBJECTS:
        return
    seen.add(id(value))
    if isinstance(value, torch.Tensor):
        yield name or "a tensor", value
        if value.is_leaf and value.grad is not None:
            yield f"{name}.grad", value.grad
        return
    for part, inner in _inside(value):
        yield from _tensors(_path(name, part), inner, depth + 1, seen)


def _path(name: str, part: str) -> str:
    return f"{name}{part}" if not (name and part) or part.startswith("[") else f"{name}.{part}"


def _inside(value: Any) -> Iterator[tuple[str, Any]]:
    """What a value holds, by its name in it: nothing is called and no property is read."""
    match value:
        case functools.partial():
            yield "", value.func
            yield from ((f"[{place}]", each) for place, each in enumerate(value.args))
            yield from value.keywords.items()
        case MethodType():
            yield "", value.__self__
        case FunctionType():
            yield from _of_function(value)
        case torch.nn.Module():
            yield from value.named_parameters()
            yield from value.named_buffers()
        case torch.optim.Optimizer():
            yield from ((f"state[{place}]", state) for place, state in enumerate(value.state.values()))
        case Mapping():
            yield from ((f"[{key!r}]", each) for key, each in value.items())
        case list() | tuple():
            yield from ((f"[{place}]", each) for place, each in enumerate(value))
        case str() | bytes() | int() | float() | type() | ModuleType():
            return
        case _ if hasattr(value, "__dict__"):
            yield from list(vars(value).items())


def _of_function(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """What a function closes over, its defaults, and the tensors and modules among the globals that it names."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # a name that is bound later
            continue
    yield from ((f"[{place}]", each) for place, each in enumerate(function.__defaults__ or ()))
    for name in function.__code__.co_names:
        held = function.__globals__.get(name)
        if isinstance(held, torch.Tensor | torch.nn.Module):
            yield name, held
