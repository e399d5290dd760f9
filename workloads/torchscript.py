"""From training to production: the same net, answering in every execution mode.

TorchScript was the course's road to production; compile took its place. The net's answer is the same in each, so the
modes may be compared by their time alone.
"""

from __future__ import annotations

import torch

from bench.workload import Context, Prepared, Work, workload
from workloads._course import PRODUCTS, TRAIN_ROWS, WEIGHTS, in_float64, regression_data, regression_net


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

    Answer:
        Predictions against the eager net in float64, relative to its largest output over the course's rows: a single
        prediction may be near zero.
    Work:
        2·6240 flops a row, matrix products alone; 2 numbers a row moved, x read and the prediction written, and
        the 6401 weights read; 4 kernels, one a matrix product; one item a row.
    Expect:
        Below some hundred rows time is the cost of seven calls, which is where modes differ: script and trace leave
        Python out and take about half of eager's time for one row, compile checks its assumptions at each call. At 8000
        rows it is arithmetic, and modes draw together. A device answers one row no faster than many, so it pays by
        throughput, not by latency.
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
