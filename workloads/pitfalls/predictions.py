"""Mistakes in timing predictions: the first call, a last batch of another shape, a graph that nobody needs."""

from __future__ import annotations

import io
from collections.abc import Callable

import torch

from bench.workload import Context, Prepared, Work, workload
from workloads._course import PRODUCTS, TRAIN_ROWS, WEIGHTS, in_float64, regression_net
from workloads._data import regression_data


def predictions(ctx: Context, x: torch.Tensor) -> torch.Tensor:
    """The untrained net's predictions (rows, 1) for x (rows, 1), in float64 on the CPU."""
    with torch.no_grad():
        return in_float64(regression_net(ctx))(in_float64(x))


def forward_work(ctx: Context, rows: int, calls: int = 1) -> Work:
    """Work of the net's predictions of `rows` rows in `calls` batches; formula in the docstrings that use it."""
    moved = (2 * rows + WEIGHTS) * ctx.dtype.itemsize
    return Work(flops=2 * PRODUCTS * rows, bytes=moved, kernels=4 * calls, items=rows, unit="row")


WARM_CALLS = 5
"""TorchScript watches its first call and optimises in its second; from the third on, calls cost the same."""


@workload(lesson="Pitfalls", axes={"form": ("mistake", "cure")}, quick={"form": ("mistake", "cure")})
def first_call_timed(ctx: Context, form: str) -> Prepared:
    """The first call of a TorchScript program just loaded, or its sixth: the net on the test rows, (200, 1) → (200, 1).

    `reset`, untimed, loads the traced net anew. The mistake times its first call; the cure makes five calls before
    that one. The factor is of the reported number: both are the same call, but one of them is made once.

    Answer:
        Predictions against the eager net in float64; they are right in both forms.
    Work:
        2·6240·200 flops, matrix products alone; 2·200 + 6401 numbers moved; 4 kernels; one item a row.
    Expect:
        The first call records shapes and the second optimises for them: measured on CPUs, ten to twenty times a later
        one. The factor shrinks as the work grows, and is larger still for what is done once a process, which no reset
        brings back: loading libraries, making a CUDA context, compiling. `bench` keeps first calls apart for that.
    """
    x = regression_data(ctx).x_test
    exact = predictions(ctx, x)
    saved = io.BytesIO()

    # torch.jit is deprecated; what is shown holds for whatever is loaded or compiled
    torch.jit.save(torch.jit.trace(regression_net(ctx).eval(), x), saved)
    program: Callable[[torch.Tensor], torch.Tensor]

    @torch.no_grad()
    def reset() -> None:
        nonlocal program
        saved.seek(0)
        program = torch.jit.load(saved, map_location=ctx.device)
        for _ in range(WARM_CALLS if form == "cure" else 0):
            program(x)

    @torch.no_grad()
    def step() -> torch.Tensor:
        return program(x)

    return Prepared(
        step=step,
        check=lambda out: ctx.relative_error(out, exact),
        work=forward_work(ctx, len(x)),
        reset=reset,
    )


RAGGED_BATCH = 128
"""A batch that 800 rows do not fill: six of them and 32 rows more."""


@workload(
    lesson="Pitfalls",
    axes={"form": ("mistake", "cure")},
    quick={"form": ("mistake", "cure")},
    modes=("eager", "compile"),
)
def ragged_last_batch(ctx: Context, form: str) -> Prepared:
    """Predictions of the net for 800 rows in seven batches of 128, the last of 32 rows or filled up to 128.

    The mistake leaves the last batch ragged, a second shape; the cure repeats rows to fill it, outside the step, and
    drops their predictions. Both answer the same 800 rows, which makes the comparison fair; `drop_last` would answer
    768, and the cure is charged for the 96 rows it computes in vain. The factor is of compile time: look at first
    call, cold and warm, in mode compile, and not at the speed-up of the steps.

    Answer:
        All 800 predictions against the eager net in float64; they are right in both forms.
    Work:
        2·6240·800 flops, matrix products alone; 2·800 + 6401 numbers moved; 28 kernels, one a matrix product and
        batch; one item a row.
    Expect:
        In mode compile, with `dynamic=False` as everywhere here, each shape is compiled for itself, in the first step:
        two graphs in place of one. Measured on a CPU with a cold cache, the second took about a third of the first,
        which also pays for what the compiler loads once. The steps after it cost nearly the same, and so does
        everything in eager mode. Without `dynamic=False` torch compiles the second shape for all sizes, once.
    """
    data = regression_data(ctx)
    x = data.x_train
    model = regression_net(ctx).eval()
    missing = -TRAIN_ROWS % RAGGED_BATCH if form == "cure" else 0
    batches = torch.cat((x, x[:missing])).split(RAGGED_BATCH)
    forwards = [ctx.mode(model, batch) for batch in batches]
    exact = predictions(ctx, x)

    @torch.no_grad()
    def step() -> torch.Tensor:
        return torch.cat([forward() for forward in forwards])[:TRAIN_ROWS]

    return Prepared(
        step=step,
        check=lambda out: ctx.relative_error(out, exact),
        work=forward_work(ctx, TRAIN_ROWS, calls=len(batches)),
    )


@workload(
    lesson="Pitfalls",
    axes={"form": ("mistake", "cure"), "rows": (800, 32, 8000)},
    quick={"form": ("mistake", "cure"), "rows": 32},
)
def graph_in_evaluation(ctx: Context, form: str, rows: int) -> Prepared:
    """Predictions of the net in eval mode: (rows, 1) → (rows, 1), with the graph of a backward pass that never comes.

    The mistake takes `model.eval()` to be enough; the cure adds `no_grad`. The factor is of time; the peak memory
    of the two cases shows the other price.

    Answer:
        Predictions against float64; they are right in both forms.
    Work:
        2·6240 flops a row, matrix products alone; 2·rows + 6401 numbers moved; 4 kernels; one item a row.
    Expect:
        A graph costs some microseconds a call to build, which is felt at few rows and lost at many. It keeps what each
        layer put out, some 160 numbers a row, until the predictions are dropped; a list of them keeps it all.
    """
    x = regression_data(ctx, max(rows, TRAIN_ROWS)).x_train[:rows]
    model = regression_net(ctx).eval()
    exact = predictions(ctx, x)

    @torch.no_grad()
    def without_graph() -> torch.Tensor:
        return model(x)

    return Prepared(
        step=without_graph if form == "cure" else lambda: model(x),
        check=lambda out: ctx.relative_error(out, exact),
        work=forward_work(ctx, rows),
    )
