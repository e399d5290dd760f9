"""The least that a launch costs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch

from bench.workload import Context, Prepared, Work, workload
from workloads.calibration._scripted import scripted

TENSORS, PASSES = 256, 16
"""Launches of a step of `empty_kernel`: tensors that fit into a cache, so often that the call of the step vanishes."""


def zeroed(tensors: list[torch.Tensor], passes: int) -> list[torch.Tensor]:
    """Each tensor set to zero by a kernel of its own, `passes` times."""
    for _ in range(passes):
        torch._foreach_zero_(tensors)
    return tensors


def recorded(tensors: list[torch.Tensor]) -> Callable[[], None]:
    """The same as a CUDA graph, replayed: the least a launch on a GPU costs, since the host takes no part in it."""
    graph = torch.cuda.CUDAGraph()
    tensors[0].zero_()  # so that the kernel is loaded before anything is recorded
    torch.cuda.synchronize(tensors[0].device)
    with torch.cuda.graph(graph):
        for _ in range(PASSES):
            for tensor in tensors:
                tensor.zero_()
    return graph.replay


@workload(lesson="Calibration", dtypes=("float32", "float64", "float16", "bfloat16"), role="calibration")
def empty_kernel(ctx: Context) -> Prepared:
    """4096 kernels that each set a single number to zero, launched in the cheapest way: → (256,).

    On the CPU a launch is a call of an operator through torch's dispatcher, from C++: a scripted loop around a
    `foreach` operator, which on the CPU calls the operator for one tensor after the other, without Python or autograd
    in between. On a GPU it is a node of a CUDA graph, replayed on one stream.

    Answer:
        256 zeros, where the check has left ones. That shows one pass of the sixteen.
    Work:
        No flops; 4096 numbers moved, each written; 4096 kernels, which are the items too.
    Expect:
        Some tens of nanoseconds a launch on a CPU, where one call from Python takes six times as long; on a GPU less
        than in a queue of single launches.
    """
    if ctx.device.type not in ("cpu", "cuda"):
        ctx.skip(f"the cheapest launch of a GPU is replayed from a graph, and torch records none on {ctx.device.type}")
    with torch.inference_mode():
        row = torch.ones(TENSORS, dtype=ctx.dtype, device=ctx.device)
        tensors = list(row.split(1))
        launch = partial(scripted(zeroed), tensors, PASSES) if ctx.device.type == "cpu" else recorded(tensors)

    @torch.inference_mode()
    def step() -> torch.Tensor:
        launch()
        return row

    @torch.inference_mode()
    def check(found: torch.Tensor) -> float:
        error = ctx.relative_error(found, torch.zeros(TENSORS))
        row.fill_(1)
        return error

    kernels, size = TENSORS * PASSES, ctx.dtype.itemsize
    work = Work(0, kernels * size, kernels, items=kernels, unit="kernel", working_set=TENSORS * size)
    return Prepared(step=step, check=check, work=work)
