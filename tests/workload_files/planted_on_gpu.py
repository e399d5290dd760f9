"""Steps of which a GPU's profile is known beforehand."""

from collections.abc import Callable
from typing import Any

import torch

from bench.workload import Context, Prepared, Work, workload


def prepared(step: Callable[[], Any]) -> Prepared:
    return Prepared(step=step, check=lambda out: 0.0, work=Work(items=1))


@workload(lesson="Planted", axes={"size": (4096, 32)})
def product(ctx: Context, size: int) -> Prepared:
    """One product of square matrices."""
    a = ctx.randn(size, size)
    return prepared(lambda: torch.mm(a, a))


@workload(lesson="Planted")
def copies(ctx: Context) -> Prepared:
    """Copies 64 MB from the host, beside a small product."""
    a, large = ctx.randn(32, 32), torch.ones(2**24)

    def step() -> torch.Tensor:
        large.to(ctx.device)
        return torch.mm(a, a)

    return prepared(step)


@workload(lesson="Planted")
def reads_items(ctx: Context) -> Prepared:
    """Reads fifty numbers back, one by one."""
    a = ctx.randn(50)
    return prepared(lambda: torch.tensor([value.item() for value in a]))
