"""Reduced precision by a switch and not by dtype: declared, not declared, and off by more than what is declared."""

from __future__ import annotations

import torch

from bench.workload import Context, Prepared, Work, workload

WORK = Work(flops=2 * 128**3, items=1, unit="product")


@workload(lesson="own", axes={"amp": (False, True)}, quick={"amp": (False, True)})
def declared(ctx: Context, amp: bool) -> Prepared:
    """A layer under autocast: bfloat16 inside, float32 at the rim.

    Answer: the same in float64.
    Work: a product."""
    x, w = ctx.randn(128, 128), ctx.randn(128, 128)
    exact = x.double() @ w.double()

    def step() -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=amp):
            return (x @ w).float()

    return Prepared(
        step=step,
        check=lambda y: ctx.relative_error(y, exact),
        work=WORK,
        compute_dtype=torch.bfloat16 if amp else None,
    )


@workload(lesson="own", axes={"amp": (False, True)}, quick={"amp": (False, True)})
def undeclared(ctx: Context, amp: bool) -> Prepared:
    """The same, whose author says nothing of it.

    Answer: the same in float64.
    Work: a product."""
    x, w = ctx.randn(128, 128), ctx.randn(128, 128)
    exact = x.double() @ w.double()

    def step() -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=amp):
            return (x @ w).float()

    return Prepared(step=step, check=lambda y: ctx.relative_error(y, exact), work=WORK)


@workload(lesson="own", axes={"off": (0.05, 0.07, 0.0)})
def beyond(ctx: Context, off: float) -> Prepared:
    """A product in bfloat16, off by a share of the largest number; the tolerance of bfloat16 is 0.06.

    Answer: the same in float64.
    Work: a product."""
    x, w = ctx.randn(128, 128), ctx.randn(128, 128)
    exact = x.double() @ w.double()
    scale = exact.abs().max().item()

    def step() -> torch.Tensor:
        return x @ w + off * scale

    return Prepared(step=step, check=lambda y: ctx.relative_error(y, exact), work=WORK, compute_dtype=torch.bfloat16)


@workload(lesson="own", axes={"form": ("float8_e4m3fn", "tf32", "bfloat16")})
def names_a_format(ctx: Context, form: str) -> Prepared:
    """Declares a number format by its name.

    Answer: a one.
    Work: nothing."""
    return Prepared(step=lambda: torch.ones(1), check=lambda y: 0.0, work=WORK, compute_dtype=form)  # type: ignore[arg-type]  # the mistake


@workload(
    lesson="own",
    axes={"layout": ("contiguous", "channels_last")},
    quick={"layout": ("contiguous", "channels_last")},
)
def layout(ctx: Context, layout: str) -> Prepared:
    """A convolution of images in either memory format.

    Answer: the same in float64.
    Work: a convolution."""
    form = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    x, w = (ctx.randn(*shape).contiguous(memory_format=form) for shape in ((4, 16, 32, 32), (16, 16, 3, 3)))
    exact = torch.nn.functional.conv2d(x.double(), w.double())
    return Prepared(
        step=lambda: torch.nn.functional.conv2d(x, w),
        check=lambda y: ctx.relative_error(y, exact),
        work=Work(flops=2 * 4 * 16 * 16 * 9 * 30 * 30, items=4, unit="image"),
    )
