"""What all cases of two runs have in common: a machine that is slow for minutes takes every case of a run along.

On two shared cores the level of runs of 20 s strayed by 1.6 % within 20 minutes, all ten cases alike, where the cases
of a run strayed from its level by 0.5 % (`tests/agreement/short_and_long.py`). The interval of a case knows its own run
alone. So a case is slower or faster where it is so beyond what all cases of the two runs share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from bench.analyse.comparison import FASTER, NOT_RESOLVED, SLOWER, Compared
from bench.stats import intervals

FEWEST = 6
"""Cases from which the interval of their median has 95 %, whatever their shape (`intervals.fewest_for`)."""


class Shift(NamedTuple):
    """The median over cases of head ÷ base, with its 95 % interval of order statistics."""

    ratio: float
    low: float
    high: float
    cases: int

    @property
    def is_one(self) -> bool:
        """Whether the cases may share nothing."""
        return self.low <= 1 <= self.high


def shared_by(compared: Sequence[Compared]) -> Shift | None:
    """What the cases of two runs share; None of fewer than six, and where they are not of one machine.

    Each case counts once, on the first of its clocks.
    """
    ratios: dict[str, float] = {}
    for item in compared:
        if item.ratio is not None and item.verdict in (SLOWER, FASTER, NOT_RESOLVED):
            ratios.setdefault(item.key, item.ratio)
    if len(ratios) < FEWEST:
        return None
    found = intervals.median(list(ratios.values()), of="cases")
    if found.low is None or found.high is None:  # wider than a factor of three
        return None
    return Shift(found.value, found.low, found.high, len(ratios))


def beyond(compared: Sequence[Compared]) -> list[Compared]:
    """The same cases, where a case that moved only as all of them did is not resolved, and says so."""
    shift = shared_by(compared)
    if shift is None or shift.is_one:
        return list(compared)
    return [_beyond(item, shift) for item in compared]


def _beyond(item: Compared, shift: Shift) -> Compared:
    if item.verdict not in (SLOWER, FASTER) or item.low is None or item.high is None:
        return item
    low, high = item.low / shift.high, item.high / shift.low
    if (item.verdict == SLOWER and low > 1) or (item.verdict == FASTER and high < 1):
        return item
    note = f"it moved as all cases did: × {shift.ratio:.3f}"
    return replace(item, verdict=NOT_RESOLVED, note="; ".join(filter(None, (item.note, note))))
