"""Numbers that are dear for another reason than their count: nearer to zero than the least normal float."""

from __future__ import annotations

from bench.workload import Context, Prepared, Work, workload


@workload(lesson="own", axes={"scale": (1.0, 1e-39)})
def product(ctx: Context, scale: float) -> Prepared:
    """Numbers of this scale times ten.

    Answer: the same in float64.
    Work: a product a number."""
    x = ctx.place(ctx.randn(100_000).double() * scale)
    exact = x.double() * 10
    # The error is relative to the least normal number: the last digits of a smaller one are few.
    smallest = max(exact.abs().max().item(), 1.2e-38)
    return Prepared(
        step=lambda: x * 10,
        check=lambda y: ((y.double() - exact).abs().max() / smallest).item(),
        work=Work(flops=100_000, items=100_000, unit="number"),
    )
