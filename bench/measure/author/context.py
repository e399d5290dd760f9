"""The context that the worker gives a workload to prepare it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, NoReturn

import torch

from bench.measure.author import tolerance
from bench.measure.modes import Mode
from bench.measure.modes.graphs import UnsuitedError
from bench.measure.settings.process_settings import changes, snapshot
from bench.measure.settings.torch_settings import THREADS


class Skip(Exception):  # noqa: N818  # it ends a case like StopIteration ends a loop; it is no error
    """Ends a case as `skipped`; the text is the reason."""


class CaseContext:
    """Device, dtype, mode and seeded randomness of one case. See `bench.workload.Context`."""

    def __init__(
        self,
        device: torch.device,
        dtype: torch.dtype,
        mode: str,
        seed: int,
        key: str,
        declared: dict[str, Any] | None = None,
    ) -> None:
        """declared: takes up what the case says it runs under, by name of a setting."""
        self.declared = {} if declared is None else declared
        self.device = device
        self.dtype = dtype
        self.seed = seed
        self.execution = Mode(mode)
        # The workload's name alone goes into the stream: cases that differ in device or mode see the same data.
        self.generator = torch.Generator().manual_seed(zlib.crc32(f"{seed}:{key.partition('[')[0]}".encode()))

    def randn(self, *shape: int) -> torch.Tensor:
        """Standard normal numbers, drawn in float64 on the CPU so that every device and dtype rounds the same."""
        return self.place(torch.randn(*shape, generator=self.generator, dtype=torch.float64))

    def place(self, tensor: torch.Tensor) -> torch.Tensor:
        """`tensor` on the case's device; floating tensors in the case's dtype.

        The dtype comes first: an Apple GPU has no float64, in which numbers are drawn.
        """
        return tensor.to(self.dtype if tensor.is_floating_point() else tensor.dtype).to(self.device)

    def mode(self, function: Callable[..., Any], *inputs: torch.Tensor) -> Callable[[], Any]:
        """`function` in the case's mode, called with `inputs`. Raises `Skip` where the mode cannot run it."""
        try:
            return self.execution(function, *inputs)
        except UnsuitedError as error:
            self.skip(str(error))

    def relative_error(self, actual: Any, exact: Any) -> float:
        """max|actual - exact| / max|exact|; infinite where shapes differ or a number is not finite."""
        return tolerance.relative_error(actual, exact)

    def within(self, value: float, low: float, high: float) -> float:
        """0 where low <= value <= high, else infinity."""
        return tolerance.within(value, low, high)

    def run_under(self, set_it: Callable[[], object]) -> None:
        """Call `set_it`, and note what it sets as the case's own. Raises `ValueError` where it sets the threads."""
        before = snapshot()
        set_it()
        after = snapshot()
        if before[THREADS] != after[THREADS]:
            raise ValueError(f"ctx.run_under sets {THREADS}, which have an axis: choose -s threads={after[THREADS]}")
        self.declared |= {name: after[name] for name in changes(before, after)}

    def skip(self, reason: str) -> NoReturn:
        """End this case as `skipped`."""
        raise Skip(reason)
