"""Training the course's regression net: one step of it, the whole fit, and the test loss at its end.

A net of 6401 weights on 800 rows is small: the lesson is how much of a training step is arithmetic, how much is the
calling of its many operations, and at how many rows that turns.
"""

from __future__ import annotations

import torch

from bench.workload import Context, Prepared, Work, workload
from workloads._course import (
    PRODUCTS,
    TRAIN_ROWS,
    WEIGHTS,
    Training,
    in_float64,
    listed_in_float64,
    regression_net,
    training_work,
)
from workloads._data import regression_data

COURSE_EPOCHS = 100
HELD_EPOCHS = 3
"""Epochs whose loss is held to the dtype's own tolerance. Over the seeds 0 to 999 float32 stayed within 2.7e-6."""
STRAY = 0.05
"""How far the later losses may be from float64, as a share of the largest. The farthest of the same seeds was 0.011:
Adam takes a full step along a gradient however small, and the sign of a small one is rounding."""
TEST_LOSS = (0.03, 0.39)
"""Test loss after the course's 100 epochs. Over the seeds 0 to 999 it ran from 0.092 to 0.327 (median 0.19), alike in
float32 and float64; the range is that, widened by a quarter of its width on both sides."""


@workload(
    lesson="Example 1: regression",
    axes={"rows": (800, 32, 256, 8000, 80000)},
    quick={"rows": (32, 800)},
    modes="differentiable",
)
def train_step(ctx: Context, rows: int) -> Prepared:
    """One Adam step of the net 1-64-64-32-1 on a batch of (rows, 1): forward, MSE, backward, update.

    The mode applies to the forward pass (and, where it compiles, to its backward); loss, the call of `backward` and
    Adam are eager. Each step starts from the same weights and an unused Adam. Above 800 rows the same formula is
    sampled on a finer grid.

    Course:
        model, loss and optimiser
    Answer:
        Loss before the step, length of the gradient, and loss after the step, each against float64 from the same seed.
    Work:
        2·(3·6240 - 64) flops a row, matrix products alone; 2 numbers a row and 6 a weight moved: x, y, and 6401
        weights with Adam's two moments, each read and written; 11 kernels, one a matrix product; one item a row.
    Expect:
        From 32 to 800 rows, 25 times the rows cost about twice the time, for the calls of operations rule; later time
        grows with the rows. Compiling fuses the forward and backward pass, not Adam, and adds checks to every call: on
        a CPU that is slower at 32 rows and level at thousands. A device pays once its launches are shorter than their
        work.
    """
    data = regression_data(ctx, rows)
    training = Training(regression_net(ctx))
    forward = ctx.mode(training.model, data.x_train)

    exact = Training(in_float64(regression_net(ctx)))
    x, y = in_float64(data.x_train), in_float64(data.y_train)
    expected = exact.update(exact.model(x), y), exact.gradient_norm(), exact.loss(x, y)

    def check(loss: object) -> float:
        found = loss, training.gradient_norm(), training.loss(data.x_train, data.y_train)
        return max(map(ctx.relative_error, found, expected))

    return Prepared(
        step=lambda: training.update(forward(), data.y_train),
        check=check,
        work=training_work(ctx, rows, updates=1),
        reset=training.rewind,
    )


@workload(lesson="Example 1: regression", axes={"epochs": (100,), "record": ("item", "tensor")})
def fit(ctx: Context, epochs: int, record: str) -> Prepared:
    """The course's training loop: full batches of (800, 1), the loss of every epoch kept: (epochs,).

    `item` reads each loss by `.item()`, as the course does; `tensor` keeps the losses where they are and stacks them
    once, after the loop.

    Course:
        data and split; model, loss and optimiser; training loop
    Answer:
        Losses against a float64 run from the same seed, closely for 3 epochs and within 5 % of the first loss for 100;
        test loss after 100 epochs within its known range over seeds, 0.03 to 0.39.
    Work:
        Epochs times one training step of 800 rows: 2·(3·6240 - 64)·800 flops, 2·800 + 6·6401 numbers moved, 11
        kernels; one item a row and epoch.
    Expect:
        Epochs times `regression/train_step` at 800 rows, for nothing else happens. On a device `.item()` waits for the
        epoch to end, so that its launches cannot run ahead, and `tensor` lets them; on the CPU the two are level. 100
        epochs are far from convergence: the test loss is still ten to thirty times the variance of the noise, 0.01.
    """
    data = regression_data(ctx)
    training = Training(regression_net(ctx))

    exact = Training(in_float64(regression_net(ctx)))
    x, y = in_float64(data.x_train), in_float64(data.y_train)
    trajectory = torch.stack([exact.update(exact.model(x), y) for _ in range(min(epochs, COURSE_EPOCHS))])

    def with_item() -> list[float]:
        losses = []
        for _ in range(epochs):
            loss = training.update(training.model(data.x_train), data.y_train)
            losses.append(loss.item())
        return losses

    def with_tensor() -> torch.Tensor:
        losses = [training.update(training.model(data.x_train), data.y_train) for _ in range(epochs)]
        return torch.stack(losses)

    def check(losses: list[float] | torch.Tensor) -> float:
        found = listed_in_float64(losses)
        held = ctx.relative_error(found[:HELD_EPOCHS], trajectory[:HELD_EPOCHS])
        stray = ctx.relative_error(found[:COURSE_EPOCHS], trajectory)
        # the range of the test loss is known for the course's epochs alone
        test_loss = training.loss(data.x_test, data.y_test) if epochs == COURSE_EPOCHS else TEST_LOSS[0]
        return max(held, ctx.within(stray, 0, STRAY), ctx.within(test_loss, *TEST_LOSS))

    return Prepared(
        step=with_item if record == "item" else with_tensor,
        check=check,
        work=training_work(ctx, TRAIN_ROWS * epochs, updates=epochs),
        reset=training.rewind,
        quality=lambda: {
            "train_loss": training.loss(data.x_train, data.y_train),
            "test_loss": training.loss(data.x_test, data.y_test),
        },
    )


@workload(
    lesson="Example 1: regression",
    axes={"rows": (200, 20000)},
    quick={"rows": 200},
    modes="all",
)
def evaluate(ctx: Context, rows: int) -> Prepared:
    """Test loss of the trained net: forward of (rows, 1) in eval mode under `no_grad`, and MSE.

    The net is trained for the course's 100 epochs and put into eval mode beforehand, untimed. The mode applies to the
    forward pass; the loss is eager. Above 200 test rows the same formula is sampled on a finer grid.

    Course:
        data and split; test loss
    Answer:
        Loss against the float64 net of the same weights; and within the known range over seeds, 0.03 to 0.39.
    Work:
        2·6240 + 3 flops a row, the products of the net and the terms of the loss; 2 numbers a row moved, x and y, and
        the 6401 weights read; 4 kernels, one a matrix product; one item a row.
    Expect:
        At 200 rows the cost of some ten calls, where the modes differ: script, trace and frozen leave Python out of the
        forward pass; export runs its graph in Python, and is slower than eager. At 20000 rows it is arithmetic, and the
        modes draw together. Without a graph to record it is a small part of a training step on as many rows.
    """
    data = regression_data(ctx)
    training = Training(regression_net(ctx))
    for _ in range(COURSE_EPOCHS):
        training.update(training.model(data.x_train), data.y_train)
    tested = regression_data(ctx, 4 * rows)  # a fifth of the points is kept for the test
    x, y = tested.x_test, tested.y_test
    forward = ctx.mode(training.model.eval(), x)

    exact = Training(in_float64(regression_net(ctx)))
    exact.model.load_state_dict(training.model.state_dict())
    with torch.no_grad():
        expected = exact.criterion(exact.model(in_float64(x)), in_float64(y))

    @torch.no_grad()
    def step() -> torch.Tensor:
        return training.criterion(forward(), y)

    def check(loss: torch.Tensor) -> float:
        return max(ctx.relative_error(loss, expected), ctx.within(loss.item(), *TEST_LOSS))

    return Prepared(
        step=step,
        check=check,
        work=Work(
            flops=(2 * PRODUCTS + 3) * rows,
            bytes=(2 * rows + WEIGHTS) * ctx.dtype.itemsize,
            kernels=4,
            items=rows,
            unit="row",
        ),
    )
