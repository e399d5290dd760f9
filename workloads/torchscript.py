"""From training to production: the same net, answering in every execution mode.

TorchScript was the course's road to production; torch.compile and torch.export took its place. The net's answer is the
same in each, so that the modes may be compared by their time alone, and by what it costs to get there.
"""

from __future__ import annotations

import torch

from bench.workload import Context, Prepared, Work, workload
from workloads._course import PRODUCTS, TRAIN_ROWS, WEIGHTS, in_float64, regression_net
from workloads._data import regression_data


@workload(
    lesson="Production-ready with TorchScript",
    axes={"batch": (32, 1, 800, 8000)},
    quick={"batch": (1, 32)},
    modes="all",
)
def inference(ctx: Context, batch: int) -> Prepared:
    """Predictions of the net 1-64-64-32-1 in eval mode under `no_grad`: (batch, 1) → (batch, 1).

    The call is put under `no_grad`, not the module: scripted, traced and compiled forwards are the modules they would
    be in production. The weights are untrained, which changes no time.

    `bench show --phases` tells the cost of getting there: `build` makes the graph (scripting, tracing, freezing,
    exporting, compiling ahead; imports count where a mode has a process of its own, as compile and AOTInductor have),
    `first_call` is the first answer, and `compile_cold` and `compile_warm` are whichever of the two calls the compiler,
    with an empty cache folder and with that of an earlier process.

    Course:
        TorchScript
    Answer:
        Predictions against the eager net in float64, relative to its largest output over the course's rows: a single
        prediction may be near zero.
    Work:
        2·6240 flops a row, matrix products alone; 2 numbers a row moved, x read and the prediction written, and
        the 6401 weights read; 4 kernels, one a matrix product; one item a row.
    Expect:
        Below some hundred rows time is the cost of seven calls, which is where modes differ. Measured for one row on
        one CPU: script, trace, frozen and AOTInductor leave Python out and take about half of eager's time; freezing
        gains little over script, for this net has nothing to fold. A compiled and an exported net check their inputs in
        Python at each call and take about twice eager's and more: export is a format, not a speed. At 8000 rows it is
        arithmetic, and modes draw together. Getting there costs tens of milliseconds for script and frozen, a tenth of
        a second for trace, some tenths for export, ten seconds for compile, and more for AOTInductor, which compiles
        anew whatever its cache holds: half a minute pays after a million calls that each save 30 us. A device answers
        one row no faster than many, so it pays by throughput, not by latency.
    Since:
        torch 2.13: `torch.jit` is deprecated: `torch.jit.script`, `torch.jit.trace` and `torch.jit.freeze` say so by a
        `DeprecationWarning`, which Python shows in a script alone, and work on. The cure is `torch.compile` where
        Python is at hand, `torch.export` with AOTInductor where it is not.

        torch 2.14 and newer: `torch.jit` is deprecated: `torch.jit.script`, `torch.jit.trace` and `torch.jit.freeze`
        say so by a `FutureWarning`, and work on; on Python 3.14 the first two are "not supported" and "may break". The
        cure is `torch.compile` where Python is at hand, `torch.export` with AOTInductor where it is not.
    """
    x = regression_data(ctx, max(batch, TRAIN_ROWS)).x_train
    model = regression_net(ctx).eval()
    forward = ctx.mode(model, x[:batch])

    with torch.no_grad():
        exact = in_float64(regression_net(ctx)).eval()(in_float64(x))
    share = (exact[:batch].abs().max() / exact.abs().max()).item()

    @torch.no_grad()
    def step() -> torch.Tensor:
        return forward()

    return Prepared(
        step=step,
        check=lambda out: share * ctx.relative_error(out, exact[:batch]),
        work=Work(
            flops=2 * PRODUCTS * batch,
            bytes=(2 * batch + WEIGHTS) * ctx.dtype.itemsize,
            kernels=4,
            items=batch,
            unit="row",
        ),
    )
