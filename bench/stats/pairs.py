"""The data of a lockstep pair: the median and the mean of head ÷ base, on wall or CPU time.

Exchange the sides of a pair, and its data change their signs and nothing else: whichever clock a rule here chooses, it
looks at what both sides took of the processor and at how far the block pairs lie apart, never at which side was faster.
That is all that the evidence of a gate asks of a datum (docs/decisions/0023-data-that-a-loaded-machine-cannot-bend.md).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bench.records import BlockPair
from bench.series import CPU, WALL
from bench.stats.processor_time import stands_for_wall
from bench.stats.robust import spread

WIDER, NEARLY = 1.5, 0.002
"""CPU times may lie this many times as far apart as wall times do, and 0.2 % more: a clock that ticks is far wider."""


FEWEST_UNDISTURBED = 8
"""Fewest block pairs that a pair is told by, where others lost their core: half of what a pair has at least."""

DEAR = 1.25
"""Block pairs that lost their core may have computed this many times as long as the others. What a block computes more
because its caches are cold is 5 to 10 %; more than a quarter is a dear call, which is not to be left out."""


def log_ratio(base_ns: Sequence[float], head_ns: Sequence[float]) -> float:
    """The median over the block pairs of log(head ÷ base): above 0 the head is slower."""
    return statistics.median(map(_log, base_ns, head_ns))


def log_ratio_of_means(base_ns: Sequence[float], head_ns: Sequence[float]) -> float:
    """log of the mean block of the head ÷ that of the base; every block of both has the same steps."""
    return math.log(math.fsum(head_ns) / math.fsum(base_ns))


def error_of_mean(base_ns: Sequence[float], head_ns: Sequence[float]) -> float:
    """Standard error of `log_ratio_of_means` (the delta method); infinite below two block pairs."""
    n, base, head = len(base_ns), math.fsum(base_ns), math.fsum(head_ns)
    if n < 2:
        return math.inf
    apart = (h / head - b / base for b, h in zip(base_ns, head_ns, strict=True))
    return math.sqrt(n / (n - 1) * math.fsum(each * each for each in apart))


def _log(base: float, head: float) -> float:
    return math.log(head / base)


class SideTimes(NamedTuple):
    """What the blocks of both sides took on one clock, in ns, in the order of the block pairs."""

    base: list[float]
    head: list[float]


class TimedPair(NamedTuple):
    """The times of a pair that its data are of, and their clock."""

    clock: str
    times: SideTimes


def timed(rows: Sequence[BlockPair], wall_only: bool = False) -> TimedPair:
    """CPU times of the block pairs of a pair where they stand for its wall times, else these. rows: on wall.

    Without those in which another program took the core, as far as that is known and enough are left: these are longer
    even in CPU time, on both sides by as much, which draws their ratio towards 1.
    """
    kept = undisturbed(rows)
    cpu = None if wall_only else cpu_times(rows, kept)
    return TimedPair(WALL, wall_times(kept)) if cpu is None else TimedPair(CPU, cpu)


def wall_times(rows: Sequence[BlockPair]) -> SideTimes:
    """Wall times of block pairs."""
    return SideTimes([row.base_ns for row in rows], [row.head_ns for row in rows])


def kept_core(row: BlockPair) -> bool:
    """Whether both sides are known to have kept their core."""
    return row.base_preempted == 0 and row.head_preempted == 0


def undisturbed(rows: Sequence[BlockPair]) -> Sequence[BlockPair]:
    """The block pairs in which both sides kept their core.

    All of them where these are too few, or the others computed for longer than a disturbance explains.
    """
    kept, lost = [row for row in rows if kept_core(row)], [row for row in rows if not kept_core(row)]
    if len(kept) < FEWEST_UNDISTURBED or not lost:
        return rows
    of_lost, of_kept = _mean_cpu(lost), _mean_cpu(kept)
    return kept if of_lost is not None and of_kept is not None and of_lost <= DEAR * of_kept else rows


def _mean_cpu(rows: Sequence[BlockPair]) -> float | None:
    """CPU time of a block pair on the mean; None where it is not known."""
    known = [
        row.base_cpu_ns + row.head_cpu_ns for row in rows if row.base_cpu_ns is not None and row.head_cpu_ns is not None
    ]
    return statistics.fmean(known) if len(known) == len(rows) else None


def cpu_times(rows: Sequence[BlockPair], kept: Sequence[BlockPair]) -> SideTimes | None:
    """CPU times of the block pairs that are kept, where those of all stand for wall times on both sides; else None.

    Also None where they are not known, as in older runs, or lie further apart than wall times do.
    """
    base = [_Use(row.base_ns, row.base_cpu_ns, row.base_thread_ns, row.base_waited) for row in rows]
    head = [_Use(row.head_ns, row.head_cpu_ns, row.head_thread_ns, row.head_waited) for row in rows]
    if not (_computes_alone(base) and _computes_alone(head)):
        return None
    found = SideTimes([row.base_cpu_ns or 0 for row in kept], [row.head_cpu_ns or 0 for row in kept])
    wall = spread([_log(row.base_ns, row.head_ns) for row in kept])
    return found if spread(list(map(_log, *found))) <= WIDER * wall + NEARLY else None


class _Use(NamedTuple):
    """Time of one block on one side, and what it took of the processor."""

    wall_ns: int
    cpu_ns: int | None
    thread_ns: int | None
    waited: int | None


def _computes_alone(uses: Sequence[_Use]) -> bool:
    """Whether the CPU times of the blocks of one side are known, and stand for its wall times."""
    others = waits = waiting = 0
    for use in uses:
        if not use.cpu_ns or use.thread_ns is None or use.waited is None:
            return False
        others += max(0, use.cpu_ns - use.thread_ns)
        waits += use.waited
        waiting += use.waited > 0
    wall_ns = sum(use.wall_ns for use in uses)
    return stands_for_wall(others / wall_ns, waiting / len(uses), waits / wall_ns * 1e9)


@dataclass
class PairData:
    """The data of a case's pairs, in the order measured, one of each list a pair. Log ratios above 0: head is slower.

    A pair is told on CPU time where that stands for wall time. After the first pair in which it does not, all are told
    on wall time: a step that waits now and then is a step that waits.
    """

    medians: list[float] = field(default_factory=list)
    means: list[float] = field(default_factory=list)
    clocks: list[str] = field(default_factory=list)
    wall_medians: list[float] = field(default_factory=list)
    """The same as `medians`, all on wall time."""
    wall_only: bool = False
    """Tell all pairs on wall time."""

    def add(self, rows: Sequence[BlockPair]) -> None:
        """Add the block pairs of one pair on the wall clock."""
        found = timed(rows, self.wall_only)
        self.wall_only = found.clock == WALL
        self.clocks.append(found.clock)
        self.medians.append(log_ratio(*found.times))
        self.means.append(log_ratio_of_means(*found.times))
        self.wall_medians.append(log_ratio(*wall_times(rows)))

    @property
    def clock(self) -> str:
        """The clock of the latest pair; wall before the first."""
        return self.clocks[-1] if self.clocks else WALL
