"""Execution modes: turn a function and its inputs into a call without arguments, run the way the case says."""

from __future__ import annotations

import copy
import functools
import warnings
from collections.abc import Callable
from functools import partial
from time import perf_counter_ns
from types import FunctionType
from typing import Any

import torch

COMPILE_MODES = {
    "compile": "default",
    "compile-reduce-overhead": "reduce-overhead",
    "compile-max-autotune": "max-autotune",
}
"""Our mode to the `mode` of torch.compile. `dynamic=False` throughout: shapes of a case never change."""


class CapturedTensorError(ValueError):
    """A traced function holds a tensor that was not passed to it: it would be baked in and folded away."""


class Mode:
    """One execution mode. Remembers what building cost: scripting, tracing, importing the compiler."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.build_ns: int | None = None

    def __call__(self, function: Callable[..., Any], *inputs: torch.Tensor) -> Callable[[], Any]:
        """Bind `function` in this mode to `inputs`. Raises `ValueError` without inputs or for captured tensors."""
        if not inputs:
            raise ValueError(
                "ctx.mode(function, *inputs) needs the inputs as arguments: a tensor that is captured in place of "
                "passed is baked into the graph and folded away"
            )
        if self.name == "eager":
            return partial(function, *inputs)
        started = perf_counter_ns()
        built = self._build(function, inputs)
        self.build_ns = (self.build_ns or 0) + perf_counter_ns() - started
        return partial(built, *inputs)

    def _build(self, function: Callable[..., Any], inputs: tuple[torch.Tensor, ...]) -> Callable[..., Any]:
        if self.name in COMPILE_MODES:
            # What this costs is the import of the compiler; compiling itself is the first call.
            return torch.compile(function, mode=COMPILE_MODES[self.name], dynamic=False)
        # torch.jit is deprecated and says so at every call (2.13); the course teaches it, and the lesson says so too.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            if self.name == "script":
                return torch.jit.script(apart(scriptable(function)))  # type: ignore[no-any-return]  # untyped in torch
            if self.name == "trace":
                traced = torch.jit.trace(function, inputs)
                refuse_captured(traced)
                return traced  # type: ignore[no-any-return]  # untyped in torch
        raise ValueError(f"no execution mode is called '{self.name}'")


def scriptable(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` as torch.jit.script takes it: it wants source, which a builtin such as torch.mm has not."""
    if isinstance(function, torch.nn.Module | FunctionType):
        return function
    raise ValueError(
        f"torch.jit.script needs a Python function or a module, not {function!r}: "
        "write def product(a, b): return torch.mm(a, b) and pass that"
    )


def apart(function: Callable[..., Any]) -> Callable[..., Any]:
    """A twin of `function` that shares its code and tensors, but no graph that another case was compiled to.

    torch.jit.script keeps one executor for all modules of a class: after a scripted training step, scripted inference
    runs the training graph even under no_grad (30.5 in place of 21.7 us at batch 32, with the right answer;
    pytorch#128261). A class of its own, or a function object of its own, has an executor of its own.
    """
    if isinstance(function, torch.nn.Module):
        kind = type(function)
        twin = copy.copy(function)  # shallow: parameters are the very same
        twin.__class__ = type(kind.__name__, (kind,), {"__module__": kind.__module__})
        return twin
    assert isinstance(function, FunctionType)
    fresh = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    return functools.update_wrapper(fresh, function)


def refuse_captured(traced: Any) -> None:
    """Raise `CapturedTensorError` where the graph holds a tensor as a constant.

    Parameters of a module are attributes of it, and a number such as the 2 in 2*x is a constant of one element; any
    larger constant was captured. Measured: folding it gave 1.0 us in place of 12,270 us, with the right answer.
    """
    graph = traced.inlined_graph  # held while its nodes are looked at: it is a copy, and they die with it
    for node in graph.findAllNodes("prim::Constant"):
        output = next(iter(node.outputs()))
        if output.type().kind() != "TensorType":
            continue
        tensor = node.t("value")
        if tensor.numel() > 1:
            raise CapturedTensorError(
                f"the traced function captured a tensor of shape {tuple(tensor.shape)} in place of being passed it: "
                "tracing would bake it in and time a folded graph. Pass it as an input: ctx.mode(function, a, b)"
            )
