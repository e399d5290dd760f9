"""Steps whose first call is much slower than all later ones."""

import functools
import time

import torch

from bench.workload import Context, Prepared, Work, workload

FIRST_CALL_S = 0.03


@workload(
    lesson="First calls",
    axes={"turns": (25, 300, 2400), "call": ("slow", "plain")},
    quick={"turns": (25, 300, 2400), "call": ("slow", "plain")},
)
def counted(ctx: Context, turns: int, call: str) -> Prepared:
    """Goes round an empty loop: 25 turns take about 200 ns, 2400 about 20 us. A slow first call is busy for 30 ms more.

    Answer: one.
    """
    to_come = [FIRST_CALL_S] if call == "slow" else []
    one, places = torch.ones(1), range(turns)

    def step() -> torch.Tensor:
        if to_come:
            end = time.perf_counter() + to_come.pop()
            while time.perf_counter() < end:
                pass
        for _ in places:
            pass
        return one

    return Prepared(step=step, check=lambda out: ctx.relative_error(out, torch.ones(1)), work=Work(items=1))


@workload(lesson="First calls")
def remembered(ctx: Context) -> Prepared:
    """Asks for a product of 600×600 by its name: the first call computes it, all others find it.

    Answer: the product in float64.
    """
    a = ctx.randn(600, 600)
    exact = a.double() @ a.double()

    @functools.cache
    def product(name: str) -> torch.Tensor:
        return a @ a

    return Prepared(
        step=lambda: product("square"), check=lambda out: ctx.relative_error(out, exact), work=Work(items=1)
    )
