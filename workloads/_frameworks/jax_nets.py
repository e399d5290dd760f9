"""The nets in JAX: a function of weights, differentiated and compiled."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from workloads._frameworks.jax_cpu import import_jax, precision_of
from workloads._frameworks.problem import BETAS, EPSILON, LEARNING_RATE, Problem


class JaxNet:
    """A jitted training step in a Python loop, and a jitted forward pass.

    One epoch a call, not a `lax.scan` over all of them: the course reads the loss in every epoch, and so does every
    framework here. Adam is by hand, for JAX has none; it keeps no array of its own, so nothing is left to put back.
    """

    epsilon_hat: ClassVar[bool] = False

    def __init__(self, problem: Problem) -> None:
        jax = import_jax(problem.threads)
        self._precision = precision_of(jax, problem.x.dtype)
        with self._precision():
            self._forward = jax.jit(forward_of(jax, problem.classifies))
            self._step = jax.jit(step_of(jax, problem.classifies))
            self._x, self._y = jax.numpy.asarray(problem.x), jax.numpy.asarray(problem.y)
            weights = [tuple(map(jax.numpy.asarray, layer)) for layer in problem.layers]
            zeros = jax.tree.map(jax.numpy.zeros_like, weights)
            self._start = (weights, zeros, zeros, jax.numpy.zeros((), problem.x.dtype))
            self._place = jax.numpy.asarray
        self.rewind()

    def place(self, x: np.ndarray) -> Any:
        """An array of JAX."""
        with self._precision():
            return self._place(x)

    def predict(self, x: Any) -> np.ndarray:
        """(rows, features) → (rows, 1)."""
        with self._precision():
            return finished(self._forward(self._state[0], x))

    def train(self, epochs: int) -> list[float]:
        """One call of the compiled step an epoch."""
        losses = []
        state: Any = self._state  # type: ignore[has-type]  # `rewind` gives it its type
        with self._precision():
            for _ in range(epochs):
                loss, state = self._step(state, self._x, self._y)
                losses.append(float(loss))  # which waits for it, as torch's `.item()` does
        self._state = state
        return losses

    def rewind(self) -> None:
        """The first state itself: no array of JAX ever changes."""
        self._state = self._start


def finished(out: Any) -> np.ndarray:
    """`out` once it is computed, as NumPy sees it, without a copy.

    JAX returns before it has computed; a clock stopped at that return has timed a promise.
    """
    return np.asarray(out.block_until_ready())


def forward_of(jax: Any, classifies: bool) -> Any:
    """The net as a function of weights and rows."""

    def forward(layers: Any, x: Any) -> Any:
        *hidden, (weight, bias) = layers
        for inner, offset in hidden:
            x = jax.nn.relu(x @ inner + offset)
        out = x @ weight + bias
        return jax.nn.sigmoid(out) if classifies else out

    return forward


def step_of(jax: Any, classifies: bool) -> Any:
    """One Adam step as a function of weights, both moments and the number of updates: the loss, and all four anew."""
    forward, numpy = forward_of(jax, classifies), jax.numpy
    beta1, beta2 = BETAS

    def loss_of(layers: Any, x: Any, y: Any) -> Any:
        out = forward(layers, x)
        if classifies:
            return -numpy.mean(y * numpy.log(out) + (1 - y) * numpy.log(1 - out))
        return numpy.mean((out - y) ** 2)

    def step(state: Any, x: Any, y: Any) -> Any:
        layers, first, second, updates = state
        loss, gradients = jax.value_and_grad(loss_of)(layers, x, y)
        updates += 1
        first = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, first, gradients)
        second = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, second, gradients)
        rate = LEARNING_RATE / (1 - beta1**updates)
        correction = numpy.sqrt(1 - beta2**updates)
        layers = jax.tree.map(
            lambda p, m, v: p - rate * m / (numpy.sqrt(v) / correction + EPSILON), layers, first, second
        )
        return loss, (layers, first, second, updates)

    return step
