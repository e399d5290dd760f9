"""The nets by hand: forward, backward and Adam in NumPy. In float64 it is what every other framework is held to."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from workloads._frameworks.problem import BETAS, EPSILON, LEARNING_RATE, Problem


class NumpyNet:
    """A net whose weights, gradients and moments each lie in one row, of which the layers are views.

    So Adam is a dozen calls in all, not a dozen a weight: what who writes it by hand would do.
    """

    epsilon_hat: ClassVar[bool] = False

    def __init__(self, problem: Problem) -> None:
        self._x, self._y, self._classifies = problem.x, problem.y, problem.classifies
        self._start = np.concatenate([array.ravel() for array in problem.copies()])
        self.weights, self.gradient = self._start.copy(), np.zeros_like(self._start)
        self._first, self._second = np.zeros_like(self._start), np.zeros_like(self._start)
        self._updates = 0
        shapes = [array.shape for layer in problem.layers for array in layer]
        self._layers = _pairs(self.weights, shapes)
        self._gradients = _pairs(self.gradient, shapes)

    def place(self, x: np.ndarray) -> np.ndarray:
        """`x` itself."""
        return x

    def predict(self, x: np.ndarray) -> np.ndarray:
        """(rows, features) → (rows, 1)."""
        return self._forward(x)[-1]

    def train(self, epochs: int) -> list[float]:
        """Full batches, a loss an epoch."""
        losses = []
        for _ in range(epochs):
            losses.append(self.backward())
            self._update()
        return losses

    def rewind(self) -> None:
        """In place: the layers are views."""
        self.weights[:] = self._start
        self._first[:] = 0
        self._second[:] = 0
        self._updates = 0

    def _forward(self, x: np.ndarray) -> list[np.ndarray]:
        """`x` and what each layer makes of what came before it."""
        outputs = [x]
        for weight, bias in self._layers:
            out = outputs[-1] @ weight
            out += bias
            if weight is not self._layers[-1][0]:
                np.maximum(out, 0, out=out)
            elif self._classifies:
                out = 1 / (1 + np.exp(-out))
            outputs.append(out)
        return outputs

    def backward(self) -> float:
        """The loss on all rows; its gradient is left in `gradient`."""
        *inputs, out = self._forward(self._x)
        rows = len(out)
        error = out - self._y
        if self._classifies:
            # the slope of the sigmoid cancels against that of the logarithms
            delta = error / rows
            loss = -np.mean(np.log(np.where(self._y == 1, out, 1 - out)))
        else:
            delta = error * (2 / rows)
            loss = np.mean(error * error)
        for at in range(len(inputs) - 1, -1, -1):
            (weight, _), (of_weight, of_bias) = self._layers[at], self._gradients[at]
            np.matmul(inputs[at].T, delta, out=of_weight)
            np.sum(delta, axis=0, out=of_bias)
            if at > 0:
                delta = delta @ weight.T
                delta *= inputs[at] > 0
        return float(loss)

    def _update(self) -> None:
        """One step of Adam along `gradient`."""
        self._updates += 1
        beta1, beta2 = BETAS
        self._first *= beta1
        self._first += (1 - beta1) * self.gradient
        self._second *= beta2
        self._second += (1 - beta2) * self.gradient * self.gradient
        correction = math.sqrt(1 - beta2**self._updates)
        epsilon = EPSILON if self.epsilon_hat else EPSILON * correction
        rate = LEARNING_RATE * correction / (1 - beta1**self._updates)
        self.weights -= rate * self._first / (np.sqrt(self._second) + epsilon)


class EpsilonHatNet(NumpyNet):
    """The same, with epsilon added where Keras and scikit-learn add it: what those two are held to."""

    epsilon_hat: ClassVar[bool] = True


def _pairs(row: np.ndarray, shapes: list[tuple[int, ...]]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Views of `row`, weight and bias of each layer, in the order they lie there."""
    ends = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
    views = [part.reshape(shape) for part, shape in zip(np.split(row, ends), shapes, strict=True)]
    return list(zip(views[::2], views[1::2], strict=True))
