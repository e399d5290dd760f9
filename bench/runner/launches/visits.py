"""Number of visits in a launch: more where visits differ so much that a further process would cost more."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Sequence

from bench.records import Block, CaseLaunch, Settings
from bench.series import STEP
from bench.stats.variance_components import best_visits, components

FEWEST_LAUNCHES = 3
"""Launches before a case's own spread counts: fewer estimate two components too badly."""

MOST_TIMES = 4
"""A launch makes at most this many times the visits of the settings: a group of cases shares the time."""


class Visits:
    """Learns from each launch of a case. After few launches, or where their number is fixed, the settings decide."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._logs: dict[str, list[list[float]]] = defaultdict(list)
        self._launch_s: dict[str, list[float]] = defaultdict(list)
        self._visit_s: dict[str, list[float]] = defaultdict(list)

    def add(self, record: CaseLaunch, blocks: Sequence[Block]) -> None:
        """Add what one launch of a case took: its visits, and the seconds of its stages."""
        kept = [block for block in blocks if block.kept and block.phase == STEP]
        visits: dict[int, list[float]] = defaultdict(list)
        for block in kept:
            if block.clock == kept[0].clock:
                visits[block.visit].append(math.log(max(block.total_ns, 1) / block.steps))
        timed_s = record.seconds.get("blocks", 0.0)
        if not visits or timed_s <= 0:
            return
        self._logs[record.key].append([statistics.median(logs) for logs in visits.values()])
        self._visit_s[record.key].append(timed_s / len(visits))
        self._launch_s[record.key].append(sum(record.seconds.values()) - timed_s)

    def wanted(self, key: str) -> int:
        """Visits of the next launch: the number that gives the narrowest interval for the time (see `best_visits`)."""
        usual = self._settings.visits
        if self._settings.launches is not None or len(self._logs[key]) < FEWEST_LAUNCHES:
            return usual
        found = components(self._logs[key])
        if found is None:
            return usual
        best = best_visits(found, statistics.median(self._launch_s[key]), statistics.median(self._visit_s[key]))
        return round(min(max(best, usual), MOST_TIMES * usual))
