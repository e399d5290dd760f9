"""Graphs of a function: scripted, traced, frozen, exported, compiled ahead of time, recorded."""

from __future__ import annotations

import copy
import functools
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FunctionType
from typing import Any

import torch

Function = Callable[..., Any]
Inputs = tuple[torch.Tensor, ...]


class CapturedTensorError(ValueError):
    """A traced function holds a tensor that was not passed to it: it would be baked in and folded away."""


class UnsuitedError(Exception):
    """The mode cannot run this function, however it is written; the text is the reason."""


# --- TorchScript ----------------------------------------------------------------------------------------------------


def scripted(function: Function, inputs: Inputs) -> Function:
    """`function` as TorchScript compiles it from its source."""
    return torch.jit.script(own_copy(scriptable(function)))


def traced(function: Function, inputs: Inputs) -> Function:
    """`function` as TorchScript records it from one call. Raises `CapturedTensorError`."""
    graph = torch.jit.trace(function, inputs)
    refuse_captured(graph)
    return graph  # type: ignore[no-any-return]  # untyped in torch


def frozen(function: Function, inputs: Inputs) -> Function:
    """The scripted module with its weights as constants of the graph: for inference, since no gradient reaches them.

    `torch.jit.optimize_for_inference` is left out: torch calls it a prototype that may slow a model down. Raises
    `UnsuitedError` where there is nothing to freeze.
    """
    if not isinstance(function, torch.nn.Module):
        raise UnsuitedError("mode=frozen makes constants of a module's weights, and a plain function has none")
    if function.training:
        raise UnsuitedError("mode=frozen needs a module in eval mode: torch.jit.freeze refuses one that is in training")
    return torch.jit.freeze(scripted(function, inputs))  # type: ignore[no-any-return]  # untyped in torch


def scriptable(function: Function) -> Function:
    """`function` in a form that torch.jit.script takes: it needs source, which a builtin such as torch.mm lacks."""
    if isinstance(function, torch.nn.Module | FunctionType):
        return function
    raise ValueError(
        f"torch.jit.script needs a Python function or a module, not {function!r}: "
        "write def product(a, b): return torch.mm(a, b) and pass that"
    )


def own_copy(function: Function) -> Function:
    """A copy of `function` that shares its code and tensors, but no graph that another case was compiled to.

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
        if output.type().kind() == "TensorType":
            refuse(node.t("value"))


def refuse(constant: torch.Tensor) -> None:
    """Raise `CapturedTensorError` for a constant of more than one number."""
    if constant.numel() > 1:
        raise CapturedTensorError(
            f"the traced function captured a tensor of shape {tuple(constant.shape)} in place of being passed it: "
            "tracing would bake it in and time a folded graph. Pass it as an input: ctx.mode(function, a, b)"
        )


# --- torch.export ---------------------------------------------------------------------------------------------------


class Called(torch.nn.Module):
    """A module around a plain function, which torch.export does not take."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: torch.Tensor) -> Any:
        """The result of the function."""
        return self.function(*inputs)


def exported(function: Function, inputs: Inputs) -> torch.export.ExportedProgram:
    """`function` as torch.export records it, for inputs of these very shapes. Raises `CapturedTensorError`.

    Not strict, which is torch's default: Python runs the function on tensors without data, without Dynamo.
    """
    module = function if isinstance(function, torch.nn.Module) else Called(function)
    program = torch.export.export(module, inputs, dynamic_shapes=None, strict=False)
    own = dict(module.named_buffers())  # among the constants are those buffers that no state_dict keeps
    for name, constant in program.constants.items():
        if isinstance(constant, torch.Tensor) and name not in own:
            refuse(constant)
    return program


def ahead_of_time(function: Function, inputs: Inputs) -> Function:
    """`function` exported, compiled to a library by AOTInductor, and loaded: for inference, without Python inside.

    The package is needed only until it is loaded. It lies in the compiler's cache, where there is one, so that it goes
    with the cache even when this process is killed.
    """
    import torch._inductor  # only here: no other mode needs it before its first call

    program = exported(function, inputs)
    cache = os.environ.get("TORCHINDUCTOR_CACHE_DIR")
    if cache:
        Path(cache).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        package = str(Path(folder, "step.pt2"))
        torch._inductor.aoti_compile_and_package(program, package_path=package)
        return torch._inductor.aoti_load_package(package)


# --- CUDA graphs ----------------------------------------------------------------------------------------------------

CALLS_BEFORE_RECORDING = 3
"""Calls on a side stream first, which load libraries and take memory: torch's notes on CUDA graphs ask for a few."""


def recorded(function: Function, inputs: Inputs) -> Function:
    """The kernels that `function` launches for these very tensors, recorded once: a call replays them, in one launch.

    Every replay reads the same inputs and writes the same outputs, at the addresses of the recording; nothing is
    folded. Raises `UnsuitedError` where the function does what cannot be recorded, such as synchronising.
    """
    side_stream = torch.cuda.Stream()
    side_stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side_stream):
        for _ in range(CALLS_BEFORE_RECORDING):
            function(*inputs)
    torch.cuda.current_stream().wait_stream(side_stream)
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.cuda.graph(graph):
            output = function(*inputs)
    except RuntimeError as error:
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise UnsuitedError(f"mode=cudagraph cannot record this function: {reason}") from None

    def replay(*_: torch.Tensor) -> Any:
        graph.replay()
        return output

    return replay


# --- all of them ----------------------------------------------------------------------------------------------------

SHARED: Mapping[str, Callable[[Function, Inputs], Function]] = {
    "script": scripted,
    "trace": traced,
    "frozen": frozen,
    "export": lambda function, inputs: exported(function, inputs).module(),
}
"""How each mode makes its graph, for the modes whose process other cases share."""


def build(name: str, function: Function, inputs: Inputs) -> Function:
    """The graph of `function` that mode `name` makes."""
    return SHARED[name](function, inputs)


@functools.cache
def rehearse(name: str) -> None:
    """Build a small graph in mode `name`, once a process and untimed.

    The first graph of a process imports what it needs: tracing a net took 2 s in place of 0.1, exporting it 4 s in
    place of 0.2, and the memory stays taken. Without this, chance would decide which case of a process pays. The graph
    has a layer, since the first layer that is traced costs as much as a net.
    """
    if name in SHARED:
        build(name, torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.ReLU()).eval(), (torch.zeros(1, 1),))
