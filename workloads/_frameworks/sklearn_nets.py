"""The nets as scikit-learn's MLPRegressor and MLPClassifier."""

from __future__ import annotations

import warnings
from typing import ClassVar

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from workloads._frameworks.problem import BETAS, EPSILON, LEARNING_RATE, Problem


class SklearnNet:
    """An estimator with the course's weights, trained by `fit` from wherever they are (`warm_start`).

    Its squared error is half the mean: the losses are doubled here, and epsilon is halved with the gradients, after
    which Adam does the same.
    """

    epsilon_hat: ClassVar[bool] = True

    def __init__(self, problem: Problem) -> None:
        self._x, self._y, self._classifies = problem.x, problem.y.ravel(), problem.classifies
        self._loss_scale = 1.0 if problem.classifies else 2.0
        make = MLPClassifier if problem.classifies else MLPRegressor
        self.estimator = make(
            hidden_layer_sizes=problem.hidden,
            activation="relu",
            solver="adam",
            alpha=0,
            batch_size=len(problem.x),
            learning_rate_init=LEARNING_RATE,
            beta_1=BETAS[0],
            beta_2=BETAS[1],
            epsilon=EPSILON / self._loss_scale,
            shuffle=False,
            n_iter_no_change=np.inf,
            max_iter=1,
            warm_start=True,
            random_state=0,
        )
        self._start = problem.copies()
        self.train(1)  # an estimator has no weights before its first fit
        self.rewind()

    def place(self, x: np.ndarray) -> np.ndarray:
        """`x` itself."""
        return x

    def predict(self, x: np.ndarray) -> np.ndarray:
        """(rows, features) → (rows, 1); a classifier has a column for each class, of which the second is ours."""
        if self._classifies:
            return self.estimator.predict_proba(x)[:, 1:]
        return self.estimator.predict(x)[:, None]

    def train(self, epochs: int) -> list[float]:
        """One `fit`, which begins with an unused Adam."""
        self.estimator.max_iter = epochs
        with warnings.catch_warnings():
            # it warns whenever it is told to stop before it finds that it has converged
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.estimator.fit(self._x, self._y)
        return [self._loss_scale * float(loss) for loss in self.estimator.loss_curve_]

    def rewind(self) -> None:
        """In place; the curve is emptied, for with `warm_start` each fit adds to it."""
        own = [each for layer in zip(self.estimator.coefs_, self.estimator.intercepts_, strict=True) for each in layer]
        for array, start in zip(own, self._start, strict=True):
            array[:] = start
        self.estimator.loss_curve_.clear()
        self.estimator.best_loss_ = np.inf
