"""The mean cost of a step over launches, with its interval: what a long job pays, dear calls included."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from bench.stats import intervals, student_t
from bench.stats.intervals import CONFIDENCE, Interval
from bench.stats.moderation import Prior


class LaunchBlocks(NamedTuple):
    """The kept blocks of one launch, in the order of measurement: steps of each, and its total seconds."""

    steps: Sequence[int]
    seconds: Sequence[float]

    @property
    def mean(self) -> float:
        """Seconds per step, over all steps of the launch."""
        return math.fsum(self.seconds) / sum(self.steps)


def mean(
    launches: Sequence[LaunchBlocks],
    confidence: float = CONFIDENCE,
    of: str = "launches",
    prior: Prior | None = None,
) -> Interval:
    """The arithmetic mean of the launches' means, with its interval. Raises `ValueError` without launches."""
    means = [each.mean for each in launches]
    n = len(means)
    if not n:
        raise ValueError("no mean without launches")
    value = math.fsum(means) / n
    if n == 1:
        return Interval(value, None, None, 1, f"one {of[:-1]}: no interval")
    logs = [math.log(x) for x in means]
    low, high = intervals.moderated(logs, prior, confidence) if prior else student_t.interval(logs, confidence)
    found = Interval(value, min(math.exp(low), value), max(math.exp(high), value), n, f"t on logs, {n} {of}")
    return intervals.known(found, of)
