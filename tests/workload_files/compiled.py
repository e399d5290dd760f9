"""One workload of which ten cases are compiled: instances of one class, which share a code object."""

import torch

from bench.workload import Context, Prepared, Work, workload


class Scale(torch.nn.Module):
    """x → factor·x + 1."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Same shape as x."""
        return self.factor * x + 1


@workload(lesson="Compile", axes={"factor": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)}, modes="all")
def scaled(ctx: Context, factor: int) -> Prepared:
    """factor·x + 1 for x: (1000 + factor,), so that shape and constant differ in every case."""
    x = ctx.randn(1000 + factor)
    exact = factor * x.double() + 1
    return Prepared(
        step=ctx.mode(Scale(float(factor)), x),
        check=lambda out: ctx.relative_error(out, exact),
        work=Work(flops=2 * x.numel(), items=x.numel(), unit="number"),
    )


@workload(lesson="Compile", modes="all")
def recompiles(ctx: Context) -> Prepared:
    """Compiles a graph anew now and then: the planted mistake."""
    calls = []
    inner = torch.compile(lambda x, n: x * n, dynamic=False)
    x = ctx.randn(1000)
    ctx.mode(torch.sum, x)

    def step() -> torch.Tensor:
        calls.append(1)
        # A number that changes every hundred calls is guarded, and compiled for anew each time.
        return inner(x, 2 + len(calls) // 100)

    return Prepared(step=step, check=lambda out: 0.0, work=Work(flops=1, items=1))


@workload(lesson="Compile", modes="all")
def not_compiled(ctx: Context) -> Prepared:
    """Goes through the mode, and then times something else: the planted mistake."""
    x = ctx.randn(1000)
    ctx.mode(torch.sum, x)
    return Prepared(step=lambda: x + 1, check=lambda out: 0.0, work=Work(flops=1, items=1))
