"""How the values of a series vary around its levels: their spread, their autocorrelation, and how well a step or a line
fits them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.stats.robust import MAD_TO_SD, spread

Logs = NDArray[np.float64]

MOST_INFLATION = 12.0
"""Largest factor by which autocorrelation may inflate the variance of a mean: that of a first-order autoregression of
ρ = 0.85. A series that changed level often looks more correlated than that, and would hide its own changes."""

LAGS = 8
"""Largest lag that counts: slow drift under fast noise is not strong at any single lag."""

LEVEL_FLOOR = 0.7
"""Least spread of a level, as a share of that of the whole series: a few values may agree by chance."""

AROUND = 40
"""Values on either side of a change around which a step must fit too, not only on both whole levels."""


def correlation(levels: Sequence[Logs], lag: int) -> float:
    """Autocorrelation around the levels at a lag, pooled; 0 if nothing varies.

    Values around their own mean look less correlated by (1 + 3ρ)/n (Kendall, Biometrika 41, 1954).
    """
    parts = [level - level.mean() for level in levels if len(level) > lag]
    squares = sum(float(part @ part) for part in parts)
    if squares <= 0:
        return 0.0
    found = sum(float(part[lag:] @ part[:-lag]) for part in parts) / squares
    return found + (1 + 3 * max(found, 0.0)) * len(parts) / sum(map(len, parts))


def inflation(rho: float) -> float:
    """Factor on the variance of a mean of values with correlations ρ, ρ², … (first-order autoregression)."""
    return MOST_INFLATION if rho >= 1 else min(max(1.0, (1 + rho) / (1 - rho)), MOST_INFLATION)


def long_inflation(levels: Sequence[Logs]) -> float:
    """The same factor without a model: 1 + 2 (ρ₁ + ρ₂ + …) up to the first ρ within chance; the larger of both."""
    chance, total = 2 / math.sqrt(sum(map(len, levels))), 1.0
    first = correlation(levels, 1)
    for lag in range(1, LAGS + 1):
        rho = first if lag == 1 else correlation(levels, lag)
        if rho < chance:
            break
        total += 2 * rho
    return min(max(inflation(first), total), MOST_INFLATION)


@dataclass(frozen=True)
class Around:
    """A place between its neighbours, with a level before and one after it. Levels are medians."""

    at: int
    start: int
    end: int
    before: float
    after: float
    sd_before: float
    sd_after: float
    seen_sd: float
    """Standard deviation as one sees it in a picture, from the bulk of the values."""
    error: float
    """Standard error of the difference of means, spikes cut off."""
    t: float
    """The difference of means ÷ its error."""
    astray: tuple[float, float]
    """Shares of the values of either level that lie on the other's side of the middle."""
    moved: float
    """The smaller move of both quartiles in the direction of the change, as a share of it."""
    over_line: float
    """Variances by which a step fits better than a line, the worse of the whole and of the values around it."""
    on_line: float
    """Variances by which a line with a step fits better than the line alone, the worse of the same two."""

    @property
    def size(self) -> float:
        """Distance between the two levels, at least 0."""
        return abs(self.after - self.before)


class LevelNoise:
    """How values vary around the levels between some places: x raw, w with spikes cut off; no sd is below `least`."""

    def __init__(self, x: Logs, w: Logs, places: Sequence[int], least: float) -> None:
        self.x, self.w, self.places = x, w, list(places)
        levels = np.split(w, self.places)
        self.inflation = long_inflation(levels)
        squares = sum(_squares(level) for level in levels)
        self.sd = max(math.sqrt(squares / max(1, len(w) - len(levels))), least)
        apart = np.concatenate([level - np.median(level) for level in np.split(x, self.places)])
        self.bulk = max(float(MAD_TO_SD * np.median(np.abs(apart))), least)

    def around(self, number: int) -> Around:
        """The place of this number between its neighbours."""
        start, at, end = [0, *self.places, len(self.x)][number : number + 3]
        a, b, wa, wb = self.x[start:at], self.x[at:end], self.w[start:at], self.w[at:end]
        before, after = float(np.median(a)), float(np.median(b))
        sds = [max(math.sqrt(_squares(level) / (len(level) - 1)), LEVEL_FLOOR * self.sd) for level in (wa, wb)]
        seen = [max(spread(level), LEVEL_FLOOR * self.bulk) for level in (a, b)]
        error = math.sqrt(self.inflation * (sds[0] ** 2 / len(a) + sds[1] ** 2 / len(b)))
        extents = (start, end), (max(start, at - AROUND), min(end, at + AROUND))
        fits = [steps_and_lines(self.w[low:high], at - low) for low, high in extents]
        middle, size = (before + after) / 2, after - before
        quartiles = np.quantile(b, (0.25, 0.75)) - np.quantile(a, (0.25, 0.75))
        return Around(
            at=at,
            start=start,
            end=end,
            before=before,
            after=after,
            sd_before=sds[0],
            sd_after=sds[1],
            seen_sd=max(self.bulk, math.hypot(*seen) / math.sqrt(2)),
            error=error,
            t=abs(float(wb.mean() - wa.mean())) / error,
            astray=(float(((a - middle) * size >= 0).mean()), float(((b - middle) * size <= 0).mean())),
            moved=float((quartiles / size).min()) if size else 0.0,
            over_line=min(over for over, _ in fits) / self.sd**2,
            on_line=min(on for _, on in fits) / self.sd**2,
        )


def noise(logs: Logs) -> float:
    """Standard deviation of one value around a level, with spikes cut off at four robust standard deviations."""
    apart = logs - np.median(logs)
    most = 4 * spread(logs)
    return float(np.sqrt(np.mean(np.clip(apart, -most, most) ** 2)) if most > 0 else np.std(apart))


def steps_and_lines(values: Logs, at: int) -> tuple[float, float]:
    """Squares left by a straight line, minus those left by a step at `at`, and minus those left by both together."""
    n = len(values)
    centred, time = values - values.mean(), np.arange(n) - (n - 1) / 2
    by_line = float(time @ centred) ** 2 / float(time @ time)
    by_step = float(centred[:at].sum()) ** 2 * n / (at * (n - at))
    # The part of the step that no line explains; the squares it removes are those of its share in the values.
    step = np.where(np.arange(n) < at, 0.0, 1.0)
    rest = step - step.mean() - time * (time @ step) / (time @ time)
    size = float(rest @ rest)
    return by_step - by_line, float(rest @ centred) ** 2 / size if size > 1e-12 else 0.0


def gained(values: Logs) -> Logs:
    """(n - 1,): squares that a step before each value but the first explains beyond a constant."""
    n, total = len(values), np.cumsum(values - values.mean())[:-1]
    places = np.arange(1, n)
    return np.asarray(total**2 / places + total**2 / (n - places))


def _squares(values: Logs) -> float:
    apart = values - values.mean()
    return float(apart @ apart)
