"""What the families share: the course's two nets, their data, how they are trained, and float64 twins of all three.

Everything random follows from `ctx.seed` alone, so that every device, mode and family sees the same weights and rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from sklearn.datasets import make_moons
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn, optim

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


def fresh(ctx: Context, make: Callable[[], Net]) -> Net:
    """The net that `make` builds, on the case's device, its weights drawn in float32 on the CPU from `ctx.seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(ctx.seed)
        return make().to(ctx.device, ctx.dtype)


def regression_net(ctx: Context) -> RegressionNet:
    """A fresh `RegressionNet` of the case."""
    return fresh(ctx, RegressionNet)


def classifier(ctx: Context) -> Classifier:
    """A fresh `Classifier` of the case, in training mode: its dropout is active."""
    return fresh(ctx, Classifier)


class Split(NamedTuple):
    """Training and test rows, each (rows, features) or (rows, 1), in the order scikit-learn returns them."""

    x_train: torch.Tensor
    x_test: torch.Tensor
    y_train: torch.Tensor
    y_test: torch.Tensor


def regression_data(ctx: Context, rows: int = TRAIN_ROWS) -> Split:
    """y = sin x + cos 2x + 0.1·noise over [-5, 5]: `rows` training rows, placed; above 800 from a finer grid."""
    points = max(1000, -(-rows * 5 // 4))  # a fifth goes to the test
    x = np.linspace(-5, 5, points).reshape(-1, 1)
    y = np.sin(x) + np.cos(2 * x) + 0.1 * np.random.default_rng(ctx.seed).standard_normal((points, 1))
    parts = train_test_split(x, y, test_size=0.2, random_state=42)
    x_train, x_test, y_train, y_test = (ctx.place(torch.from_numpy(part)) for part in parts)
    return Split(x_train[:rows], x_test, y_train[:rows], y_test)


def moons(ctx: Context, rows: int = TRAIN_ROWS) -> Split:
    """Two half circles of noisy points, scaled, and the one each belongs to: `rows` training rows, placed.

    The course fixes the seeds of the data (42), so that no seed of a run changes them. Above 800 rows more of the same.
    """
    points = max(1000, -(-rows * 5 // 4))
    x, y = make_moons(n_samples=points, noise=0.1, random_state=42)
    x = StandardScaler().fit_transform(x)
    parts = train_test_split(x, y.reshape(-1, 1).astype(float), test_size=0.2, random_state=42)
    x_train, x_test, y_train, y_test = (ctx.place(torch.from_numpy(part)) for part in parts)
    return Split(x_train[:rows], x_test, y_train[:rows], y_test)


Placed = TypeVar("Placed", torch.Tensor, nn.Module)


def in_float64(original: Placed) -> Placed:
    """What an oracle works on: `original` in float64 on the CPU. A net is moved, not copied: give it one of its own."""
    return original.to("cpu", torch.float64)


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
