"""The mean cost of a step over launches, with its interval: what a long job pays, dear calls included.

A step that is dear in every k-th call has a mean that few blocks show badly: a launch may see one dear call or none,
and several launches may see the same one, because each makes as many calls before its first block. Launches that agree
are then no evidence. So where blocks come in two kinds, the interval is that of the share of dear blocks, times what a
dear block costs more: the share is a binomial one, whose exact interval (Clopper & Pearson, Biometrika 26, 1934) holds
for dear calls by chance, and all the more for calls at equal distances, whose number varies less. Launches whose dear
blocks lie in the same places count once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

from bench.stats import intervals, moderated_t, student_t
from bench.stats.bimodality import best_cut
from bench.stats.gamma_functions import incomplete_beta
from bench.stats.intervals import CONFIDENCE, Interval
from bench.stats.moderation import Prior
from bench.stats.moments import mean_and_squares

DEARER = 1.1
"""Least ratio of the cost of dear to that of cheap blocks: a smaller one moves a mean by less than launches do."""

APART = 4.0
"""Least distance of the two kinds, in standard deviations of the cheap blocks within their launches."""


FEW_CALLS = 384
"""Calls of six launches of 64. A step that is dear more rarely than in every tenth of fewer calls may be missed: the
method then says how many were seen."""


class LaunchBlocks(NamedTuple):
    """The kept blocks of one launch, in the order of measurement: steps of each, and its total seconds."""

    steps: Sequence[int]
    seconds: Sequence[float]

    @property
    def mean(self) -> float:
        """Seconds per step, over all steps of the launch."""
        return math.fsum(self.seconds) / sum(self.steps)

    @property
    def costs(self) -> list[float]:
        """Seconds per step of each block."""
        return [seconds / steps for steps, seconds in zip(self.steps, self.seconds, strict=True)]


class Kinds(NamedTuple):
    """Blocks of two kinds."""

    dear: list[list[bool]]
    """For each launch, for each of its blocks, whether it is dear."""
    cheap_s: float
    """Mean seconds per step of the cheap blocks."""
    dear_s: float


def mean(
    launches: Sequence[LaunchBlocks], confidence: float = CONFIDENCE, of: str = "launches", prior: Prior | None = None
) -> Interval:
    """The arithmetic mean of the launches' means in seconds per step, with its interval.

    of: what each of `launches` is, in the plural; prior: what the means of the run's other cases say. Raises
    `ValueError` without launches.
    """
    n = len(launches)
    if n == 0:
        raise ValueError("no mean without launches")
    means = [each.mean for each in launches]
    value = math.fsum(means) / n
    if n == 1:
        return Interval(value, None, None, 1, f"one {'launch' if of == 'launches' else of[:-1]}: no interval")
    found = kinds(launches)
    levels = means if found is None else [_cheap(each, dear) for each, dear in zip(launches, found.dear, strict=True)]
    logs = [math.log(level) for level in levels]
    ends = moderated_t.interval(logs, prior, confidence) if prior else student_t.interval(logs, confidence)
    low, high = (math.exp(end) for end in ends)
    method = f"t on logs, {n} {of}, {100 * confidence:g} %"
    if prior:
        lent = f"{n} {of} and the spread of {prior.cases} other cases"
        method = f"{'' if prior.normal else 'range and '}moderated t on logs, {lent}, {100 * confidence:g} %"
    if found is not None:
        share, blocks = _share(found.dear)
        least, most = share_bounds(share, blocks, confidence)
        extra = (found.dear_s - found.cheap_s) / found.cheap_s
        low, high = low * (1 + least * extra), high * (1 + most * extra)
        method = f"share of dear blocks, {share:.0%} [{least:.0%}, {most:.0%}], and {method}"
    if (calls := sum(sum(each.steps) for each in launches)) < FEW_CALLS:
        method += f", of {calls} calls that were seen"
    return intervals.known(Interval(value, min(low, value), max(high, value), n, method), of)


def kinds(launches: Sequence[LaunchBlocks]) -> Kinds | None:
    """Split the blocks of all launches into cheap and dear ones; None if they are of one kind.

    Costs are relative to the cheapest block of their launch, so that launches which differ are not taken for kinds of
    blocks. The cut makes the squares within both parts least (Fisher, On Grouping for Maximum Homogeneity, 1958).
    """
    costs = [each.costs for each in launches]
    least = [min(own) for own in costs]
    relative = [[math.log(cost / cheapest) for cost in own] for own, cheapest in zip(costs, least, strict=True)]
    ordered = sorted(itertools.chain.from_iterable(relative))
    if ordered[-1] < math.log(DEARER):
        return None
    cut = best_cut(ordered)
    (cheap, cheap_squares), (dear, dear_squares) = (mean_and_squares(part) for part in (ordered[:cut], ordered[cut:]))
    sd = math.sqrt((cheap_squares + dear_squares) / len(ordered))
    if dear - cheap < max(math.log(DEARER), APART * sd):
        return None
    edge = ordered[cut]
    is_dear = [[x >= edge for x in own] for own in relative]
    parts: tuple[list[float], list[float]] = ([], [])
    for own, marks in zip(costs, is_dear, strict=True):
        for cost, mark in zip(own, marks, strict=True):
            parts[mark].append(cost)
    return Kinds(is_dear, *(math.fsum(part) / len(part) for part in parts))


def share_bounds(share: float, count: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Clopper & Pearson's bounds of a share that was seen in `count` cases; neither need be a whole number of them."""
    hits, tail = share * count, (1 - confidence) / 2
    low = _beta_quantile(tail, hits, count - hits + 1) if hits > 0 else 0.0
    high = _beta_quantile(1 - tail, hits + 1, count - hits) if hits < count else 1.0
    return low, high


def _beta_quantile(p: float, a: float, b: float) -> float:
    """The x with I_x(a, b) = p, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if incomplete_beta(middle, 1 - middle, a, b) < p else (low, middle)
    return (low + high) / 2


def _share(dear: Sequence[Sequence[bool]]) -> tuple[float, float]:
    """Share of dear blocks, and the number of blocks that are evidence for it.

    Launches with their dear blocks in the same places are one launch; those without any are not known to be.
    """
    blocks = sum(map(len, dear))
    found = [tuple(marks) for marks in dear if any(marks)]
    apart = len(set(found)) + len(dear) - len(found)
    return sum(map(sum, dear)) / blocks, blocks * apart / len(dear)


def _cheap(launch: LaunchBlocks, dear: Sequence[bool]) -> float:
    """Seconds per step of the cheap blocks of a launch. It has one at least: the one that all are compared to."""
    cheap = [cost for cost, mark in zip(launch.costs, dear, strict=True) if not mark]
    return math.fsum(cheap) / len(cheap)
