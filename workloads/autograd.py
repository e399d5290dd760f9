"""Automatic differentiation: what one backward pass costs, from a single number to ten million.

At one number the time is bookkeeping: building the graph, walking it, a dozen operations on one element. At ten million
it is memory traffic. The gradient is exact either way, up to rounding.
"""

from __future__ import annotations

import torch

from bench.workload import Context, Prepared, Work, workload

CHECKED_AT_ONCE = 2**20
"""Points the float64 oracle holds at a time (8 MB): all are checked, none of them adds to the memory of the case."""


@workload(lesson="Automatic differentiation")
def polynomial(ctx: Context) -> Prepared:
    """y = x³ + 2x² + 5 at x = 2, forward and backward: (1,) → dy/dx (1,).

    The gradient is cleared in the step, so that 20 stays 20 however often it is called.

    Answer:
        dy/dx = 3x² + 4x = 20, exactly.
    Work:
        5 flops forward (cube and square count as one each), 7 backward; 2 numbers moved: x read, dy/dx written; 2
        kernels, one pass forward and one back, were all fused; one gradient.
    Expect:
        Pure overhead: a dozen operations on one element, so that time is their dispatch and not their arithmetic.
        Precision changes nothing. A device has nothing to gain: each operation becomes a launch around one element.
    """
    x = ctx.place(torch.tensor([2.0])).requires_grad_()

    def step() -> torch.Tensor | None:
        x.grad = None
        y = x**3 + 2 * x**2 + 5
        y.backward()
        return x.grad

    return Prepared(
        step=step,
        check=lambda gradient: ctx.relative_error(gradient, [20.0]),
        work=Work(flops=12, bytes=2 * ctx.dtype.itemsize, kernels=2, items=1, unit="gradient"),
    )


def curve(x: torch.Tensor) -> torch.Tensor:
    """f(x) = sin x + x²/10, point by point."""
    return torch.sin(x) + x**2 / 10


@workload(
    lesson="Computing derivatives",
    axes={"points": (100, 10**4, 10**6, 10**7)},
    quick={"points": (100, 10**4)},
    modes="differentiable",
)
def derivative_curve(ctx: Context, points: int) -> Prepared:
    """f(x) = sin x + x²/10 over [-5, 5], summed and differentiated: (points,) → f'(x) (points,).

    The mode applies to f; the sum and the call of `backward` are eager, and a mode that compiles compiles f's backward.

    Answer:
        f'(x) = cos x + x/5 in float64 at every point.
    Work:
        11 flops a point: 5 forward with the sum, 6 backward; 2 numbers a point moved: x read, f' written; 2 kernels,
        one pass forward and one back, were all fused; one item a point.
    Expect:
        Overhead rules up to some ten thousand points; then time grows with them, on a CPU faster still at 10⁷,
        where every array (40 MB) is a fresh one from the operating system. Eager writes and reads an array for each
        operation; compile fuses them into one pass each way: on a CPU several times faster at a million points, slower
        at a hundred, where its checks are most of the time.
    """
    x = ctx.place(torch.linspace(-5, 5, points, dtype=torch.float64)).requires_grad_()
    forward = ctx.mode(curve, x)

    def step() -> torch.Tensor | None:
        x.grad = None
        forward().sum().backward()
        return x.grad

    def check(gradient: torch.Tensor) -> float:
        pieces = zip(x.detach().split(CHECKED_AT_ONCE), gradient.split(CHECKED_AT_ONCE), strict=True)
        return max(ctx.relative_error(found, derivative(piece.cpu().double())) for piece, found in pieces)

    return Prepared(
        step=step,
        check=check,
        work=Work(flops=11 * points, bytes=2 * points * ctx.dtype.itemsize, kernels=2, items=points, unit="point"),
    )


def derivative(x: torch.Tensor) -> torch.Tensor:
    """f'(x) = cos x + x/5."""
    return torch.cos(x) + x / 5
