"""Where a series of values changed its level for good, and where it only looks so.

A search proposes, and rules dispose. The search is PELT (Killick, Fearnhead & Eckley, JASA 107, 2012) on values whose
spikes are cut off, with a penalty that grows with the autocorrelation. The rules take proposals away, the weakest
first, until each that is left is a step, is large enough, and is no swing between levels that keep coming back.
Numbers without a source were chosen on simulated series; docs/history.md has what they find and what they miss.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.stats.robust import MAD_TO_SD, spread
from bench.stats.series import autocorrelation

Logs = NDArray[np.float64]

WINDOW = 11
"""Values of the running median that spikes are measured from."""

WINSOR = 4.0
"""Robust standard deviations from the running median beyond which a value is cut off."""

FEWEST = 8
"""Values of a level: fewer are not told from a burst."""

PENALTY = 6.0
"""Times ln n · (1 + ρ)/(1 - ρ), in variances: the price of a change."""

MOST_INFLATION = 12.0
"""Of the variance of a mean by autocorrelation, (1 + ρ)/(1 - ρ): at ρ = 0.85. A series that changed level often looks
more correlated than that, and would hide its own changes."""

SMALLEST_EFFECT = 0.01
"""On the log scale: what is less is no news to anyone, whatever its significance."""

SMALLEST_JUMP = 1.2
"""In standard deviations of a value: what is less is not seen in a picture of the series either."""

SMALLEST_T = 4.5
"""Difference ÷ its standard error. A search looks everywhere: of 300 places this is 0.2 % by chance (Bonferroni)."""

MOST_ASTRAY = 0.38
"""Share of the values of a level that may lie beyond the middle between both. Of a short level fewer: 0.5 less one
over √n, at which a sign test calls the rest a majority (two standard errors)."""

STEP_OVER_LINE = 2.0
"""Variances, times the inflation, by which a step must fit better than a line: AIC's price of a parameter."""

AROUND = 40
"""Values either side of a change on which a step must beat a line as well as on both levels whole."""

MOST_SWINGS = 2
"""Changes between the same two levels. What goes there and back and there again has two states, and no regression."""

SMALLEST_SD = SMALLEST_EFFECT / 8
"""Of values most of which are alike to the last digit."""

LEVEL_FLOOR = 0.7
"""Times the spread of the whole series: no level counts as quieter, as a few values may agree by chance."""

RANGE_COST = 6.0
"""Variances, times the inflation, by which another place may fit worse and still belong to the range of a change:
2 ln 20, the likelihood of 1 in 20. Covers at least 95 % of simulated changes (tests/stats/test_changes.py)."""


@dataclass(frozen=True)
class Change:
    """A change of level. Levels are medians of the values (logs); `at` is the first value of the new one."""

    at: int
    first: int
    last: int
    """Range of `at`: other places that fit about as well."""
    before: float
    after: float
    error: float
    """Standard error of after - before: π/2 times the variance of means, as levels are medians (of normal noise)."""
    sd: float
    """Of a value around its level."""
    p: float
    """Of no change anywhere in the series: Bonferroni's bound over places, of a normal t with autocorrelation."""


def find(logs: Sequence[float] | Logs) -> list[Change]:
    """The changes of level in a series of logs, oldest first; none where there are fewer than `2 * FEWEST` values.

    Raises `ValueError` for values that are not finite.
    """
    x = np.asarray(logs, dtype=np.float64)
    if not np.isfinite(x).all():
        raise ValueError("a series of logs must be finite")
    if len(x) < 2 * FEWEST:
        return []
    w, sd, rho = _without_spikes(x)
    proposed = _search(w / sd, PENALTY * math.log(len(x)) * _inflation(rho))
    if not proposed:
        return []
    inflation = _inflation(max(rho, _correlation(_levels(w, proposed))))
    kept = _without_swings(x, _pruned(x, w, proposed, inflation))
    return _described(x, w, _pruned(x, w, kept, inflation), inflation)


def _without_spikes(x: Logs) -> tuple[Logs, float, float]:
    """The values with spikes cut off, their spread around the running median, and its autocorrelation."""
    from scipy.ndimage import median_filter

    running = median_filter(x, WINDOW, mode="mirror")
    apart = x - running
    sd = max(spread(apart), SMALLEST_SD)
    cut = np.clip(apart, -WINSOR * sd, WINSOR * sd)
    return running + cut, sd, _correlation([cut])


def _search(scaled: Logs, penalty: float) -> list[int]:
    from ruptures import KernelCPD

    found = KernelCPD(kernel="linear", min_size=FEWEST).fit(scaled).predict(pen=penalty)
    return [int(place) for place in found[:-1]]


def _correlation(levels: Sequence[Logs]) -> float:
    """Lag-1 autocorrelation around the levels, spikes cut off; not below 0."""
    apart = np.concatenate([level - np.median(level) for level in levels])
    most = 3 * max(spread(apart), SMALLEST_SD)
    found = autocorrelation([np.clip(level - np.median(level), -most, most).tolist() for level in levels])
    return max(0.0, found or 0.0)


def _inflation(rho: float) -> float:
    """Of the variance of a mean of values that are correlated like ρ, ρ², … (first-order autoregression)."""
    return MOST_INFLATION if rho >= 1 else min((1 + rho) / (1 - rho), MOST_INFLATION)


def _levels(x: Logs, places: Sequence[int]) -> list[Logs]:
    return np.split(x, places)


@dataclass(frozen=True)
class _Around:
    """A proposal between its neighbours: values are x (raw) and w (without spikes)."""

    at: int
    start: int
    end: int
    before: float
    after: float
    sd: float
    t: float
    astray: bool
    step: float
    """Variances by which a step fits better than a line, the worse of both extents."""

    def holds(self, inflation: float) -> bool:
        size = abs(self.after - self.before)
        return (
            size >= SMALLEST_EFFECT
            and size >= SMALLEST_JUMP * self.sd
            and self.t >= SMALLEST_T
            and not self.astray
            and self.step >= STEP_OVER_LINE * inflation
        )


def _around(x: Logs, w: Logs, places: Sequence[int], number: int, quietest: float, inflation: float) -> _Around:
    start, at, end = [0, *places, len(x)][number : number + 3]
    a, b = x[start:at], x[at:end]
    before, after = float(np.median(a)), float(np.median(b))
    sd_a, sd_b = (max(spread(level), LEVEL_FLOOR * quietest) for level in (a, b))
    sd = max(quietest, math.hypot(sd_a, sd_b) / math.sqrt(2))
    error = math.sqrt(inflation * (sd_a**2 / len(a) + sd_b**2 / len(b)))
    middle, sign = (before + after) / 2, np.sign(after - before)
    wrong = ((a - middle) * sign >= 0).mean(), ((b - middle) * sign <= 0).mean()
    allowed = (min(MOST_ASTRAY, 0.5 - 1 / math.sqrt(len(level))) for level in (a, b))
    extents = (start, end), (max(start, at - AROUND), min(end, at + AROUND))
    step = min(_step_over_line(w[low:high], at - low) for low, high in extents) / sd**2
    astray = any(share > most for share, most in zip(wrong, allowed, strict=True))
    return _Around(at, start, end, before, after, sd, abs(after - before) / error, astray, step)


def _step_over_line(values: Logs, at: int) -> float:
    """Squares left by a straight line less those left by a step at `at`."""
    centred = values - values.mean()
    time = np.arange(len(values)) - (len(values) - 1) / 2
    line = centred @ centred - (time @ centred) ** 2 / (time @ time)
    return float(line - sum(_squares(level) for level in _levels(values, [at])))


def _squares(values: Logs) -> float:
    apart = values - values.mean()
    return float(apart @ apart)


def _quietest(x: Logs, places: Sequence[int]) -> float:
    apart = np.concatenate([level - np.median(level) for level in _levels(x, places)])
    return max(float(MAD_TO_SD * np.median(np.abs(apart))), SMALLEST_SD)


def _pruned(x: Logs, w: Logs, places: Sequence[int], inflation: float) -> list[int]:
    """Take away the weakest proposal that does not hold, merge its levels, and look again."""
    kept = list(places)
    while kept:
        quietest = _quietest(x, kept)
        all_ = [_around(x, w, kept, number, quietest, inflation) for number in range(len(kept))]
        weak = [item for item in all_ if not item.holds(inflation)]
        if not weak:
            break
        kept.remove(min(weak, key=lambda item: item.t).at)
    return kept


def _without_swings(x: Logs, places: Sequence[int]) -> list[int]:
    """Take away the changes between two levels that the series keeps coming back to."""
    kept = list(places)
    while len(kept) > MOST_SWINGS:
        levels = np.array([np.median(level) for level in _levels(x, kept)])
        ends = np.sort(np.stack([levels[:-1], levels[1:]], axis=1), axis=1)
        alike = np.maximum(_quietest(x, kept), 0.3 * np.abs(np.diff(levels)))
        same = np.abs(ends[:, None, :] - ends[None, :, :]).sum(axis=2) <= 2 * alike[:, None]
        most = int(same.sum(axis=1).argmax())
        if same[most].sum() <= MOST_SWINGS:
            break
        kept = [place for place, swings in zip(kept, same[most], strict=True) if not swings]
    return kept


def _described(x: Logs, w: Logs, places: Sequence[int], inflation: float) -> list[Change]:
    changes = []
    quietest = _quietest(x, places) if places else 0.0
    for number in range(len(places)):
        item = _around(x, w, places, number, quietest, inflation)
        first, last = _range(w[item.start : item.end], item.at - item.start, RANGE_COST * inflation * item.sd**2)
        p = min(1.0, (len(x) - 2 * FEWEST + 1) * math.erfc(item.t / math.sqrt(2)))
        size = item.after - item.before
        error = abs(size) / item.t * math.sqrt(math.pi / 2)
        found = Change(item.at, item.start + first, item.start + last, item.before, item.after, error, item.sd, p)
        changes.append(found)
    return changes


def _range(values: Logs, at: int, allowed: float) -> tuple[int, int]:
    """The first and the last place at which a step leaves at most `allowed` more squares than at `at`."""
    n, total = len(values), np.cumsum(values)
    places = np.arange(1, n)
    gained = total[:-1] ** 2 / places + (total[-1] - total[:-1]) ** 2 / (n - places)
    close = places[gained >= gained[at - 1] - allowed]
    return int(min(close[0], at)), int(max(close[-1], at))
