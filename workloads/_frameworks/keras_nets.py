"""The nets as Keras 3 models on JAX."""

from __future__ import annotations

from types import ModuleType
from typing import ClassVar

import numpy as np

from workloads._frameworks.jax_cpu import environment, import_jax
from workloads._frameworks.problem import BETAS, EPSILON, LEARNING_RATE, Problem

BACKEND = "jax"
"""Keras computes by another framework, chosen when it is first imported and then for the process. On JAX it compiles
the training step by default; on torch it does not, and took several times as long. So the row shows Keras at its
better, and beside the row of jax what it adds."""


class KerasNet:
    """A Sequential model of Dense layers, trained by `fit` and answering by `predict_on_batch`, both compiled."""

    epsilon_hat: ClassVar[bool] = True

    def __init__(self, problem: Problem) -> None:
        keras = import_keras(problem.threads)
        self._x, self._y = problem.x, problem.y
        self.model = keras.Sequential(
            [
                keras.Input(problem.x.shape[1:]),
                *(keras.layers.Dense(units, activation="relu") for units in problem.hidden),
                keras.layers.Dense(1, activation="sigmoid" if problem.classifies else None),
            ]
        )
        self.model.compile(
            optimizer=keras.optimizers.Adam(LEARNING_RATE, *BETAS, epsilon=EPSILON),
            loss="binary_crossentropy" if problem.classifies else "mean_squared_error",
        )
        self.model.optimizer.build(self.model.trainable_variables)
        self._start = problem.copies()
        self._unused = [np.array(variable.value) for variable in self.model.optimizer.variables]
        self.rewind()

    def place(self, x: np.ndarray) -> np.ndarray:
        """`x` itself, which is how Keras is fed."""
        return x

    def predict(self, x: np.ndarray) -> np.ndarray:
        """(rows, features) → (rows, 1), all rows as one batch; `predict` would take them in batches and count them."""
        return self.model.predict_on_batch(x)

    def train(self, epochs: int) -> list[float]:
        """One `fit`, which keeps the loss of each epoch."""
        kept = self.model.fit(self._x, self._y, batch_size=len(self._x), epochs=epochs, shuffle=False, verbose=0)
        return kept.history["loss"]

    def rewind(self) -> None:
        """Weights and everything the optimiser keeps; its learning rate too, which is one of its variables."""
        self.model.set_weights(self._start)
        for variable, value in zip(self.model.optimizer.variables, self._unused, strict=True):
            variable.assign(value)


def import_keras(threads: int) -> ModuleType:
    """keras on `BACKEND`, begun with `threads` threads. Raises `RuntimeError` where it already stands on another."""
    import_jax(threads)
    with environment(KERAS_BACKEND=BACKEND):
        import keras
    if keras.backend.backend() != BACKEND:
        raise RuntimeError(
            f"Keras was imported on {keras.backend.backend()} before, and stays there: "
            f"let this process begin with KERAS_BACKEND={BACKEND}"
        )
    keras.config.set_floatx("float32")  # a user's keras.json may say otherwise
    return keras
