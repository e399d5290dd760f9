"""A loss of one's own: as a module that spells the arithmetic out, and from what torch has built in.

Any function of tensors is a loss, for autograd finds its gradient. Written out it costs more operations than the
built-in one; how much that matters, and what a compiler makes of it, depends on the number of rows.
"""

from __future__ import annotations

import torch
from torch import nn

from bench.workload import Context, Prepared, Work, workload

L1_SHARE = 0.1
"""Weight of the absolute error beside the squared one; the course's."""


class CustomLoss(nn.Module):
    """Mean squared error and a tenth of the mean absolute error, written out: (rows, 1), (rows, 1) → ()."""

    def forward(self, predictions: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The loss of `predictions`."""
        mse = torch.mean((predictions - targets) ** 2)
        l1 = torch.mean(torch.abs(predictions - targets))
        return mse + 0.1 * l1


def built_in(predictions: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The same loss of the two that torch brings."""
    return nn.functional.mse_loss(predictions, targets) + 0.1 * nn.functional.l1_loss(predictions, targets)


@workload(
    lesson="Custom loss functions",
    axes={"form": ("module", "built_in"), "rows": (800, 10**6)},
    quick={"form": ("module", "built_in"), "rows": 800},
    modes="differentiable",
)
def custom(ctx: Context, form: str, rows: int) -> Prepared:
    """MSE + 0.1·L1 of predictions and targets (rows, 1), and its gradient: () and (rows, 1).

    `module` is the course's class, which takes the difference twice and squares it as a power; `built_in` is
    `F.mse_loss` and `F.l1_loss`. The mode applies to the loss, and where it compiles to its backward pass; the call of
    `backward` is eager. Predictions and targets are standard normal numbers, and the gradient is that of the
    predictions: where a net would take over.

    Course:
        a custom loss
    Answer:
        With d = predictions - targets, in float64: the mean of d² + 0.1·|d|, and (2·d + 0.1·sign d)/rows at each row.
    Work:
        8 flops a row: 5 forward (difference, square, absolute value, two sums), 3 backward (d and its sign scaled, and
        added); 3 numbers a row moved: prediction and target read, gradient written; 2 kernels, one pass forward and
        one back, were all fused; one item a row.
    Expect:
        At 800 rows a dozen small calls either way, so that the forms are level. At a million rows every operation is a
        pass over memory, of which the module has more: on a CPU it is slower by half. Compiled, both become a few
        passes, alike, and several times faster than eager.
    """
    predictions = ctx.randn(rows, 1).requires_grad_()
    targets = ctx.randn(rows, 1)
    forward = ctx.mode(CustomLoss() if form == "module" else built_in, predictions, targets)
    exact = by_hand(predictions, targets)

    def step() -> tuple[torch.Tensor, torch.Tensor | None]:
        predictions.grad = None
        loss = forward()
        loss.backward()
        return loss.detach(), predictions.grad

    return Prepared(
        step=step,
        check=lambda out: max(map(ctx.relative_error, out, exact)),
        work=Work(flops=8 * rows, bytes=3 * rows * ctx.dtype.itemsize, kernels=2, items=rows, unit="row"),
    )


def by_hand(predictions: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Loss and gradient in float64 on the CPU, without autograd."""
    away = predictions.detach().cpu().double() - targets.cpu().double()
    loss = (away.square() + L1_SHARE * away.abs()).mean()
    return loss, (2 * away + L1_SHARE * away.sign()) / len(away)
