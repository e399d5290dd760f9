"""Execution modes: a function and its inputs become a call without arguments, run in the mode of the case."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import perf_counter_ns
from typing import Any

import torch

from bench.measure.modes import graphs

COMPILE_MODES = {
    "compile": "default",
    "compile-reduce-overhead": "reduce-overhead",
    "compile-max-autotune": "max-autotune",
}
"""By our mode: the `mode` of torch.compile. Always `dynamic=False`, for the shapes of a case never change."""

NEEDS_COMPILER = (*COMPILE_MODES, "aoti")
"""The modes that call a C++ compiler. Each such case has its own process and cache, and leaves the compiler in it."""


class Mode:
    """One execution mode. `build_ns`: time spent scripting, tracing, compiling ahead, or importing a compiler."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.build_ns: int | None = None

    def __call__(self, function: Callable[..., Any], *inputs: torch.Tensor) -> Callable[[], Any]:
        """Bind `function` in this mode to `inputs`.

        Raises `ValueError` without inputs or for captured tensors, `UnsuitedError` where the mode cannot run the
        function.
        """
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
        if self.name == "aoti":
            return graphs.ahead_of_time(function, inputs)
        if self.name == "cudagraph":
            return graphs.recorded(function, inputs)
        if self.name in graphs.SHARED:
            return graphs.build(self.name, function, inputs)
        raise ValueError(f"no execution mode is called '{self.name}'")
