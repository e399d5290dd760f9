"""A learning rate that falls while the net learns: by the calendar, or when the loss stops falling.

A scheduler is Python that sets one number once an epoch. The lesson is how little that is beside an epoch of training,
and that the one which watches a validation loss makes that loss necessary, which costs more than the scheduler does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import optim
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR

from bench.workload import Context, Prepared, Work, workload
from workloads._course import TRAIN_ROWS, Split, Training, in_float64, listed_in_float64, regression_net, training_work
from workloads._data import regression_data

EPOCHS = 100
RATE = 0.001
"""The course's Adam starts with it."""
HELD_EPOCHS = 3
"""Epochs whose losses are held to the dtype's own tolerance. Over the seeds 0 to 52 float32 stayed within 1.8e-7."""
STRAY = 0.05
"""How far the later losses may be from float64, as a share of the largest. Over the same seeds StepLR was never
farther than 4e-6 and ReduceLROnPlateau, with its losses on the test rows, than 1.7e-4; but `none` is `regression/fit`,
which over a thousand seeds once was 0.011 away."""


@workload(
    lesson="Learning rate scheduling",
    axes={"scheduler": ("StepLR", "ReduceLROnPlateau", "none"), "loop": ("training", "bare")},
    quick={"scheduler": ("ReduceLROnPlateau", "StepLR", "none"), "loop": "bare"},
)
def step(ctx: Context, scheduler: str, loop: str) -> Prepared:
    """100 epochs at whose end a scheduler sets the learning rate of Adam: the rate of each epoch, (100,).

    `training` is the course's loop, the regression net on 800 rows; ReduceLROnPlateau is given the loss on the 200 test
    rows, read by `.item()` in every epoch. `bare` leaves out all but the scheduler, and gives it made-up validation
    losses that fall to a noisy floor; `none` is either loop without a scheduler. Building the scheduler, and putting it
    back to its start, is untimed.

    Course:
        StepLR; ReduceLROnPlateau; stepping the scheduler
    Answer:
        Each epoch's rate: 0.001, a tenth of it after every 30 epochs; or half of it after 11 epochs in a row none of
        which was better than the best by a ten-thousandth, by the very losses the scheduler was given. In training also
        all losses against a float64 run at such rates: closely for 3 epochs, within 5 % of the largest for 100.
    Work:
        In training, 100 times one step of 800 rows: 2·(3·6240 - 64)·800 flops, 2·800 + 6·6401 numbers moved, 11
        kernels. Bare: 100 rates of 8 bytes written, by Python alone. One item an epoch.
    Expect:
        A few microseconds an epoch for StepLR on a CPU, fewer for ReduceLROnPlateau, which only compares two numbers
        until it acts: less than a hundredth of an epoch of training, so that StepLR is level with `none`. What
        ReduceLROnPlateau costs in training is its validation loss, a forward pass and on a device a wait; that loss
        hardly ever rests within 100 epochs, so that its rate mostly stays.
    Since:
        ReduceLROnPlateau no longer takes `verbose`: the course's `verbose=True` raises `TypeError`. Drop it and read
        `scheduler.get_last_lr()` instead.
    """
    data = regression_data(ctx)
    training = Training(regression_net(ctx))
    group = training.optimizer.param_groups[0]
    schedule = course_scheduler(scheduler, training.optimizer)
    start = {} if schedule is None else dict(schedule.state_dict())
    # a scheduler that is stepped before its optimiser warns, and rightly: the first rate would never be used
    training.update(training.model(data.x_train), data.y_train)

    def reset() -> None:
        training.rewind()
        group["lr"] = RATE
        if schedule is not None:
            schedule.load_state_dict(start)

    if loop == "bare":
        losses = made_up_losses(ctx)

        def bare() -> dict[str, list[float]]:
            rates = []
            for loss in losses:
                rates.append(group["lr"])
                if scheduler == "StepLR":
                    schedule.step()
                elif scheduler == "ReduceLROnPlateau":
                    schedule.step(loss)
            return {"rates": rates}

        return Prepared(
            step=bare,
            check=lambda out: rates_error(ctx, out["rates"], scheduler, losses),
            work=Work(bytes=8 * EPOCHS, items=EPOCHS, unit="epoch"),
            # without a scheduler nothing drifts, and a block may have many steps
            reset=None if schedule is None else reset,
        )

    def in_training() -> dict[str, Any]:
        rates, losses, tested = [], [], []
        for _ in range(EPOCHS):
            rates.append(group["lr"])
            losses.append(training.update(training.model(data.x_train), data.y_train))
            if scheduler == "StepLR":
                schedule.step()
            elif scheduler == "ReduceLROnPlateau":
                tested.append(training.loss(data.x_test, data.y_test))
                schedule.step(tested[-1])
        return {"rates": rates, "losses": torch.stack(losses), "tested": tested}

    exact = exact_losses(Training(in_float64(regression_net(ctx))), Split(*map(in_float64, data)), scheduler)

    def check(out: dict[str, Any]) -> float:
        held, stray = 0.0, 0.0
        for name, known in exact.items():
            found = listed_in_float64(out[name])
            held = max(held, ctx.relative_error(found[:HELD_EPOCHS], known[:HELD_EPOCHS]))
            stray = max(stray, ctx.relative_error(found, known))
        return max(rates_error(ctx, out["rates"], scheduler, out["tested"]), held, ctx.within(stray, 0, STRAY))

    return Prepared(
        step=in_training,
        check=check,
        work=replace(training_work(ctx, TRAIN_ROWS * EPOCHS, updates=EPOCHS), items=EPOCHS, unit="epoch"),
        reset=reset,
        quality=lambda: {"test_loss": training.loss(data.x_test, data.y_test)},
    )


def course_scheduler(name: str, optimizer: optim.Optimizer) -> Any:
    """The course's scheduler of that name; None for `none`."""
    if name == "StepLR":
        return StepLR(optimizer, step_size=30, gamma=0.1)
    if name == "ReduceLROnPlateau":
        return ReduceLROnPlateau(optimizer, mode="min", factor=0.5, patience=10)
    return None


def made_up_losses(ctx: Context) -> list[float]:
    """Validation losses that fall from 1 and come to rest, but for their noise, at 0.2."""
    noise = torch.randn(EPOCHS, generator=ctx.generator, dtype=torch.float64)
    return (0.2 + 0.8 * torch.exp(-torch.arange(EPOCHS) / 8) + 0.01 * noise).tolist()


def known_rate(scheduler: str, epoch: int, before: Sequence[float]) -> float:
    """The learning rate of `epoch`, where `before` are the validation losses of the epochs ahead of it."""
    if scheduler == "StepLR":
        return RATE * 0.1 ** (epoch // 30)
    return RATE * 0.5 ** falls(before) if scheduler == "ReduceLROnPlateau" else RATE


def falls(losses: Sequence[float]) -> int:
    """How often the rate has fallen after `losses`: each time 11 epochs in a row were no better by 1e-4."""
    count, waited, best = 0, 0, math.inf
    for loss in losses:
        waited += 1
        if loss < best * (1 - 1e-4):
            waited, best = 0, loss
        if waited == 11:
            count, waited = count + 1, 0
    return count


def rates_error(ctx: Context, rates: Sequence[float], scheduler: str, losses: Sequence[float]) -> float:
    """How far `rates` are from the known ones, each by its own size: the last are a thousandth of the first."""
    if len(rates) != EPOCHS:
        return math.inf
    shares = [rate / known_rate(scheduler, epoch, losses[:epoch]) for epoch, rate in enumerate(rates)]
    return ctx.relative_error(torch.tensor(shares, dtype=torch.float64), torch.ones(EPOCHS))


def exact_losses(training: Training, data: Split, scheduler: str) -> dict[str, torch.Tensor]:
    """Losses of a training whose rates are set by hand; those on the test rows where the scheduler is given them."""
    losses: list[float] = []
    tested: list[float] = []
    for epoch in range(EPOCHS):
        training.optimizer.param_groups[0]["lr"] = known_rate(scheduler, epoch, tested)
        losses.append(training.update(training.model(data.x_train), data.y_train).item())
        tested.append(training.loss(data.x_test, data.y_test))
    known = {"losses": losses, "tested": tested} if scheduler == "ReduceLROnPlateau" else {"losses": losses}
    return {name: torch.tensor(values, dtype=torch.float64) for name, values in known.items()}
