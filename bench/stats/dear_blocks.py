"""Blocks of two kinds: every so often one that is dearer, each time by about as much.

A step that does more in every k-th call (it adds up gradients, refills a buffer, collects garbage) has cheap blocks and
dear ones, and both kinds are narrow. Noise is not: its slow blocks lie all over, and few launches have them.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

LEAST_FACTOR = 1.25
"""Dear blocks less than a quarter dearer than the others are not told from noise."""

FEWEST = 6
"""Fewest dear blocks: by chance a few slow ones may lie close together."""

CLEAR = 4.0
"""The gap between the kinds, in widths of either kind (log scale; a width holds nine tenths of it)."""

MOST_SHARE = 0.6
"""Largest share of dear blocks; above it the cheap ones are the exception."""

LEAST_LAUNCHES = 2 / 3
"""Share of the launches that have dear blocks, where chance alone would let nearly all have some."""

LEAST_MIXED = 0.5
"""Share of the visits with dear blocks that have cheap ones too: a visit that is slow as a whole is another matter."""


@dataclass(frozen=True)
class DearBlocks:
    """The share of the blocks that are dear, and how many times as long as the others they take."""

    share: float
    factor: float


def dear_blocks(visits: Sequence[tuple[int, Sequence[float]]]) -> DearBlocks | None:
    """The dear blocks among these; None if they are of one kind. visits: (launch, log time of each block in order)."""
    visits = [(launch, logs) for launch, logs in visits if logs]
    launches: dict[int, list[float]] = {}
    for launch, logs in visits:
        launches.setdefault(launch, []).extend(logs)
    # Launches differ as a whole. At the lower quartile a block is cheap, even if every second one is dear.
    levels = {launch: _quantile(sorted(logs), 0.25) for launch, logs in launches.items()}
    above = [[log - levels[launch] for log in logs] for launch, logs in visits]
    cut = _cut(sorted(value for visit in above for value in visit))
    if cut is None:
        return None
    dear = {launch for (launch, _), visit in zip(visits, above, strict=True) if max(visit) > cut}
    with_dear = [visit for visit in above if len(visit) > 1 and max(visit) > cut]
    mixed = sum(min(visit) <= cut for visit in with_dear)
    if len(dear) < LEAST_LAUNCHES * len(launches) or mixed < LEAST_MIXED * len(with_dear):
        return None
    every = [value for visit in above for value in visit]
    lower, upper = ([value for value in every if (value > cut) == is_dear] for is_dear in (False, True))
    factor = math.exp(statistics.median(upper) - statistics.median(lower))
    return DearBlocks(len(upper) / len(every), factor)


def _cut(ordered: Sequence[float]) -> float | None:
    """The value between both kinds: in the widest gap that leaves enough on both sides; None if it is not clear."""
    n = len(ordered)
    first = max(FEWEST, math.ceil((1 - MOST_SHARE) * n))
    places = range(first, n - FEWEST + 1)
    if not places:
        return None
    at = max(places, key=lambda place: ordered[place] - ordered[place - 1])
    lower, upper = ordered[:at], ordered[at:]
    gap = statistics.median(upper) - statistics.median(lower)
    widths = [_quantile(side, 0.95) - _quantile(side, 0.05) for side in (lower, upper)]
    if gap < math.log(LEAST_FACTOR) or any(gap < CLEAR * width for width in widths):
        return None
    return (lower[-1] + upper[0]) / 2


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
