"""A workload opened on the CPU as the worker opens it, without the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from threadpoolctl import threadpool_limits

from bench.measure.author.context import CaseContext
from bench.measure.author.tolerance import tolerance_of
from bench.workload import Prepared


class Opened:
    """A prepared case: `run()` is one step after its reset, `error(out)` its error in units of the tolerance."""

    def __init__(self, make: Callable[..., Prepared], context: CaseContext, axes: dict[str, Any]) -> None:
        self.prepared = make(context, **axes)
        self.tolerance = tolerance_of(context.dtype, self.prepared.compute_dtype)

    def run(self) -> Any:
        if self.prepared.reset is not None:
            self.prepared.reset()
        return self.prepared.step()

    def error(self, out: Any) -> float:
        return self.prepared.check(out) / self.tolerance


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    """Nets this small only wait for a second thread, for seconds where another process holds its core."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1, user_api="blas"):  # of NumPy
        yield
    torch.set_num_threads(threads)


@pytest.fixture
def context() -> Callable[..., CaseContext]:
    def make(mode: str = "eager", dtype: torch.dtype = torch.float32, seed: int = 0) -> CaseContext:
        return CaseContext(torch.device("cpu"), dtype, mode, seed, "family/workload[device=cpu]")

    return make


@pytest.fixture
def opened(context: Callable[..., CaseContext]) -> Callable[..., Opened]:
    def open_case(
        make: Callable[..., Prepared],
        mode: str = "eager",
        dtype: torch.dtype = torch.float32,
        seed: int = 0,
        **axes: Any,
    ) -> Opened:
        return Opened(make, context(mode, dtype, seed), axes)

    return open_case
