"""The nets in torch, as the course trains them; the one framework here that is also timed on a device."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import nn

from bench.workload import Context
from workloads._course import Training
from workloads._frameworks.problem import Problem


class TorchNet:
    """`model` on the case's device, trained on the rows of the problem, placed there."""

    epsilon_hat: ClassVar[bool] = False

    def __init__(self, ctx: Context, model: nn.Module, problem: Problem) -> None:
        self._ctx = ctx
        self._training = Training(model, nn.BCELoss() if problem.classifies else nn.MSELoss())
        self._x, self._y = self.place(problem.x), self.place(problem.y)
        self.rewind = self._training.rewind

    def place(self, x: np.ndarray) -> torch.Tensor:
        """A tensor on the case's device."""
        return self._ctx.place(torch.from_numpy(x))

    @torch.no_grad()
    def predict(self, x: torch.Tensor) -> torch.Tensor:
        """Under `no_grad`; on a device it may still be computing, which the clock waits for."""
        return self._training.model(x)

    def train(self, epochs: int) -> list[float]:
        """The course's loop."""
        training = self._training
        return [training.update(training.model(self._x), self._y).item() for _ in range(epochs)]
