"""Places of ticks: round numbers on a logarithmic or linear axis, few enough to be read."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.ticker import MaxNLocator

_STEPS: tuple[tuple[tuple[float, ...], int], ...] = (
    ((1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8), 1),
    ((1, 1.5, 2, 3, 5, 7), 1),
    ((1, 2, 5), 1),
    ((1, 3), 1),
    ((1,), 1),
    ((1,), 2),
    ((1,), 3),
    ((1,), 6),
)
"""Steps within a decade, and the number of decades from one to the next: from dense to sparse."""


def round_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """At least two and at most `most` round numbers between two positive ones, for a logarithmic axis."""
    for steps, every in _STEPS:
        inside = [
            step * 10.0**power
            for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
            for step in steps
            if power % every == 0 and low <= step * 10.0**power <= high
        ]
        if 2 <= len(inside) <= most:
            return inside
        if len(inside) < 2:
            break
    return [tick for tick in even_ticks(low, high, most) if tick > 0]


def thinned(values: Sequence[float], places: Sequence[float], widths: Sequence[float], gap: float) -> list[float]:
    """The values whose labels, `widths` wide at `places`, do not touch; chosen from the last one backwards."""
    if not values:
        return []
    kept = [len(values) - 1]
    for i in range(len(values) - 2, -1, -1):
        if places[i] + widths[i] / 2 + gap <= places[kept[-1]] - widths[kept[-1]] / 2:
            kept.append(i)
    return [values[i] for i in reversed(kept)]


def even_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """At most `most` round numbers at equal distances, for a linear axis."""
    ticks = [float(tick) for tick in MaxNLocator(nbins=max(2, most - 1)).tick_values(low, high)]
    return [tick for tick in ticks if low <= tick <= high][:most]
