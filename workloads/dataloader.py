"""Feeding a net in batches: what a DataLoader costs when the data are small and in memory.

A DataLoader fetches row by row and stacks the rows into a batch, in Python. That is the price of a general tool; slices
of a shuffled index give the same batches in the same order without it. Small batches cost more an epoch and need fewer
epochs: which of them learns soonest has to be measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.datasets import make_moons
from torch import Generator, nn
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler, TensorDataset

import workloads._course as course
from bench.workload import Context, Prepared, Work, workload
from workloads._course import MOONS_PRODUCTS, MOONS_WEIGHTS, TRAIN_ROWS, Slices, Training, course_loader, in_float64
from workloads._data import moons, regression_data

STRAY = 1e-3
"""How far the last loss of a right epoch may be from float64. Over the seeds 0 to 999 at batch 32 the farthest was
8e-5 (median 4e-8): Adam takes a full step along a gradient however small, and the sign of a small one is rounding. The
weights are therefore held, to the dtype's own tolerance, to the plain loop in the case's own dtype."""
TARGET = 0.9
"""Test accuracy to train for. A straight line fitted to the training rows gets 0.85 to 0.88: this takes a bent one."""
MOST_EPOCHS = 600
"""Epochs after which a training has failed. In float32 the seeds 0 to 199 took 59 at most (median 23) at batch 128, the
seeds 0 to 39 242 (137) at 800, the seeds 0 to 59 22 (9) at 32."""
TEST_ACCURACY = (0.8, 0.95)
"""After the course's 100 epochs. Over the seeds 0 to 299 it ran from 0.83 to 0.92 (median 0.875), alike in float32 and
float64; the range is that, widened by a third of its width on both sides."""

Batches = Iterable[Sequence[torch.Tensor]]
Fit = tuple[list[float], list[torch.Tensor]]


def batches_of(loader: str, data: course.Split, batch: int, shuffle: Generator, **options: Any) -> Batches:
    """The training rows of `data` by the loader of that name; all but `device_resident` keep them on the host."""
    x, y = (rows if loader == "device_resident" else rows.cpu() for rows in (data.x_train, data.y_train))
    return course_loader(x, y, batch, shuffle, **options) if loader == "dataloader" else Slices(x, y, batch, shuffle)


def plain(x: torch.Tensor, y: torch.Tensor, batch: int, shuffle: Generator) -> Batches:
    """One epoch of batches without any loader."""
    return [(x[rows], y[rows]) for rows in torch.randperm(len(x), generator=shuffle).split(batch)]


@workload(
    lesson="DataLoader",
    axes={
        "loader": ("dataloader", "sliced", "device_resident"),
        "batch": (32, 128, 800),
        "workers": (0, 1, 2),
        "pin": (False, True),
    },
    quick={"loader": ("dataloader", "sliced", "device_resident"), "batch": 32},
)
def epoch(ctx: Context, loader: str, batch: int, workers: int, pin: bool) -> Prepared:
    """One training epoch of the net 1-64-64-32-1 over 800 shuffled rows in batches of (batch, 1).

    `dataloader` is the course's, `sliced` cuts batches from host tensors by a shuffled index, and both move each batch
    to the device; `device_resident` slices tensors that are there already. One seed gives all three the same order.
    Each epoch starts from the same weights and an unused Adam.

    The DataLoader's `workers` are processes that begin and end with the epoch, as they would in the course's loop, by
    the start method of the Python that runs it: `workers/start` compares them. With `pin` its batches are
    put into pinned memory and copied without waiting.

    Course: datasets and loaders; training in batches
    Answer:
        Last loss and all weights against the plain loop in the same order, so that a row missed or seen twice is
        wrong; last loss also against that loop in float64.
    Work:
        2·(3·6240 - 64)·800 flops, matrix products alone; 2·800 numbers moved and 6·6401 for each of ⌈800/batch⌉
        updates; 11 kernels an update; one item a row.
    Expect:
        The DataLoader's own cost is per row and hardly depends on the batch, that of the updates is mostly per batch:
        measured on one CPU, a quarter to a third of the epoch at batch 32 and most of it at batch 800. `sliced` and
        `device_resident` are one and the same work on the CPU; on a device they differ by two copies a batch, each a
        wait of the host. Rows in memory need no workers: starting them takes several times what they are to spare,
        so that two of them made the epoch over 5 times as long at batch 32, over 10 times at batch 800.
    """
    if loader != "dataloader" and (workers or pin):
        ctx.skip(f"workers and pinned memory are options of the DataLoader, and loader={loader} has none")
    if pin and ctx.device.type == "cpu":
        ctx.skip("pinned memory is for copies to a device, and this case stays on the CPU")
    if pin and ctx.device.type == "mps":
        ctx.skip("an Apple GPU works in the memory of the host: there is none to pin")
    data = regression_data(ctx)
    training, by_hand = (Training(course.regression_net(ctx)) for _ in range(2))
    shuffle = Generator()
    batches = batches_of(loader, data, batch, shuffle, workers=workers, pin=pin)

    plain_batches = plain(data.x_train, data.y_train, batch, Generator().manual_seed(ctx.seed))
    plain_loss = by_hand.epoch(plain_batches)
    exact = Training(in_float64(course.regression_net(ctx)))
    exact_loss = exact.epoch([(in_float64(x), in_float64(y)) for x, y in plain_batches])

    def reset() -> None:
        training.rewind()
        shuffle.manual_seed(ctx.seed)

    def check(loss: torch.Tensor) -> float:
        return max(
            ctx.relative_error(loss, plain_loss),
            ctx.relative_error(training.weights(), by_hand.weights()),
            ctx.within(ctx.relative_error(loss, exact_loss), 0, STRAY),
        )

    return Prepared(
        step=lambda: training.epoch(batches, non_blocking=pin),
        check=check,
        work=course.training_work(ctx, TRAIN_ROWS, updates=-(-TRAIN_ROWS // batch)),
        reset=reset,
    )


def until_accurate(training: Training, data: course.Split, epoch: Callable[[], Batches], shuffle: Generator) -> Fit:
    """Train by epochs until the test accuracy is TARGET or MOST_EPOCHS are over: accuracy and last loss of each."""
    accuracies: list[float] = []
    losses: list[torch.Tensor] = []
    seed = shuffle.initial_seed()
    while len(losses) < MOST_EPOCHS and (not losses or accuracies[-1] < TARGET):
        shuffle.manual_seed(seed + len(losses))  # as a RandomSampler draws once more at its end, for no use
        training.model.train()
        losses.append(training.epoch(epoch()))
        training.model.eval()
        with torch.no_grad():
            right = (training.model(data.x_test) > 0.5) == (data.y_test > 0.5)
        accuracies.append(right.sum().item() / len(right))  # the mean of 180 in 200 is below 0.9 in float32
    return accuracies, losses


@workload(
    lesson="DataLoader",
    axes={"loader": ("dataloader", "sliced", "device_resident"), "batch": (32, 128, 800), "draw": (0, 1, 2, 3, 4)},
    quick={"loader": "sliced", "batch": 128},
)
def time_to_accuracy(ctx: Context, loader: str, batch: int, draw: int) -> Prepared:
    """The classifier 2-32-16-1 trained on 800 moons in batches of (batch, 2) until 90 % of the 200 test rows are right.

    They are answered after each epoch, in eval mode; in training dropout is active. Weights, masks and order are those
    of the `draw`, and so is how many epochs it takes. The loaders are those of `dataloader/epoch`; a batch of 800 makes
    one update an epoch, as the course's own loop does. Each training starts anew, with an unused Adam.

    Course: training in batches
    Answer:
        Test accuracy and last loss of each epoch, and so the number of epochs, against the plain loop in the case's own
        dtype, for in another one hundreds of updates stray by whole rows; last accuracy 0.9 or more.
    Work:
        For each epoch that the seed takes, 2·((3·592 - 64)·800 + 592·200) flops, matrix products alone; 3·1000 numbers
        moved and 6·641 for each of ⌈800/batch⌉ updates; 8 kernels an update and 3 a test; one item a training.
    Expect:
        Larger batches make cheaper epochs and need more: draw 0 takes 6, 19 and 110. Sliced, 32 and 128 were level
        here, and 800 took half as long again. The DataLoader pays for each row: at 800 four times as much as at 32.
    """
    data = moons(ctx)
    training, by_hand = (Training(course.classifier(ctx, draw), nn.BCELoss()) for _ in range(2))
    shuffle = Generator()
    batches = batches_of(loader, data, batch, shuffle)

    def reset() -> None:
        training.rewind()
        shuffle.manual_seed(ctx.seed + draw)
        torch.manual_seed(ctx.seed + draw)  # of the masks: dropout draws from the global generator

    reset()  # the oracle draws as the step will
    expected = until_accurate(by_hand, data, lambda: plain(data.x_train, data.y_train, batch, shuffle), shuffle)
    told = {"test_accuracy": expected[0][-1], "loss": expected[1][-1].item()}
    told |= {f"test_accuracy_after_{place}": right for place, right in enumerate(expected[0], start=1)}
    epochs, updates, rows = len(expected[0]), -(-TRAIN_ROWS // batch), TRAIN_ROWS + len(data.x_test)
    products = (3 * MOONS_PRODUCTS - 64) * TRAIN_ROWS + MOONS_PRODUCTS * len(data.x_test)
    return Prepared(
        step=lambda: until_accurate(training, data, lambda: batches, shuffle),
        check=lambda found: max(*map(ctx.relative_error, found, expected), ctx.within(found[0][-1], TARGET, 1)),
        work=Work(
            flops=2 * products * epochs,
            bytes=(3 * rows + 6 * MOONS_WEIGHTS * updates) * epochs * ctx.dtype.itemsize,
            kernels=(8 * updates + 3) * epochs,
            items=1,
            unit="training",
            working_set=3 * (rows + MOONS_WEIGHTS) * ctx.dtype.itemsize,
        ),
        reset=reset,
        quality=lambda: {"epochs": epochs, **told},
    )


@workload(lesson="DataLoader", axes={"batch": (32, 8, 200)}, quick={"batch": 32})
def test_pass(ctx: Context, batch: int) -> Prepared:
    """Loss and accuracy of the classifier 2-32-16-1 by the course's test loader: 200 moons in batches of (batch, 2).

    In eval mode under `no_grad`, after the course's 100 epochs, which are untimed. Both are summed on the device, a
    batch by its rows: the last of 32 has 8.

    Course: the test loader
    Answer:
        Both against the same weights in float64, all rows at once; accuracy in its range over seeds, 0.8 to 0.95.
    Work:
        2·592·200 flops, matrix products alone; 3 numbers a row moved and the 641 weights read; 3 kernels a batch; one
        item a row.
    Expect:
        Time is that of the batches, not of the rows: 200 at once took an eighth of 25 batches of 8.
    """
    data, training = moons(ctx), Training(course.classifier(ctx), nn.BCELoss())
    torch.manual_seed(ctx.seed)  # of the masks
    for _ in range(100):
        training.update(training.model(data.x_train), data.y_train)
    model, rows = training.model.eval(), len(data.x_test)
    loader = DataLoader(TensorDataset(data.x_test.cpu(), data.y_test.cpu()), batch_size=batch, shuffle=False)

    @torch.no_grad()
    def step() -> tuple[torch.Tensor, torch.Tensor]:
        loss = right = torch.zeros((), device=ctx.device, dtype=ctx.dtype)
        for batch_x, batch_y in loader:
            outputs, targets = model(batch_x.to(ctx.device)), batch_y.to(ctx.device)
            loss = loss + training.criterion(outputs, targets) * len(targets)
            right = right + ((outputs > 0.5) == (targets > 0.5)).sum()
        return loss / rows, right / rows

    exact, y = in_float64(deepcopy(model))(in_float64(data.x_test)).detach(), in_float64(data.y_test)
    expected = nn.functional.binary_cross_entropy(exact, y), ((exact > 0.5) == (y > 0.5)).double().mean()
    flops, moved = 2 * MOONS_PRODUCTS * rows, (3 * rows + MOONS_WEIGHTS) * ctx.dtype.itemsize
    return Prepared(
        step=step,
        check=lambda found: max(*map(ctx.relative_error, found, expected), ctx.within(found[1], *TEST_ACCURACY)),
        work=Work(flops=flops, bytes=moved, kernels=3 * -(-rows // batch), items=rows, unit="row"),
    )


class Moons(Dataset[Any]):
    """A dataset of one's own: points in a NumPy array, and what each goes through when it, or some, are fetched."""

    def __init__(self, x: np.ndarray, y: torch.Tensor, *transforms: Callable[[Any], Any]) -> None:
        self.x, self.y, self.transforms = x, y, transforms

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: Any) -> tuple[torch.Tensor, torch.Tensor]:
        x: Any = self.x[rows]
        for transform in self.transforms:
            x = transform(x)
        return x, self.y[rows]


@workload(lesson="Next steps", axes={"form": ("per_row", "batched"), "batch": (32, 128, 800)}, quick={"batch": 32})
def custom_dataset(ctx: Context, form: str, batch: int) -> Prepared:
    """One pass over a dataset of one's own: 800 moons, scaled, jittered and made tensors, in batches of (batch, 2).

    The transforms are applied when a DataLoader fetches: `per_row` to one point at a time, which it then stacks,
    `batched` to a whole batch, which a BatchSampler asks for. Order and noise are the same, new ones in every epoch.

    Course: custom datasets and transforms
    Answer:
        Each point in its place of the order that the seed gives, as (x - mean) / deviation + 0.05·noise in float64, and
        the moon it belongs to.
    Work:
        8 flops a row; 2 numbers of 8 bytes and one of the dtype read a row, 3 written; one kernel, the shuffle, for the
        transforms are NumPy's; one item a row.
    Expect:
        Each call of a transform costs the same for one row as for 32: by row they were 8 times as slow as by batches
        of 32, and 40 times at 800 rows, for a call is most of the time. No batch size helps `per_row`.
    """
    x, moon = make_moons(n_samples=TRAIN_ROWS, noise=0.1, random_state=42)
    y = torch.from_numpy(moon.reshape(-1, 1)).to(ctx.dtype)
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    shuffle, noise = Generator(), np.random.default_rng(ctx.seed)
    start = noise.bit_generator.state

    def jitter(points: np.ndarray) -> np.ndarray:
        return points + 0.05 * noise.standard_normal(points.shape)  # draws for many what it draws for one by one

    dataset = Moons(x, y, lambda points: (points - mean) / deviation, jitter, partial(torch.as_tensor, dtype=ctx.dtype))
    order = RandomSampler(dataset, generator=shuffle)
    sampler, size = (BatchSampler(order, batch, drop_last=False), None) if form == "batched" else (order, batch)
    loader = DataLoader(dataset, batch_size=size, sampler=sampler, generator=Generator())

    def reset() -> None:
        shuffle.manual_seed(ctx.seed)
        noise.bit_generator.state = start

    rows = torch.randperm(TRAIN_ROWS, generator=Generator().manual_seed(ctx.seed)).numpy()
    exact = (x[rows] - mean) / deviation + 0.05 * np.random.default_rng(ctx.seed).standard_normal(x.shape)

    def check(batches: list[tuple[torch.Tensor, torch.Tensor]]) -> float:
        found = map(torch.cat, zip(*batches, strict=True))
        return max(map(ctx.relative_error, found, (exact, moon[rows].reshape(-1, 1))))

    moved = (16 + 4 * ctx.dtype.itemsize) * TRAIN_ROWS
    work = Work(flops=8 * TRAIN_ROWS, bytes=moved, kernels=1, items=TRAIN_ROWS, unit="row")
    return Prepared(lambda: [(x.to(ctx.device), y.to(ctx.device)) for x, y in loader], check, work, reset=reset)
