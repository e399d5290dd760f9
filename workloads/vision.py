"""Looking at pictures: a small convolutional net on scikit-learn's handwritten digits, and what it learnt used again.

A convolution applies few weights at many places, so that a net as small as the course's others has ten times their
arithmetic. Freezing what is trained already spares most of the way back; keeping its answers spares the way there too.
"""

from __future__ import annotations

import math
from copy import deepcopy
from itertools import chain, repeat
from typing import Any

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

from bench.workload import Context, Prepared, Work, workload
from workloads._course import Slices, Split, Training, fresh, in_float64
from workloads._precision import allow_tf32, computes_in, forbid_tf32, under_autocast

PIXELS = 64
TRUNK_PRODUCTS = (16 * 1 * 22**2, 32 * 16 * 10**2)
"""Multiply-adds of the two convolutions, per image: channels out · channels in · pixels that are met. Windows of 3 at 8
places in a row meet 22 pixels, at 4 places 10: the zeros around the image need no product."""
TRUNK_WEIGHTS = (16 * 9 + 16) + (32 * 16 * 9 + 32)
FEATURES = 32 * 2 * 2
BATCH = 32
TRAIN_IMAGES = 1437
"""Images of all ten digits to train on: 1797, of which a fifth is kept for the test."""
TRUNK_EPOCHS = 5
"""Epochs in which the trunk learns the digits 0 to 4: of 12 seeds the worst then knew 93 % of its test images."""
KNOWN_EPOCHS = 10
ACCURACY = {"frozen": (0.73, 1.0), "cached": (0.73, 1.0), "trained_along": (0.89, 1.0)}
"""Test accuracy after KNOWN_EPOCHS. Over the seeds 0 to 39 in float32 it ran from 0.806 to 0.944 (median 0.906) over a
frozen trunk, from 0.939 to 0.989 (0.972) over one trained along; the range goes lower by half of that width, or all."""
HELD_UPDATES = 10
"""Updates of a trunk trained along whose loss is held to the dtype's own tolerance. Over the same seeds float32 stayed
within 1.8e-7 for 10 updates, and of a frozen trunk within 2.1e-7 for all 230, which are therefore held."""
STRAY = 0.02
"""How far its later losses may be from float64, as a share of the largest. The farthest of the same seeds was 0.0013:
Adam takes a full step along a gradient however small, and the sign of a small one is rounding."""


class Cnn(nn.Module):
    """Convolutions of 16 and 32 channels with ReLU and pooling, a linear head: (rows, 1, 8, 8) → (rows, classes)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.head = nn.Linear(FEATURES, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (rows, classes) of images (rows, 1, 8, 8)."""
        return self.head(self.trunk(x))


def cnn(ctx: Context, classes: int) -> Cnn:
    """A fresh net of the case."""
    return fresh(ctx, lambda: Cnn(classes))


def digits(ctx: Context, first: int, last: int) -> Split:
    """Images (rows, 1, 8, 8) between 0 and 1 of the digits `first` to `last`, and which of them each shows, placed."""
    loaded = load_digits()
    chosen = (loaded.target >= first) & (loaded.target <= last)
    images, labels = loaded.images[chosen].reshape(-1, 1, 8, 8) / 16, loaded.target[chosen] - first
    parts = train_test_split(images, labels, test_size=0.2, random_state=42)
    x_train, x_test, y_train, y_test = (ctx.place(torch.from_numpy(part)) for part in parts)
    return Split(x_train, x_test, y_train, y_test)


def learning(model: nn.Module) -> Training:
    """Training of a net that sorts into classes."""
    return Training(model, nn.CrossEntropyLoss())


def images_work(ctx: Context, images: int, products: int, weights: int, updates: int, kernels: int) -> Work:
    """Work of `updates` Adam steps of `weights` on as many `images`; formula in the docstrings of those who use it."""
    image = PIXELS * ctx.dtype.itemsize + 8
    return Work(
        flops=2 * products,
        bytes=images * image + 6 * weights * updates * ctx.dtype.itemsize,
        kernels=kernels,
        items=images,
        unit="image",
        # the same images and weights, however often
        working_set=images / updates * image + 3 * weights * ctx.dtype.itemsize,
    )


@workload(
    lesson="Next steps",
    axes={"batch": (32, 8, 128, 800), "amp": (False, True), "tf32": (False, True)},
    quick={"batch": (8, 32)},
    modes="differentiable",
)
def cnn_train_step(ctx: Context, batch: int, amp: bool = False, tf32: bool = False) -> Prepared:
    """One Adam step of a convolutional net on (batch, 1, 8, 8) digits of ten classes: forward, cross entropy, backward.

    The mode applies to the forward pass (and, where it compiles, to its backward); loss, the call of `backward` and
    Adam are eager. Each step starts from the same weights and an unused Adam. `amp` puts the forward pass under
    autocast to bfloat16, and the way back follows it; `tf32` allows TF32 in the whole step, on an NVIDIA GPU that has
    it.

    Course: convolutional networks
    Answer:
        Loss before the step, length of the gradient, and loss after the step, each against float64 from the same seed:
        within the tolerance of float32, with `amp` that of bfloat16, with `tf32` that of TF32.
    Work:
        2·(3·60224 - 7744) flops an image, convolutions and matrix product alone and no product with the zeros around
        an image; 64 numbers and a label of 8 bytes an image and 6 a weight moved: x, y, and 6090 weights with Adam's
        two moments, each read and written; 8 kernels, one a convolution or matrix product; one item an image.
    Expect:
        Ten times the arithmetic of the course's other nets, by as many weights: calls rule up to some 32 images, then
        time grows with them, to a dozen times as much for 800 as for 32. On a GPU that can, cuDNN rounds convolutions
        to TF32 unless that is forbidden, as it is here but with `tf32`. Autocast casts inputs and weights in every
        step, which few images do not pay back.
    """
    if batch > TRAIN_IMAGES:
        ctx.skip(f"of scikit-learn's digits there are {TRAIN_IMAGES} to train on, not {batch}")
    (allow_tf32 if tf32 else forbid_tf32)(ctx)
    data = digits(ctx, 0, 9)
    x, y = data.x_train[:batch], data.y_train[:batch]
    training = learning(cnn(ctx, 10))
    forward = ctx.mode(training.model, x)
    if amp:
        forward = under_autocast(ctx, forward)

    def step() -> torch.Tensor:
        return training.update(forward(), y)

    exact, x64, y64 = learning(in_float64(cnn(ctx, 10))), in_float64(x), y.cpu()
    expected = exact.update(exact.model(x64), y64), exact.gradient_norm(), exact.loss(x64, y64)

    def check(loss: object) -> float:
        found = loss, training.gradient_norm(), training.loss(x, y)
        return max(map(ctx.relative_error, found, expected))

    products = batch * (3 * (sum(TRUNK_PRODUCTS) + FEATURES * 10) - TRUNK_PRODUCTS[0])
    return Prepared(
        step=step,
        check=check,
        work=images_work(ctx, batch, products, TRUNK_WEIGHTS + (FEATURES + 1) * 10, updates=1, kernels=8),
        reset=training.rewind,
        compute_dtype=computes_in(amp, tf32),
    )


def experienced(ctx: Context) -> Cnn:
    """A net whose trunk has learnt the digits 0 to 4, with a fresh head for five classes.

    It learns on the CPU in float32, whatever the case, so that every device and dtype begins with the same weights.
    """
    data, shuffle = digits(ctx, 0, 4), torch.Generator().manual_seed(ctx.seed)
    model = cnn(ctx, 5).to("cpu", torch.float32)
    x, y = data.x_train.to("cpu", torch.float32), data.y_train.cpu()
    training = learning(model)
    for _ in range(TRUNK_EPOCHS):
        training.epoch(Slices(x, y, BATCH, shuffle))
    model.head = cnn(ctx, 5).head
    return model.to(ctx.device, ctx.dtype)


@workload(
    lesson="Next steps",
    axes={"trunk": ("frozen", "cached", "trained_along"), "epochs": (10, 1)},
    quick={"trunk": "frozen", "epochs": 1},
)
def transfer_learning(ctx: Context, trunk: str, epochs: int) -> Prepared:
    """A net that has learnt the digits 0 to 4 learns 5 to 9: 716 images in shuffled batches of (32, 1, 8, 8).

    Its two convolutions, the trunk, stay; its head, a linear layer on 128 features, is a fresh one. `frozen` updates
    the head alone; so does `cached`, on features that it computes once, at its beginning; `trained_along` updates all.
    What was learnt before, in 5 epochs, is untimed. Each step starts from there and an unused Adam.

    Course: transfer learning
    Answer:
        Loss of each update against float64, from the same weights and in the same order, closely where the trunk is
        frozen, and trained along for 10 updates, then within 2 %; test accuracy after 10 epochs in its known range over
        seeds, from 0.73 or 0.89 up; a trunk that is not trained equal to the bit afterwards.
    Work:
        With 58944 products in the trunk and 640 in the head, convolutions and matrix product alone: frozen
        2·(58944 + 2·640) flops an image and epoch, cached 2·58944 an image and 2·2·640 an image and epoch, trained
        along 2·(3·59584 - 7744). 64 numbers and a label of 8 bytes an image and epoch, and 6 numbers a weight and
        update moved: 645 weights, or 5445 trained along; 4, 2 or 8 kernels an update; one item an image and epoch.
    Expect:
        Freezing spares the trunk's way back, half the time here; caching its features spares nine of ten ways there
        too, and takes a fifth. It is paid for in accuracy: what 0 to 4 taught is not all that 5 to 9 ask for, and with
        the trunk trained along 97 % of the test images are known in place of 91 %.
    """
    forbid_tf32(ctx)
    data, model, shuffle = digits(ctx, 5, 9), experienced(ctx), torch.Generator()
    along, images = trunk == "trained_along", len(data.x_train)
    exact: Any = in_float64(deepcopy(model))
    model.trunk.requires_grad_(along)
    training = learning(model if along else model.head)
    before = deepcopy(model.trunk.state_dict())

    def reset() -> None:
        training.rewind()
        shuffle.manual_seed(ctx.seed)

    def step() -> list[torch.Tensor]:
        forward: nn.Module
        forward, x = model, data.x_train
        if trunk == "cached":
            with torch.no_grad():
                forward, x = model.head, model.trunk(x)
        batches = Slices(x, data.y_train, BATCH, shuffle)
        return [training.update(forward(x), y) for x, y in chain.from_iterable(repeat(batches, epochs))]

    order = torch.Generator().manual_seed(ctx.seed)
    batches = [rows for _ in range(epochs) for rows in torch.randperm(images, generator=order).split(BATCH)]
    expected = exact_losses(exact, along, in_float64(data.x_train), data.y_train.cpu(), batches)

    def test_accuracy() -> float:
        with torch.no_grad():
            return in_float64(model(data.x_test).argmax(dim=1) == data.y_test).mean().item()

    def check(losses: list[torch.Tensor]) -> float:
        found = torch.stack(losses)
        closely = HELD_UPDATES if along else len(expected)
        held = ctx.relative_error(found[:closely], expected[:closely])
        stray = ctx.within(ctx.relative_error(found, expected), 0, STRAY)
        moved = not along and any(not torch.equal(now, before[name]) for name, now in model.trunk.state_dict().items())
        # the range is known for these epochs alone
        learnt = ctx.within(test_accuracy(), *ACCURACY[trunk]) if epochs == KNOWN_EPOCHS else 0.0
        return max(held, stray, math.inf if moved else 0.0, learnt)

    head, convolutions = FEATURES * 5, sum(TRUNK_PRODUCTS)
    products = {
        "frozen": epochs * (convolutions + 2 * head),
        "cached": convolutions + epochs * 2 * head,
        "trained_along": epochs * (3 * (convolutions + head) - TRUNK_PRODUCTS[0]),
    }
    return Prepared(
        step=step,
        check=check,
        work=images_work(
            ctx,
            images * epochs,
            products=images * products[trunk],
            weights=head + 5 + along * TRUNK_WEIGHTS,
            updates=len(batches),
            kernels={"frozen": 4, "cached": 2, "trained_along": 8}[trunk] * len(batches),
        ),
        reset=reset,
        quality=lambda: {"test_accuracy": test_accuracy()},
    )


def exact_losses(
    model: Cnn, along: bool, x: torch.Tensor, y: torch.Tensor, batches: list[torch.Tensor]
) -> torch.Tensor:
    """Loss of each update of `model` on `batches` of row numbers, or of its head alone, on features computed once."""
    forward: nn.Module
    if along:
        training, forward = learning(model), model
    else:
        training, forward, x = learning(model.head), model.head, model.trunk(x).detach()
    return torch.stack([training.update(forward(x[rows]), y[rows]) for rows in batches])
