"""What every framework is given to solve, and what each can do with it. NumPy alone: no framework is imported here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, Protocol

import numpy as np

LEARNING_RATE = 0.001
BETAS = (0.9, 0.999)
EPSILON = 1e-8
"""Adam as the course has it: torch's defaults. Keras' own epsilon is 1e-7."""


@dataclass(frozen=True)
class Problem:
    """One of the course's nets: where its training starts, and on what. All arrays are of the case's dtype."""

    layers: tuple[tuple[np.ndarray, np.ndarray], ...]
    """Weight (inputs, outputs) and bias (outputs,) of each layer; ReLU stands between the layers."""
    x: np.ndarray
    """(rows, features)"""
    y: np.ndarray
    """(rows, 1)"""
    classifies: bool
    """Whether a sigmoid ends the net and the loss is binary cross-entropy; else none does and it is squared error."""
    threads: int
    """How many the framework may compute with."""

    @property
    def hidden(self) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return tuple(len(bias) for _, bias in self.layers[:-1])

    def in_float64(self) -> Problem:
        """The same numbers in float64: what an oracle starts from."""
        wide = partial(np.asarray, dtype=np.float64)
        layers = tuple((wide(weight), wide(bias)) for weight, bias in self.layers)
        return replace(self, layers=layers, x=wide(self.x), y=wide(self.y))

    def copies(self) -> list[np.ndarray]:
        """Weight, bias, weight, bias, …: copies, for a framework that trains what it is given."""
        return [array.copy() for layer in self.layers for array in layer]


class Predicts(Protocol):
    """A net that answers."""

    def place(self, x: np.ndarray) -> Any:
        """`x` as this framework is given its rows; untimed."""

    def predict(self, x: Any) -> Any:
        """Predictions (rows, 1) for `x` as `place` gave it, once they are computed: a tensor or an array of NumPy."""


class Trains(Predicts, Protocol):
    """A net that learns, too."""

    epsilon_hat: ClassVar[bool]
    """Where its Adam adds epsilon: False as in Algorithm 1 of Kingma and Ba (2015), to the corrected root; True as they
    propose below it, to the root before its correction, which weighs epsilon up to 32 times more in the first steps."""

    def train(self, epochs: int) -> list[float]:
        """The loss of each epoch, before its update, on all rows at once; read in its epoch, as the course does."""

    def rewind(self) -> None:
        """Back to the first weights and an unused Adam; untimed."""
