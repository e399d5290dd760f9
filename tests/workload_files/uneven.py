"""Steps whose calls do not all cost the same, as where gradients are accumulated over several batches."""

import itertools
import time

import torch

from bench.workload import Context, Prepared, Work, workload

SHORT_S = 0.002


@workload(
    lesson="Uneven calls",
    axes={"every": (4, 1, 2, 8, 16, 32, 64), "times": (11, 2, 5, 20)},
    quick={"every": (4, 1), "times": 11},
)
def accumulated(ctx: Context, every: int, times: int) -> Prepared:
    """Is busy for 2 ms, and in each call whose number is a multiple of `every` for `times` as long.

    With 4 and 11 a call takes 2 ms mostly, and 7 ms on the mean.
    Answer: the sum of ten ones.
    """
    ones, number = torch.ones(10), itertools.count(1)

    def step() -> torch.Tensor:
        end = time.perf_counter() + SHORT_S * (1 if next(number) % every else times)
        while time.perf_counter() < end:
            pass
        return ones.sum()

    return Prepared(step=step, check=lambda out: ctx.relative_error(out, torch.tensor(10.0)), work=Work(items=1))
