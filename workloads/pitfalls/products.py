"""Mistakes in timing a product: not waiting for it, drawing its factors beside it, or making them of zeros."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import torch

from bench.workload import Context, Prepared, Work, workload
from workloads._course import Normals, in_float64

CHECKED_ROWS = 64
"""Rows of a product that are checked, so that the oracle costs 64/size of the work."""


def product_error(ctx: Context, a: torch.Tensor, b: torch.Tensor) -> Callable[[torch.Tensor], float]:
    """A check of A·B on its first rows, against float64 on the CPU."""
    exact = in_float64(a[:CHECKED_ROWS]) @ in_float64(b)
    return lambda out: ctx.relative_error(out[:CHECKED_ROWS], exact)


def product_work(ctx: Context, size: int) -> Work:
    """Work of one product of two (size, size) matrices."""
    return Work(flops=2 * size**3, bytes=3 * size**2 * ctx.dtype.itemsize, kernels=1, items=1, unit="product")


class Stopwatch:
    """A student's own clock around a call. `wait` is what is done before it is read again."""

    READINGS = 101
    """How many are kept: the last, so that nothing grows and no first call is among them."""

    def __init__(self, wait: Callable[[], Any]) -> None:
        self.wait = wait
        self.shown: deque[float] = deque(maxlen=self.READINGS)

    def __call__(self, call: Callable[[], torch.Tensor]) -> torch.Tensor:
        """The output of `call`, timed."""
        started = perf_counter()
        out = call()
        self.wait()
        self.shown.append(perf_counter() - started)
        return out


@workload(
    lesson="Pitfalls",
    axes={"form": ("mistake", "cure"), "size": (1000, 4096)},
    quick={"form": ("mistake", "cure"), "size": 1000},
)
def no_synchronise(ctx: Context, form: str, size: int) -> Prepared:
    """A student times C = A·B: (size, size) → (size, size) with a clock of their own, inside the step.

    A call on a GPU returns once its work is queued. The mistake reads the clock then; the cure calls `synchronize`
    before. CUDA only. The factor is of the reported number, not of the time: the harness waits for all work in both
    forms. `quality` has what the student's clock showed (`reported_s`, the median of the last readings), and how many
    times longer a call takes that is waited for (`error_factor`).

    Answer:
        64 rows of C against the same rows multiplied in float64; it is right in both forms.
    Work:
        2·size³ flops; 3·size² numbers moved; one kernel; one product.
    Expect:
        The mistake reports the cost of a launch, the same for every size, so that its `error_factor` grows with size³
        and has no upper end; the cure's is 1. By the harness's clock the cure is the slower one, a little: it waits
        after each step, where the launches of the mistake overlap with the work before them.
    """
    if ctx.device.type != "cuda":
        ctx.skip("calls on the CPU end when their work is done: there is nothing to forget")
    a, b = ctx.randn(size, size), ctx.randn(size, size)

    def product() -> torch.Tensor:
        return torch.mm(a, b)

    def synchronise() -> None:
        torch.cuda.synchronize(ctx.device)

    watch = Stopwatch(synchronise if form == "cure" else lambda: None)

    def quality() -> dict[str, float]:
        truth = Stopwatch(synchronise)
        for _ in range(Stopwatch.READINGS):
            truth(product)
        reported = median(watch.shown)
        return {"reported_s": reported, "error_factor": median(truth.shown) / reported}

    return Prepared(
        step=lambda: watch(product), check=product_error(ctx, a, b), work=product_work(ctx, size), quality=quality
    )


@workload(
    lesson="Pitfalls",
    axes={"form": ("mistake", "cure"), "size": (1000, 64, 256)},
    quick={"form": ("mistake", "cure"), "size": 64},
)
def random_numbers_inside(ctx: Context, form: str, size: int) -> Prepared:
    """C = A·B: (size, size) → (size, size), its random factors drawn inside the timed region, or before it.

    The mistake times `randn` and calls it a product. The factor is of the reported number: the product is the same
    in both forms. The generator is put back in the step, which costs less than a microsecond, so that the numbers are.

    Answer:
        64 rows of C against the same rows multiplied in float64, of factors drawn once more from the same seed.
    Work:
        2·size³ flops; 3·size² numbers moved; one kernel; one product: the drawing is not counted, it is the mistake.
    Expect:
        A CPU draws its numbers in a row from one generator and puts each through a logarithm and a sine: 2·size² of
        them take several times as long as a product of 64, and at 1000, where the product has grown with size³, still
        about half of its time. A device draws in parallel; at small sizes the factor is that of the kernels launched.
    """
    numbers = Normals(ctx, (2, size, size), ctx.device)
    drawn = numbers.again()
    factors = numbers.again if form == "mistake" else lambda: drawn
    return Prepared(step=lambda: torch.mm(*factors()), check=product_error(ctx, *drawn), work=product_work(ctx, size))


@workload(
    lesson="Pitfalls",
    axes={"form": ("mistake", "cure"), "size": (1000, 64)},
    quick={"form": ("cure", "mistake"), "size": 64},
)
def zeros_as_data(ctx: Context, form: str, size: int) -> Prepared:
    """C = A·B: (size, size) → (size, size), of zeros or of random numbers.

    The mistake takes `torch.zeros` for test data, since a time needs no values. The factor is of what is noticed:
    `quality` has whether the check of the answer refuses B·A in place of A·B (`wrong_answer_noticed`: 1 or 0); the
    factor of time stands beside it.

    Answer:
        64 rows of C against the same rows multiplied in float64. Of zeros that is 0, whatever is computed.
    Work:
        2·size³ flops; 3·size² numbers moved; one kernel; one product.
    Expect:
        Zeros answer every question with 0: the check sees nothing. The time of the product is nearly the same on a CPU,
        whose clock hardly depends on the numbers. A GPU that is held back by its power limit switches fewer transistors
        on zeros and runs faster, on numbers that nobody has.
    """
    a, b = ctx.randn(size, size), ctx.randn(size, size)
    if form == "mistake":
        a, b = torch.zeros_like(a), torch.zeros_like(b)
    error = product_error(ctx, a, b)
    return Prepared(
        step=lambda: torch.mm(a, b),
        check=error,
        work=product_work(ctx, size),
        # a right answer is wrong by rounding, B·A by more than its own size
        quality=lambda: {"wrong_answer_noticed": float(error(torch.mm(b, a)) > 0.1)},
    )
