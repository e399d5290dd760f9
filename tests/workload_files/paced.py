"""Cases that take long enough for a test to kill them half-way."""

import time

import torch

from bench.workload import Context, Prepared, Work, workload


@workload(lesson="Pace", axes={"place": (1, 2, 3, 4)}, quick={"place": (1, 2, 3, 4)})
def paced(ctx: Context, place: int) -> Prepared:
    """Sleeps 2 ms a step."""

    def step() -> torch.Tensor:
        time.sleep(0.002)
        return torch.ones(1)

    return Prepared(step=step, check=lambda out: ctx.relative_error(out, torch.ones(1)), work=Work(flops=1, items=1))
