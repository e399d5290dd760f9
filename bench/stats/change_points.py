"""Where a series of values changed its level for good, and where it only seems to.

A search proposes changes, and rules reject some. The search is that of `bench.stats.partition` on values whose spikes
are cut off, with a penalty that grows with the autocorrelation. The rules remove proposals, the
weakest first, until each that is left is a step, is large enough, and is not a swing between levels that recur.
Numbers without a source were chosen on simulated series; docs/history.md has what they find and what they miss.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.stats.level_noise import Around, LevelNoise, Logs, correlation, gained, inflation
from bench.stats.partition import partition
from bench.stats.robust import spread

WINDOW = 11
"""Values of the running median that spikes are measured from."""

WINSOR = 4.0
"""Robust standard deviations from the running median beyond which a value is cut off."""

FEWEST = 8
"""Least number of values in a level: fewer cannot be distinguished from a burst."""

PENALTY = 4.0
"""The price of a change is this times ln n · (1 + ρ)/(1 - ρ), in variances. It is low, since the rules decide."""

SMALLEST_EFFECT = 0.01
"""Smallest change that counts, on the log scale: a smaller one matters to nobody, however significant it is."""

SMALLEST_JUMP = 1.2
"""Smallest change in standard deviations of a value: a smaller one cannot be seen in a picture of the series."""

SMALLEST_T = 4.0
"""Smallest difference ÷ standard error: over 300 places, chance reaches it in 2 % of all series (Bonferroni)."""

MOST_ASTRAY = 0.38
"""Share of the values of a level that may be beyond the middle between both levels. For a short level it is smaller:
0.5 - 1/√n, at which a sign test calls the rest a majority (two standard errors)."""

MOVED = 0.5
"""Share of the difference by which both quartiles must move if more values are astray: humps that move together."""

STEP_OVER_LINE = 1.0
"""How much better than a line a step must fit, in variances times the inflation."""

STEP_ON_LINE = 9.0
"""The same for a step on top of a line, as in a series that also drifts: three standard errors."""

MOST_SWINGS = 2
"""Most changes between the same two levels: a series that goes there and back and there again has two states. A change
that was undone and made again also makes three: it is kept if the last level is as long as those between."""

SMALLEST_SD = SMALLEST_EFFECT / 8
"""Least standard deviation, for series most of whose values are equal to the last digit."""

RANGE_COST = 7.35
"""How much worse another place may fit and still belong to the range of a change, in variances times the inflation:
-2 ln(1 - √0.95), the 95 % quantile of the likelihood ratio of a place (Eo & Morley, Quant. Econ. 6, 2015)."""


ROUNDS = 2
"""Passes of the rules: removals in the first change the levels and the noise for the second."""


SWING = 0.3
"""Share of a change by which its levels may differ from those of another that counts as the same."""


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
    """Standard deviation of a value around its level, with spikes cut off."""
    p: float
    """Bonferroni's bound, over places, on the probability of such a t without any change. The t is normal, allows for
    autocorrelation, and compares the means of the levels with spikes cut off."""


def find(logs: Sequence[float] | Logs) -> list[Change]:
    """The changes of level in a series of logs, oldest first; none if there are fewer than `2 * FEWEST` values.

    Raises `ValueError` for values that are not finite.
    """
    x = np.asarray(logs, dtype=np.float64)
    if not np.isfinite(x).all():
        raise ValueError("a series of logs must be finite")
    if len(x) < 2 * FEWEST:
        return []
    w, sd, inflation = _without_spikes(x)
    kept = partition(w / sd, PENALTY * math.log(len(x)) * inflation, FEWEST)
    for _ in range(ROUNDS):
        kept = _placed(w, _pruned(x, w, _without_swings(x, w, kept)))
    return describe(x, _pruned(x, w, kept))


def describe(logs: Sequence[float] | Logs, places: Sequence[int]) -> list[Change]:
    """Describe the changes at these places, whatever the rules say about them."""
    x = np.asarray(logs, dtype=np.float64)
    w, _, _ = _without_spikes(x)
    noise = LevelNoise(x, w, places, SMALLEST_SD)
    found = []
    for number in range(len(places)):
        item = noise.around(number)
        most = max(item.sd_before, item.sd_after)
        first, last = _range(w[item.start : item.end], item.at - item.start, RANGE_COST * noise.inflation * most**2)
        p = min(1.0, (len(x) - 2 * FEWEST + 1) * math.erfc(item.t / math.sqrt(2)))
        found.append(
            Change(
                at=item.at,
                first=item.start + first,
                last=item.start + last,
                before=item.before,
                after=item.after,
                error=item.error * math.sqrt(math.pi / 2),
                sd=math.hypot(item.sd_before, item.sd_after) / math.sqrt(2),
                p=p,
            )
        )
    return found


def _without_spikes(x: Logs) -> tuple[Logs, float, float]:
    """The values with spikes cut off, their spread around the running median, and the inflation by its correlation."""
    from scipy.ndimage import median_filter

    running = median_filter(x, WINDOW, mode="mirror")
    apart = x - running
    sd = max(spread(apart), SMALLEST_SD)
    cut = np.clip(apart, -WINSOR * sd, WINSOR * sd)
    return running + cut, sd, inflation(correlation([cut], 1))


def _holds(item: Around, inflation: float) -> bool:
    """Whether the rules accept this change."""
    return (
        item.size >= SMALLEST_EFFECT
        and item.size >= SMALLEST_JUMP * item.seen_sd
        and item.t >= SMALLEST_T
        and not _is_astray(item)
        and (item.over_line >= STEP_OVER_LINE * inflation or item.on_line >= STEP_ON_LINE * inflation)
    )


def _is_astray(item: Around) -> bool:
    """Whether too many values of either level lie on the other's side, and the humps did not move as a whole either."""
    lengths = item.at - item.start, item.end - item.at
    allowed = (min(MOST_ASTRAY, 0.5 - 1 / math.sqrt(length)) for length in lengths)
    if all(share <= most for share, most in zip(item.astray, allowed, strict=True)):
        return False
    return min(lengths) < 2 * FEWEST or item.moved < MOVED


def _pruned(x: Logs, w: Logs, places: Sequence[int]) -> list[int]:
    """Remove the weakest proposal that the rules reject, merge its levels, and look again."""
    kept = list(places)
    while kept:
        noise = LevelNoise(x, w, kept, SMALLEST_SD)
        weak = [item for number in range(len(kept)) if not _holds(item := noise.around(number), noise.inflation)]
        if not weak:
            break
        kept.remove(min(weak, key=lambda item: item.t).at)
    return kept


def _placed(w: Logs, places: Sequence[int]) -> list[int]:
    """Move each place to where a step fits best between its neighbours: a merge may leave it at the edge of a burst."""
    kept = list(places)
    for number in range(len(kept)):
        start, end = [0, *kept, len(w)][number], [0, *kept, len(w)][number + 2]
        squares = gained(w[start:end])[FEWEST - 1 : end - start - FEWEST]
        kept[number] = start + FEWEST + int(squares.argmax())
    return kept


def _without_swings(x: Logs, w: Logs, places: Sequence[int]) -> list[int]:
    """Remove the changes between two levels that the series keeps returning to.

    Proposals that the rules reject are no evidence of a second state: they may be bursts.
    """
    kept = list(places)
    while len(kept) > MOST_SWINGS:
        levels = np.split(x, kept)
        middles, lengths = np.array([np.median(level) for level in levels]), np.array([len(level) for level in levels])
        ends = np.sort(np.stack([middles[:-1], middles[1:]], axis=1), axis=1)
        noise = LevelNoise(x, w, kept, SMALLEST_SD)
        holds = np.array([_holds(noise.around(number), noise.inflation) for number in range(len(kept))])
        errors = noise.sd / np.sqrt(np.minimum(lengths[:-1], lengths[1:]))
        alike = 2 * errors + SWING * np.abs(np.diff(middles))
        same = np.abs(ends[:, None, :] - ends[None, :, :]).max(axis=2) <= alike[:, None]
        same &= holds[:, None] & holds[None, :]
        most = int(same.sum(axis=1).argmax())
        count = int(same[most].sum())
        if count <= MOST_SWINGS:
            break
        first, *_, last = np.flatnonzero(same[most])
        if count == MOST_SWINGS + 1 and lengths[last + 1] >= lengths[first + 1 : last + 1].sum():
            break
        kept = [place for place, swings in zip(kept, same[most], strict=True) if not swings]
    return kept


def _range(values: Logs, at: int, allowed: float) -> tuple[int, int]:
    """The first and the last place at which a step leaves at most `allowed` more squares than at `at`."""
    squares = gained(values)
    close = np.flatnonzero(squares >= squares[at - 1] - allowed) + 1
    return int(min(close[0], at)), int(max(close[-1], at))
