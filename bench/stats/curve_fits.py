"""Curves of one shape parameter and a free level, fitted to times; and where a rising curve crosses a line.

A fit is by weighted least squares on logs. Its intervals are the profile likelihood's: every parameter for which the
sum of squares exceeds the least by no more than the 95 % point of F with one degree in the numerator (Bates & Watts,
Nonlinear Regression Analysis and Its Applications, 1988, chapter 6). A crossing has no model: a curve that rises
crosses between the last place where it is surely below and the first place where it is surely above.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtri

from bench.stats.intervals import CONFIDENCE

Floats = NDArray[np.float64]
Curve = Callable[[Floats, Floats], Floats]
"""Shapes, (shapes, 1), and places, (readings,), to logs, (shapes, readings)."""

MEDIAN_EFFICIENCY = math.pi / 2
"""Variance of a median over that of a mean, for many normal values (Kenney & Keeping, 1962); for few it is less."""

MISFIT_SHARE = 0.05
"""A model that is off by at most this share is a fair description, even if it is surely not exact."""

MISFIT_LEVEL = 0.99
"""Level of the F test beyond which noise does not explain how far the points lie off the curve."""

GRID = 400
"""Values of the shape tried at a time; the search is repeated twice, each time within the region that is left."""


@dataclass(frozen=True)
class CurvePoint:
    """A median of positive values at a place."""

    x: float
    value: float
    sd: float
    """Standard deviation of the logs of the values behind the median."""
    n: int


@dataclass(frozen=True)
class Fit:
    """The shape and the level that describe readings best, with 95 % intervals."""

    shape: float
    shape_low: float
    shape_high: float
    level: float
    """Natural logarithm of the factor by which the curve is multiplied."""
    region: tuple[tuple[float, float, float], ...]
    """(shape, lowest level, highest level) of every shape that the data allow, for intervals of derived numbers."""

    def of(self, derived: Callable[[float, float], float]) -> tuple[float, float, float]:
        """value, low, high of a number that follows from shape and level, monotone in the level."""
        ends = [derived(shape, level) for shape, low, high in self.region for level in (low, high)]
        value = derived(self.shape, self.level)
        return value, min([value, *ends]), max([value, *ends])


def fit(readings: Sequence[CurvePoint], curve: Curve, bounds: tuple[float, float]) -> Fit | str:
    """The best curve: log of a reading = level + curve(shape, x), the shape within `bounds`; or why there is none.

    The noise is the pooled spread of the values behind the readings; without a spread there is no fit. Nor is there one
    if a reading lies off the curve by more than noise and more than `MISFIT_SHARE`. Raises `ValueError` for fewer than
    three readings: two parameters describe any two.
    """
    if len(readings) < 3:
        raise ValueError(f"{len(readings)} readings are too few for a level and a shape")
    degrees = sum(each.n - 1 for each in readings)
    variance = sum((each.n - 1) * each.sd**2 for each in readings if each.n > 1)
    if not degrees or not variance > 0:
        return "readings of one value each, or without any spread: their noise is not known"
    n = np.array([each.n for each in readings], dtype=np.float64)
    x = np.array([each.x for each in readings], dtype=np.float64)
    y, weights = np.log([each.value for each in readings]), n / (MEDIAN_EFFICIENCY * variance / degrees)
    scale = 1.0
    shapes = np.linspace(*bounds, GRID)
    squares, levels = _squares(shapes, x, y, weights, curve)
    for _ in range(2):
        shapes = _closer(shapes, squares, scale, degrees)
        squares, levels = _squares(shapes, x, y, weights, curve)
        # If the model is not exact, its residuals are the noise of its parameters.
        scale = max(1.0, squares.min() / (len(x) - 2))
    best = int(squares.argmin())
    within = _limit(squares, scale, degrees)
    room = np.sqrt(np.maximum(within - squares, 0.0) / weights.sum())
    inside = squares <= within
    region = tuple(zip(shapes[inside], (levels - room)[inside], (levels + room)[inside], strict=True))
    off = np.expm1(np.abs(y - levels[best] - curve(shapes[best : best + 1, None], x)[0]))
    beyond = squares.min() / (len(x) - 2) > fdtri(len(x) - 2, degrees, MISFIT_LEVEL)
    worst = int(off.argmax())
    if beyond and off[worst] > MISFIT_SHARE:
        at = f"{x[worst]:,.0f}" if x[worst] >= 1000 else f"{x[worst]:.4g}"
        return f"the reading at {at} lies {100 * off[worst]:.0f} % off the best curve, more than its noise explains"
    ends = shapes[inside]
    return Fit(
        float(shapes[best]), float(ends.min()), float(ends.max()), float(levels[best]),
        tuple((float(a), float(b), float(c)) for a, b, c in region),
    )  # fmt: skip


def _squares(shapes: Floats, x: Floats, y: Floats, weights: Floats, curve: Curve) -> tuple[Floats, Floats]:
    """(shapes,): the sum of squares with the best level of each shape, and that level."""
    rest = y - curve(shapes[:, None], x)
    levels = rest @ weights / weights.sum()
    return ((rest - levels[:, None]) ** 2) @ weights, levels


def _limit(squares: Floats, scale: float, degrees: int) -> float:
    """The largest sum of squares within the 95 % region."""
    return float(squares.min() + scale * fdtri(1, degrees, CONFIDENCE))


def _closer(shapes: Floats, squares: Floats, scale: float, degrees: int) -> Floats:
    """A finer grid over the shapes within the region, and one step of the coarse grid to either side."""
    inside = np.flatnonzero(squares <= _limit(squares, scale, degrees))
    low, high = max(inside[0] - 1, 0), min(inside[-1] + 1, len(shapes) - 1)
    return np.linspace(shapes[low], shapes[high], GRID)


@dataclass(frozen=True)
class Crossing:
    """Where a rising curve crosses a line: not before `low`, not after `high`, probably at `value`; or why not."""

    value: float | None
    low: float | None
    """None if it has already crossed at the first reading."""
    high: float | None
    """None if it has not crossed at the last reading."""
    reason: str = ""
    """Why it is not resolved; empty if both ends are known."""


def crossing(readings: Sequence[tuple[float, float, float, float]], line: float) -> Crossing:
    """Where readings (x, value, low, high), ascending in x, all positive, rise above a line.

    Surely below means an interval wholly below the line, surely above one wholly above. The only assumption is that the
    measured quantity rises; if it is surely above before it is surely below, nothing is resolved. The value comes from
    a straight line, on logs, between its two neighbouring readings.
    """
    if not readings:
        return Crossing(None, None, None, "nothing was measured")
    below = [x for x, _, _, high in readings if high < line]
    above = [x for x, _, low, _ in readings if low > line]
    if not below and not above:
        return Crossing(None, None, None, "every interval holds the line")
    if below and above and below[-1] > above[0]:
        return Crossing(None, None, None, f"surely above at {above[0]:,.6g}, and surely below at {below[-1]:,.6g}")
    if not below:
        return Crossing(None, None, above[0], "above from the first reading that decides")
    if not above:
        return Crossing(None, below[-1], None, "below up to the last reading that decides")
    return Crossing(_between(readings, line, below[-1], above[0]), below[-1], above[0])


def _between(readings: Sequence[tuple[float, float, float, float]], line: float, low: float, high: float) -> float:
    """The crossing of the straight pieces between the medians, on logs, from the last below to the first above."""
    inner = [(math.log(x), math.log(value / line)) for x, value, *_ in readings if low <= x <= high]
    crossed = next(place for place, (_, height) in enumerate(inner) if height > 0)
    (x0, y0), (x1, y1) = inner[crossed - 1], inner[crossed]
    return math.exp(x0 + (x1 - x0) * -y0 / (y1 - y0))
