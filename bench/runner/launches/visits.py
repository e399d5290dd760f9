"""How a launch divides its time: how many visits it pays a case, and how many blocks a visit has.

A launch costs time before its first block: starting a process, preparing, warming up. It then measures for as long as
that at most: beyond it another launch tells more for the time. Within that, visits are added as long as they tell more
than another launch would, by the spread seen so far of the case and of the other cases of the run.
"""

from __future__ import annotations

import math
import random
import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from bench.cold_blocks import cold_blocks
from bench.records import Block, CaseLaunch, Settings
from bench.series import STEP
from bench.stats.variance_components import NONE_SEEN, MeanSquares, best_visits, expected, mean_squares

MOST_VISITS = 12
"""Visits of a case in a launch. Where there is time for more, each has more blocks: two of six are cold."""

MOST_TIMES_BLOCKS = 25
"""A visit has at most this many times the blocks of the settings: 125 of a millisecond, many turns of a scheduler."""

SHORT_VISITS_S = 0.1
"""Visits that take less than this in a launch are no fewer than the settings say; of longer ones two are enough."""


FILL = 1.3
"""A case is timed for at least this many times its share of the start of its process: where it is alone, that is half
of the run, the parent's second included."""

FEWEST_STEPS, FEWEST_STEPS_S = 32, 0.05
"""Steps of a case that a launch keeps, as far as they take no longer than so many seconds: of six launches with as many
the mean of a step that is dear in every 64th call is held (`tests/agreement/periodic_steps.py`)."""


MOST_SKIPPED, SKIPPED, SKIPPED_ALONE = 63, 0.05, 0.2
"""Calls that are skipped at most before the first visit of a launch, and the shares of its cost and of the start of its
process that they may take: with 63 any call of a step that is dear in every 64th may come first."""


class VisitPlan(NamedTuple):
    """How often a launch visits a case, and how many blocks of a short step each visit has."""

    visits: int
    blocks: int
    most_skipped: int = 0
    """Most calls of the step that may come before the first visit."""

    def skipped(self, dice: random.Random, visit: int) -> int:
        """Calls that are not timed before a visit, by chance: launches of a step that is dear in every k-th call would
        all begin at the same of its calls.
        """
        return dice.randint(0, self.most_skipped) if visit == 0 else 0

    def drawn(self, dice: random.Random) -> int:
        """Blocks of the next visit: a quarter more or less, by chance.

        The first of a visit are left out. Were visits of one length, they would always be the same calls of a step that
        is dear in every k-th, where k divides that length.
        """
        quarter = max(1, self.blocks // 4)
        return dice.randint(self.blocks - quarter, self.blocks + quarter)


class Visits:
    """Learns from each launch of each case how visits and launches differ, and what they cost."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._logs: dict[str, list[list[float]]] = defaultdict(list)
        self._squares: dict[str, MeanSquares] = {}
        self._launch_s: dict[str, list[float]] = defaultdict(list)
        self._block_s: dict[str, list[float]] = defaultdict(list)
        """Seconds of a block, with those of other phases and clocks that are timed beside it."""

    def add(self, record: CaseLaunch, blocks: Sequence[Block]) -> None:
        """Add what one launch of a case took: its visits, and what a block of them costs."""
        kept = [block for block in blocks if block.kept and block.phase == STEP]
        visits: dict[int, list[float]] = defaultdict(list)
        for block in kept:
            if block.clock == kept[0].clock:
                visits[block.visit].append(math.log(max(block.total_ns, 1) / block.steps))
        timed_s = record.seconds.get("blocks", 0.0)
        if not visits or timed_s <= 0:
            return
        self._logs[record.key].append([statistics.median(logs) for logs in visits.values()])
        self._squares[record.key] = mean_squares(self._logs[record.key])
        timed = sum(block.phase == STEP and block.clock == kept[0].clock for block in blocks)
        self._block_s[record.key].append(timed_s / timed)

    def plan(self, key: str, launch_s: float, start_s: float, block_s: float, steps: int) -> VisitPlan:
        """The visits of the next launch of a case.

        launch_s: seconds that this launch has spent on the case before its first visit, and of these start_s for its
        share of the process; block_s: length of its blocks, which tells what a visit costs where none was seen; steps:
        n of them.
        """
        # Whichever case comes first in a process pays for what all of them load: no cost of this one's launches.
        launch_s = min(launch_s, *self._launch_s[key]) if self._launch_s[key] else launch_s
        self._launch_s[key].append(launch_s)
        usual = self._settings.visits
        block_s = statistics.median(self._block_s[key]) if self._block_s[key] else block_s
        visit_s = block_s * (self._settings.blocks + cold_blocks(block_s * 1e9) - 1)
        others = (squares for other, squares in self._squares.items() if other != key)
        wanted = best_visits(expected(self._squares.get(key, NONE_SEEN), others), launch_s, visit_s)
        fewest = min(usual, max(2, int(SHORT_VISITS_S / visit_s)))
        # The first launch also learns: that is no reason to time a case for longer than in the others.
        room = launch_s / visit_s if self._block_s[key] else fewest
        visits = max(fewest, FILL * start_s / visit_s, min(wanted, room))
        blocks = self._settings.blocks
        if visits > MOST_VISITS:
            blocks = round(blocks * min(MOST_TIMES_BLOCKS, visits / MOST_VISITS))
        count = round(min(visits, MOST_VISITS))
        # A step that is dear now and then is known by its mean, if calls enough are seen.
        seen_steps = min(FEWEST_STEPS, max(FEWEST_STEPS_S, FILL * start_s) / (block_s / steps)) / steps / count
        skipped = min(MOST_SKIPPED, int((SKIPPED * launch_s + SKIPPED_ALONE * start_s) / (block_s / steps)))
        return VisitPlan(count, max(blocks, math.ceil(seen_steps) + 1), skipped)
