"""What the families share: the course's two nets, how they are trained, and float64 twins of both.

Everything random follows from `ctx.seed` alone, so that every device, mode and family sees the same weights and rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

from bench.workload import Context, Work

TRAIN_ROWS = 800
"""Rows the course trains on: 1000 points, of which a fifth is kept for the test."""
PRODUCTS = 1 * 64 + 64 * 64 + 64 * 32 + 32 * 1
"""Multiply-adds of one forward pass, per row."""
WEIGHTS = PRODUCTS + 64 + 64 + 32 + 1
"""Parameters of the net: one weight a multiply-add, and the biases."""


MOONS_PRODUCTS = 2 * 32 + 32 * 16 + 16 * 1
"""Multiply-adds of one forward pass of the classifier, per row."""
MOONS_WEIGHTS = MOONS_PRODUCTS + 32 + 16 + 1


class RegressionNet(nn.Module):
    """Layers 1-64-64-32-1 with ReLU between them: (rows, 1) → (rows, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(1, 64)
        self.fc2 = nn.Linear(64, 64)
        self.fc3 = nn.Linear(64, 32)
        self.fc4 = nn.Linear(32, 1)
        self.relu = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Predictions (rows, 1) for inputs (rows, 1)."""
        x = self.relu(self.fc1(x))
        x = self.relu(self.fc2(x))
        x = self.relu(self.fc3(x))
        return self.fc4(x)


class Classifier(nn.Module):
    """Layers 2-32-16-1 with ReLU and dropout between them, a sigmoid at the end: (rows, 2) → (rows, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(2, 32)
        self.fc2 = nn.Linear(32, 16)
        self.fc3 = nn.Linear(16, 1)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(0.3)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Probabilities (rows, 1) for inputs (rows, 2)."""
        x = self.dropout(self.relu(self.fc1(x)))
        x = self.dropout(self.relu(self.fc2(x)))
        return self.sigmoid(self.fc3(x))


Net = TypeVar("Net", bound=nn.Module)


def fresh(ctx: Context, make: Callable[[], Net], draw: int = 0) -> Net:
    """The net that `make` builds, on the case's device, its weights drawn in float32 on the CPU from seed and draw."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(ctx.seed + draw)
        return make().to(ctx.device, ctx.dtype)


def regression_net(ctx: Context) -> RegressionNet:
    """A fresh `RegressionNet` of the case."""
    return fresh(ctx, RegressionNet)


def classifier(ctx: Context, draw: int = 0) -> Classifier:
    """A fresh `Classifier` of the case, in training mode: its dropout is active. draw: of several, which."""
    return fresh(ctx, Classifier, draw)


class Split(NamedTuple):
    """Training and test rows, each (rows, features) or (rows, 1), in the order scikit-learn returns them."""

    x_train: torch.Tensor
    x_test: torch.Tensor
    y_train: torch.Tensor
    y_test: torch.Tensor


Placed = TypeVar("Placed", torch.Tensor, nn.Module)


def in_float64(original: Placed) -> Placed:
    """What an oracle works on: `original` in float64 on the CPU. A net is moved, not copied: give it one of its own."""
    return original.to("cpu").to(torch.float64)  # first to the CPU: an Apple GPU has no float64


def listed_in_float64(values: Any) -> torch.Tensor:
    """Numbers that a loop kept, in a tensor or a list, as float64 on the CPU: a list would be taken for float32."""
    return in_float64(values) if isinstance(values, torch.Tensor) else torch.as_tensor(values, dtype=torch.float64)


class SameMasks(nn.Module):
    """Dropout by the masks that the timed net draws, applied in whatever dtype comes.

    They are drawn as the net draws its own: in the case's dtype, on its device, from the global generator. Which
    numbers go through a dropout has no part in which of them are kept, so ones serve.
    """

    def __init__(self, ctx: Context, p: float) -> None:
        super().__init__()
        self.p = p
        self._placed: dict[str, Any] = {"device": ctx.device, "dtype": ctx.dtype}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """What is kept of `x`, scaled up; all of it in eval mode."""
        if not self.training:
            return x
        kept = nn.functional.dropout(torch.ones(x.shape, **self._placed), self.p) != 0
        return x * kept.to(x.device) / (1 - self.p)


class Training:
    """A net trained as in the course, by Adam, with a way back to the start; `criterion` is mean squared error."""

    def __init__(self, model: nn.Module, criterion: Callable[..., torch.Tensor] | None = None) -> None:
        self.model = model
        self.criterion = criterion or nn.MSELoss()
        self.optimizer = optim.Adam(model.parameters(), lr=0.001)
        self._start = [weight.detach().clone() for weight in model.parameters()]

    def update(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Loss, backward pass and Adam step for `outputs` of the model; the loss, still on its device."""
        loss = self.criterion(outputs, targets)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def epoch(self, batches: Iterable[Sequence[torch.Tensor]], non_blocking: bool = False) -> torch.Tensor:
        """An update for each batch (x, y), which is moved to the device of the net first; the last loss."""
        device = next(self.model.parameters()).device
        for x, y in batches:
            outputs = self.model(x.to(device, non_blocking=non_blocking))
            loss = self.update(outputs, y.to(device, non_blocking=non_blocking))
        return loss

    def rewind(self) -> None:
        """Back to the first weights and an unused Adam.

        In place, because a scripted, traced or compiled graph holds these very tensors. Zeroed moments and step count
        are what Adam starts from, and spare the timed step their allocation.
        """
        with torch.no_grad():
            for weight, start in zip(self.model.parameters(), self._start, strict=True):
                weight.copy_(start)
        for state in self.optimizer.state.values():
            for value in state.values():
                value.zero_()

    def loss(self, x: torch.Tensor, y: torch.Tensor) -> float:
        """Loss of the model as it is now."""
        with torch.no_grad():
            return self.criterion(self.model(x), y).item()

    def weights(self) -> torch.Tensor:
        """All parameters in one row."""
        return nn.utils.parameters_to_vector(self.model.parameters()).detach()

    def gradient_norm(self) -> float:
        """Euclidean length of the gradient of the last update."""
        gradients = (weight.grad for weight in self.model.parameters() if weight.grad is not None)
        return torch.cat([gradient.flatten() for gradient in gradients]).norm().item()


def training_work(ctx: Context, rows: int, updates: int) -> Work:
    """Work of `updates` Adam steps over `rows` rows in all; formula in the docstrings of those who use it."""
    return Work(
        # forward, gradient of the weights, gradient of the inputs; the first layer's inputs need none (64 a row)
        flops=2 * (3 * PRODUCTS - 64) * rows,
        # x and y once; weight and two moments of Adam, each read and written
        bytes=(2 * rows + 6 * WEIGHTS * updates) * ctx.dtype.itemsize,
        kernels=11 * updates,
        items=rows,
        unit="row",
        # the same rows and weights, however often
        working_set=(2 * rows / updates + 3 * WEIGHTS) * ctx.dtype.itemsize,
    )


class Normals:
    """Standard normal numbers of one shape, drawn on one device, the same ones in every step.

    A generator moves on with each draw, and then no answer is known. To seed it in a `reset` would keep every block to
    one step, and a step of microseconds would be lost in the clock: `again` puts the state back in place of that, which
    copies 5 kB on the CPU (0.3 us) and 16 bytes on CUDA. `draw` alone, which moves on, is there to be timed apart.
    """

    FAR = 10
    """Standard errors that the mean and the mean square may lie from 0 and 1: of 6 honest numbers one draw in 3 million
    is refused (chi-squared), of more as good as none; of a million numbers both are held to about 0.01."""

    def __init__(self, ctx: Context, shape: tuple[int, ...], device: torch.device) -> None:
        self._ctx, self._shape, self._device = ctx, shape, device
        self._generator, self.draw = self._begun()
        self._start = self._generator.get_state()

    def _begun(self) -> tuple[torch.Generator, Callable[[], torch.Tensor]]:
        """A generator of `ctx.seed` and the draw from it, after a first draw: that one also sets the generator up."""
        generator = torch.Generator(self._device).manual_seed(self._ctx.seed)
        draw = partial(torch.randn, self._shape, generator=generator, device=self._device, dtype=self._ctx.dtype)
        draw()
        return generator, draw

    def again(self) -> torch.Tensor:
        """The numbers of this object, from the generator put back."""
        self._generator.set_state(self._start)
        return self.draw()

    def error(self, out: torch.Tensor) -> float:
        """How far `out` is from the draw of a second generator; infinite in another dtype, or far from normal."""
        _, draw = self._begun()
        wide, count = in_float64(out), out.numel()
        mean, square = wide.mean().item(), wide.square().mean().item()
        return max(
            self._ctx.relative_error(out, draw()),
            self._ctx.within(out.dtype == self._ctx.dtype, 1, 1),
            self._ctx.within(abs(mean) * math.sqrt(count), 0, self.FAR),
            self._ctx.within(abs(square - 1) * math.sqrt(count / 2), 0, self.FAR),
        )


class Slices:
    """Batches as slices of a shuffled index. Each `for` is a new epoch, as with a DataLoader."""

    def __init__(self, x: torch.Tensor, y: torch.Tensor, batch: int, shuffle: torch.Generator) -> None:
        self.x, self.y, self.batch, self.shuffle = x, y, batch, shuffle

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        order = torch.randperm(len(self.x), generator=self.shuffle).to(self.x.device)
        for rows in order.split(self.batch):
            yield self.x[rows], self.y[rows]


def course_loader(
    x: torch.Tensor,
    y: torch.Tensor,
    batch: int,
    shuffle: torch.Generator,
    workers: int = 0,
    pin: bool = False,
    start: str | None = None,
) -> DataLoader[tuple[torch.Tensor, ...]]:
    """The course's DataLoader, with the sampler that its `shuffle=True` builds: the order of `Slices`.

    So it is in the first epoch after `shuffle` is seeded; the sampler ends each by drawing once more, for no use. A
    seed for its workers it draws from a generator of its own: drawn from `shuffle`, before the order, that would make
    another order, and drawn from the global generator it would shift the masks of dropout.

    start: how `workers` begin: fork, forkserver or spawn; Python's own choice by default.
    """
    rows = TensorDataset(x, y)
    return DataLoader(
        rows,
        batch_size=batch,
        sampler=RandomSampler(rows, generator=shuffle),
        generator=torch.Generator(),
        num_workers=workers,
        multiprocessing_context=start,
        pin_memory=pin,
    )
