"""The highest rate of arithmetic: products of square matrices."""

from __future__ import annotations

from functools import partial
from time import perf_counter

import torch

from bench.workload import Context, Prepared, Work, workload

FLOPS_A_THREAD = 2 * 2048**3
"""Flops of one product that a thread of a CPU is asked for: half a second at most, where a thread does 40 GFLOP/s."""

PROBED, LONGEST_S = 256, 4.0
"""Size of a product that tells how long a larger one takes, and the longest that a CPU is asked for, in seconds. A CPU
without instructions for float16 does 1.3 GFLOP/s here: 1.6 s for a product of 1024, 13 s for one of 2048."""


def probe_s(ctx: Context) -> float:
    """Seconds that a product of size `PROBED` takes, the least of three."""
    a = ctx.place(torch.ones(PROBED, PROBED))
    seconds = []
    for _ in range(3):
        started = perf_counter()
        torch.mm(a, a)
        seconds.append(perf_counter() - started)
    return min(seconds)


@workload(
    lesson="Calibration",
    axes={"size": (2048, 256, 512, 1000, 1024, 4096, 8192)},
    quick={"size": (256, 512, 1000, 1024, 4096, 8192)},
    dtypes=("float32", "float64", "float16", "bfloat16"),
    role="calibration",
)
def product(ctx: Context, size: int) -> Prepared:
    """C = A·B into memory that is there: (size, size) → (size, size).

    Answer:
        64 rows of C, drawn at random, against the same rows multiplied in float64.
    Work:
        2·size³ flops; 3·size² numbers moved: A and B read, C written; one kernel; one product.
    Expect:
        The rate of arithmetic rises with size until all units of the processor are busy: a core of a CPU is there at
        256, a GPU or many cores take 4096 and more. The peak is the highest rate of all: rows of 2ⁿ numbers fall on the
        same lines of a cache, and 1000 may be faster than 1024, by a tenth in float32 and twice in float16. A CPU skips
        what asks more than 2048 does of a thread, since it takes seconds and is no faster, and what a product of 256
        says would take longer than 4 s.
    """
    if ctx.device.type == "cpu" and 2 * size**3 > FLOPS_A_THREAD * torch.get_num_threads():
        ctx.skip(f"a product of size {size} takes a CPU with so few threads seconds, and finds no higher rate")
    if ctx.device.type == "cpu" and size > PROBED:
        seconds = probe_s(ctx) * (size / PROBED) ** 3
        if seconds > LONGEST_S:
            ctx.skip(f"a product of size {size} would take this CPU about {seconds:.0f} s in {ctx.dtype}")
    a, b = ctx.randn(size, size), ctx.randn(size, size)
    out = torch.empty_like(a)
    rows = torch.randperm(size, generator=ctx.generator)[:64]
    exact = a.cpu()[rows].double() @ b.cpu().double()

    def check(found: torch.Tensor) -> float:
        error = ctx.relative_error(found.cpu()[rows], exact)
        out.fill_(torch.nan)  # what the next step does not write stays wrong
        return error

    work = Work(flops=2 * size**3, bytes=3 * size**2 * ctx.dtype.itemsize, kernels=1, items=1, unit="product")
    return Prepared(step=partial(torch.mm, a, b, out=out), check=check, work=work)
