"""The pairs of each case of a gate as its rule judges them, and the doubts about their times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bench.analyse.gate.case_settings import settings_doubts
from bench.cold_blocks import lockstep_ns
from bench.records import BlockPair
from bench.series import WALL
from bench.stats.pairs import PairData
from bench.store import tables
from bench.store.tables import RunData

MOST_PREEMPTED = 0.2
"""Share of the blocks that may lose their core before it is told: of those that kept it comes the median."""

MOST_WAITING = 0.05
"""Share of wall time in which a step may compute nothing before it is told."""


@dataclass(frozen=True)
class CasePairs:
    """The pairs of a case: their data in the order measured, and the seconds of their blocks."""

    data: PairData
    seconds: float
    doubts: tuple[str, ...] = ()


NO_PAIRS = CasePairs(PairData(), 0.0)


def case_pairs(data: RunData, twin: bool, wall_medians: bool) -> dict[str, CasePairs]:
    """The pairs of each case by its key. twin: those of the base against a second copy of it.

    wall_medians: judge the median on wall time alone, as gates did before they had other data.
    """
    by_case: dict[str, dict[int, list[BlockPair]]] = defaultdict(lambda: defaultdict(list))
    for row in tables.block_pairs_of(data):
        if bool(row.twin) == twin and row.clock == WALL:
            by_case[row.key][row.pair].append(row)
    settings = settings_doubts(data)
    return {
        key: _of_case([pairs[number] for number in sorted(pairs)], wall_medians, settings.get(key, ""))
        for key, pairs in by_case.items()
    }


def _of_case(pairs: Sequence[Sequence[BlockPair]], wall_medians: bool, of_settings: str) -> CasePairs:
    data = PairData(wall_only=wall_medians)
    for rows in pairs:
        data.add(rows)
    if wall_medians:
        data.means.clear()
    rows = [row for pair in pairs for row in pair]
    spent_ns = sum(lockstep_ns(row.base_ns) + lockstep_ns(row.head_ns) for row in rows)
    doubts = [*_doubts(rows, data.clock), *filter(None, [of_settings])]
    return CasePairs(data, spent_ns / 1e9, tuple(doubts))


def _doubts(rows: Sequence[BlockPair], clock: str) -> list[str]:
    """What speaks against the ratio, in words: other programs took the core, or the step waits."""
    found = []
    blocks = [(row.base_preempted, row.base_ns, row.base_cpu_ns) for row in rows]
    blocks += [(row.head_preempted, row.head_ns, row.head_cpu_ns) for row in rows]
    known = [(lost, wall, cpu) for lost, wall, cpu in blocks if lost is not None and cpu is not None]
    if not known:
        return []
    preempted = sum(lost > 0 for lost, _, _ in known) / len(known)
    if preempted > MOST_PREEMPTED:
        size = ", so that it cannot tell how much slower or faster" if clock == WALL else ""
        found.append(f"other programs took the core in {preempted:.0%} of the blocks{size}")
    kept = [(wall, cpu) for lost, wall, cpu in known if not lost]
    waiting = sum(max(0, wall - cpu) for wall, cpu in kept) / max(1, sum(wall for wall, _ in kept))
    if waiting > MOST_WAITING:
        found.append(f"it waits in {waiting:.0%} of its time")
    return found
