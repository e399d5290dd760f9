"""Series whose truth is known: noise of many kinds, with and without steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Logs = NDArray[np.float64]

KINDS = (
    "normal", "heavy", "spikes", "bursts", "humps", "ar 0.5", "ar 0.8", "ar and white", "season", "drift", "walk",
    "two states", "loud third",
)  # fmt: skip


def ar(n: int, rho: float, sd: float, dice: np.random.Generator) -> Logs:
    """First-order autoregression of standard deviation sd."""
    x = dice.normal(0, sd, n)
    for i in range(1, n):
        x[i] = rho * x[i - 1] + np.sqrt(1 - rho**2) * x[i]
    return x


def noise(kind: str, n: int, sd: float, dice: np.random.Generator) -> Logs:
    """n logs around 0 of one of `KINDS`, of about the spread sd."""
    x = dice.normal(0, sd, n)
    if kind == "ar and white":
        return 0.7 * (x + ar(n, 0.9, sd, dice))
    if kind.startswith("ar "):
        return ar(n, float(kind.removeprefix("ar ")), sd, dice)
    if kind == "heavy":
        return sd * 0.6 * dice.standard_t(2.5, n)
    if kind == "spikes":
        chosen = dice.random(n) < 0.03
        x[chosen] += dice.exponential(10 * sd, chosen.sum())
    elif kind == "bursts":
        for start in dice.integers(n, size=3):
            x[start : start + dice.integers(2, 6)] += 8 * sd
    elif kind == "humps":
        x = 0.3 * x + 1.5 * sd * dice.choice([-1, 1], n)
    elif kind == "season":
        x += 2 * sd * np.sin(np.arange(n) / 7 * 2 * np.pi)
    elif kind == "drift":
        x += np.linspace(0, dice.choice([-8, 8]) * sd, n)
    elif kind == "walk":
        x += np.cumsum(dice.normal(0, 0.15 * sd, n))
    elif kind == "two states":
        x = 0.3 * x + 1.5 * sd * (-1) ** np.cumsum(dice.random(n) < 0.05)
    elif kind == "loud third":
        x[n // 3 : 2 * n // 3] *= 4
    return x


def stepped(kind: str, step: float, dice: np.random.Generator, sd: float = 0.01) -> tuple[Logs, list[int]]:
    """A series of 80 to 400 logs with one or two steps of this size (0.05: 5 %) up or down, and where they are."""
    n = int(dice.integers(80, 400))
    x = noise(kind, n, sd, dice)
    at = sorted(dice.choice(np.arange(20, n - 20), int(dice.integers(1, 3)), replace=False).tolist())
    at = at[:1] if len(at) == 2 and at[1] - at[0] < 20 else at
    for place in at:
        x[place:] += np.log1p(step) * dice.choice([-1, 1])
    return x, at
