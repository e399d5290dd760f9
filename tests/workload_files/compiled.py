"""Cases that are compiled: instances of one class, which share a code object."""

import os
import tempfile
from pathlib import Path

import torch

from bench.workload import Context, Prepared, Work, workload

if folder := os.environ.get("COMPILED_TMPDIR"):
    tempfile.gettempdir()  # Python's own choice is made, and with it where precompiled headers lie
    os.environ["TMPDIR"] = folder  # where torch unpacks a library that was compiled ahead


class Scale(torch.nn.Module):
    """x → factor·x + 1."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Same shape as x."""
        return self.factor * x + 1


def files() -> dict[str, float]:
    """How many packages lie in the compiler's cache, and files where torch unpacks them."""
    cache, unpacked = (os.environ.get(name, "") for name in ("TORCHINDUCTOR_CACHE_DIR", "COMPILED_TMPDIR"))
    return {
        "packages": len(list(Path(cache).rglob("*.pt2"))) if cache else 0,
        "unpacked": len(list(Path(unpacked).iterdir())) if unpacked else 0,
    }


@workload(lesson="Compile", axes={"factor": (1, 2)}, modes="all")
def scaled(ctx: Context, factor: int) -> Prepared:
    """factor·x + 1 for x: (1000 + factor,), so that shape and constant differ in every case."""
    x = ctx.randn(1000 + factor)
    exact = factor * x.double() + 1
    return Prepared(
        step=ctx.mode(Scale(float(factor)), x),
        check=lambda out: ctx.relative_error(out, exact),
        work=Work(flops=2 * x.numel(), items=x.numel(), unit="number"),
        quality=files,
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
