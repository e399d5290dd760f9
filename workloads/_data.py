"""The course's two data sets, which scikit-learn makes and splits.

Apart from `_course`, since importing scikit-learn takes nearly as long as importing torch: a worker whose cases need no
rows starts without it. At the top, and not where it is used: what an import takes would be memory of the first case.
"""

from __future__ import annotations

import numpy as np
import torch
from sklearn.datasets import make_moons
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from bench.workload import Context
from workloads._course import TRAIN_ROWS, Split


def regression_data(ctx: Context, rows: int = TRAIN_ROWS) -> Split:
    """y = sin x + cos 2x + 0.1·noise over [-5, 5]: `rows` training rows, placed; above 800 from a finer grid."""
    points = max(1000, -(-rows * 5 // 4))  # a fifth goes to the test
    x = np.linspace(-5, 5, points).reshape(-1, 1)
    y = np.sin(x) + np.cos(2 * x) + 0.1 * np.random.default_rng(ctx.seed).standard_normal((points, 1))
    return split(ctx, x, y, rows)


def split(ctx: Context, x: np.ndarray, y: np.ndarray, rows: int) -> Split:
    """The course's split of x (points, features) and y (points, 1), placed; of the training rows the first `rows`."""
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
    return split(ctx, x, y.reshape(-1, 1).astype(float), rows)
