"""Feeding a net in batches: what a DataLoader costs when the data are small and in memory.

A DataLoader fetches row by row and stacks the rows into a batch, in Python. That is the price of a general tool; slices
of a shuffled index give the same batches in the same order without it.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

from bench.workload import Context, Prepared, workload
from workloads._course import TRAIN_ROWS, Training, in_float64, regression_data, regression_net, training_work

STRAY = 1e-3
"""How far the last loss of a right epoch may be from float64. Over the seeds 0 to 999 at batch 32 the farthest was
8e-5 (median 4e-8): Adam takes a full step along a gradient however small, and the sign of a small one is rounding. The
weights are therefore held, to the dtype's own tolerance, to the plain loop in the case's own dtype."""


class Slices:
    """Batches as slices of a shuffled index. Each `for` is a new epoch, as with a DataLoader."""

    def __init__(self, x: torch.Tensor, y: torch.Tensor, batch: int, shuffle: torch.Generator) -> None:
        self.x, self.y, self.batch, self.shuffle = x, y, batch, shuffle

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        order = torch.randperm(len(self.x), generator=self.shuffle).to(self.x.device)
        for rows in order.split(self.batch):
            yield self.x[rows], self.y[rows]


def course_loader(x: torch.Tensor, y: torch.Tensor, batch: int, shuffle: torch.Generator) -> DataLoader:
    """The course's DataLoader, with the sampler that its `shuffle=True` builds.

    The generator is handed to the sampler alone: a DataLoader that is given it draws a seed for its workers from it
    before the sampler draws the order, which would then differ from that of `Slices`.
    """
    rows = TensorDataset(x, y)
    return DataLoader(rows, batch_size=batch, sampler=RandomSampler(rows, generator=shuffle))


@workload(
    lesson="DataLoader",
    axes={"loader": ("dataloader", "sliced", "device_resident"), "batch": (32, 128, 800)},
    quick={"loader": ("dataloader", "sliced", "device_resident"), "batch": 32},
)
def epoch(ctx: Context, loader: str, batch: int) -> Prepared:
    """One training epoch of the net 1-64-64-32-1 over 800 shuffled rows in batches of (batch, 1).

    `dataloader` is the course's (`num_workers=0`), `sliced` cuts batches from host tensors by a shuffled index, and
    both move each batch to the device; `device_resident` slices tensors that are there already. One seed gives all
    three the same order. Each epoch starts from the same weights and an unused Adam.

    Answer:
        Last loss and all weights against the plain loop in the same order, so that a row missed or seen twice is
        wrong; last loss also against that loop in float64.
    Work:
        2·(3·6240 - 64)·800 flops, matrix products alone; 2·800 numbers moved and 6·6401 for each of ⌈800/batch⌉
        updates; 11 kernels an update; one item a row.
    Expect:
        The DataLoader's own cost is per row and hardly depends on the batch, that of the updates is mostly per batch:
        measured on one CPU, a quarter of the epoch at batch 32 and most of it at batch 800. `sliced` and
        `device_resident` are one and the same work on the CPU; on a device they differ by two copies a batch, each a
        wait of the host.
    """
    data = regression_data(ctx)
    training = Training(regression_net(ctx))
    shuffle = torch.Generator()
    resident = loader == "device_resident"
    x, y = (rows if resident else rows.cpu() for rows in (data.x_train, data.y_train))
    batches = (course_loader if loader == "dataloader" else Slices)(x, y, batch, shuffle)

    order = torch.randperm(TRAIN_ROWS, generator=torch.Generator().manual_seed(ctx.seed))
    plain, exact = Training(regression_net(ctx)), Training(in_float64(regression_net(ctx)))
    plain_loss = plain_epoch(plain, data.x_train, data.y_train, order.split(batch))
    exact_loss = plain_epoch(exact, in_float64(data.x_train), in_float64(data.y_train), order.split(batch))

    def reset() -> None:
        training.rewind()
        shuffle.manual_seed(ctx.seed)

    def step() -> torch.Tensor:
        for batch_x, batch_y in batches:
            outputs = training.model(batch_x.to(ctx.device))
            loss = training.update(outputs, batch_y.to(ctx.device))
        return loss

    def check(loss: torch.Tensor) -> float:
        return max(
            ctx.relative_error(loss, plain_loss),
            ctx.relative_error(training.weights(), plain.weights()),
            ctx.within(ctx.relative_error(loss, exact_loss), 0, STRAY),
        )

    return Prepared(
        step=step,
        check=check,
        work=training_work(ctx, TRAIN_ROWS, updates=-(-TRAIN_ROWS // batch)),
        reset=reset,
    )


def plain_epoch(
    training: Training, x: torch.Tensor, y: torch.Tensor, batches: tuple[torch.Tensor, ...]
) -> torch.Tensor:
    """The loop without any loader over `batches` of row numbers; the last loss."""
    for rows in batches:
        loss = training.update(training.model(x[rows]), y[rows])
    return loss
