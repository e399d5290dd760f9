"""Matrix multiplication: the work grows with the cube of the size, what must be moved with its square.

A product of small matrices measures the cost of asking for it, one of large matrices the arithmetic of the machine; the
round trip adds what the course leaves unsaid, the way to the device and back.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch

from bench.workload import Context, Prepared, Work, workload
from workloads._course import Normals

SAMPLED_ROWS = 64
"""Rows of the product that are checked, so that the oracle costs 64/size of the work."""


def product(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """A·B; a Python function, since torch.jit.script takes no builtin."""
    return torch.mm(a, b)


def sampled_rows(ctx: Context, a: torch.Tensor, b: torch.Tensor) -> Callable[[torch.Tensor], float]:
    """A check of A·B on rows drawn at random, against float64 on the CPU."""
    rows = torch.randperm(len(a), generator=ctx.generator)[:SAMPLED_ROWS]
    exact = a.cpu()[rows].double() @ b.cpu().double()
    return lambda out: ctx.relative_error(out.cpu()[rows], exact)


def product_work(ctx: Context, size: int) -> Work:
    """Work of one product of two (size, size) matrices."""
    return Work(flops=2 * size**3, bytes=3 * size**2 * ctx.dtype.itemsize, kernels=1, items=1, unit="product")


@workload(
    lesson="GPU acceleration",
    axes={"size": (1000, 64, 256, 1024, 2048, 4096)},
    quick={"size": (64, 256, 1000)},
    modes="all",
    dtypes=("float32", "float64", "float16", "bfloat16"),
)
def square(ctx: Context, size: int) -> Prepared:
    """C = A·B for square A, B: (size, size) → (size, size).

    Course:
        compute on the device
    Answer:
        64 rows of C, drawn at random, against the same rows multiplied in float64.
    Work:
        2·size³ flops; 3·size² numbers moved: A and B read, C written; one kernel; one product.
    Expect:
        Time is flat while the call costs more than its arithmetic, then grows with size³. Modes agree at large sizes,
        for all of them call the same library, and differ at small ones by the cost of a call. A device pays once the
        product outweighs its launch. Halves pay only where the processor has instructions for them: a CPU may be twice
        as fast in bfloat16 as in float32 and a hundred times slower in float16.
    """
    a, b = ctx.randn(size, size), ctx.randn(size, size)
    return Prepared(step=ctx.mode(product, a, b), check=sampled_rows(ctx, a, b), work=product_work(ctx, size))


@workload(lesson="GPU acceleration", axes={"size": (1000, 64, 256, 4096)}, quick={"size": 64})
def round_trip(ctx: Context, size: int) -> Prepared:
    """Host A, B: (size, size) to the device, C = A·B there, C back on the host.

    The course creates one factor on the device; here both travel, as data from a file would. The host memory is
    pageable, as in the course.

    Course:
        move to the device; move back
    Answer:
        64 rows of C, drawn at random, against the same rows multiplied in float64.
    Work:
        2·size³ flops; 3·size² numbers moved: A and B there, C back; one kernel besides the copies; one product.
    Expect:
        On the CPU both copies are no-ops that return the tensor itself, and the round trip is the product. On a device
        the copies grow with size² and the product with size³: at small sizes the way there and back is most of the
        time, and the size from which the device pays is larger than `matmul/square` promises.
    """
    a, b = ctx.randn(size, size).cpu(), ctx.randn(size, size).cpu()

    def to_device() -> tuple[torch.Tensor, torch.Tensor]:
        return a.to(ctx.device), b.to(ctx.device)

    there = to_device()
    return Prepared(
        step=lambda: product(*to_device()).to("cpu"),
        check=sampled_rows(ctx, a, b),
        work=product_work(ctx, size),
        phases={
            "to_device": to_device,
            "compute": partial(product, *there),
            "to_host": partial(product(*there).to, "cpu"),
        },
    )


@workload(
    lesson="GPU acceleration",
    axes={"where": ("device", "host"), "size": (1000, 64, 256, 4096)},
    quick={"where": ("device", "host"), "size": (64, 1000)},
)
def create_on_device(ctx: Context, where: str, size: int) -> Prepared:
    """Standard normal numbers on the device, drawn there, or drawn on the host and moved: → (size, size).

    The generator is put back in every step, without which no answer would be known; the phase `draw` is the draw alone,
    `to_device` the way.

    Course:
        create on the device
    Answer:
        The numbers of a second generator of the same seed on the same device, and a mean and a mean square within ten
        standard errors of 0 and 1.
    Work:
        size² numbers written; one kernel; one item a number.
    Expect:
        On the CPU both are one and the same, several nanoseconds a number, and more threads do not help: one generator
        gives its numbers in order. A GPU's generator counts in place of remembering (Philox), so that thousands of
        threads draw at once, and nothing has to travel.
    """
    host = torch.device("cpu")
    normals = Normals(ctx, (size, size), ctx.device if where == "device" else host)
    drawn = normals.again()
    phases: dict[str, Callable[[], torch.Tensor]] = {"draw": normals.draw}
    if where == "host":
        phases["to_device"] = partial(drawn.to, ctx.device)

    def check(out: torch.Tensor) -> float:
        return max(normals.error(out), ctx.within(out.device.type == ctx.device.type, 1, 1))

    return Prepared(
        step=normals.again if where == "device" else lambda: normals.again().to(ctx.device),
        check=check,
        work=Work(flops=0, bytes=size**2 * ctx.dtype.itemsize, kernels=1, items=size**2, unit="number"),
        phases=phases,
    )
