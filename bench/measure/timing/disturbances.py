"""Disturbances of a case while it was timed: pushed off its core, slowed down, at which clock rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from bench.measure.devices.processor_condition import Condition, summary
from bench.measure.machine import foreign_load
from bench.measure.timing.quota_watch import QuotaWatch
from bench.protocol.placement import QUOTA
from bench.protocol.rows import TimedBlock

MOST_THROTTLED = 0.2
"""Most blocks of a case, as a share, that may be timed while heat or a fault slowed the processor down; above it the
case fails."""

PAIRED_A_READING = 16
"""Blocks of a lockstep pair between two looks at the processor's state, which may take longer than a block."""


class Throttled(Exception):  # noqa: N818  # a state of the machine
    """Too many blocks were timed while the processor was slowed down; the text says how many, and by what."""


class Disturbances:
    """Counts disturbances over all blocks of a case."""

    def __init__(self, quota: QuotaWatch | None = None, cpus: str = "") -> None:
        """quota: counts the blocks that a container stopped; cpus: those that the process may use, as a list."""
        self._quota = quota or QuotaWatch()
        self._cpus = cpus
        self._preemptions = 0
        self._conditions: list[Condition] = []
        self._timed = self._throttled = self._paired = 0

    @contextmanager
    def timing(self) -> Iterator[None]:
        """Count preemptions while blocks are timed inside."""
        before = foreign_load.preemptions()
        yield
        after = foreign_load.preemptions()
        if before is not None and after is not None:
            self._preemptions += after - before

    def visited(self, blocks: list[TimedBlock], condition: Condition) -> list[TimedBlock]:
        """The blocks of a visit; none of them is kept where heat or a fault slowed the processor down."""
        self._conditions.append(condition)
        kept = sum(block.kept for block in blocks)
        self._timed += kept
        if not condition.slowed:
            return blocks
        self._throttled += kept
        return [replace(block, kept=False) for block in blocks]

    def paired(self, read: Callable[[], Condition]) -> None:
        """Count one block of a lockstep pair; `read` is called only every so often."""
        self._paired += 1
        if self._paired % PAIRED_A_READING == 0:
            self._conditions.append(read())

    def facts(self) -> dict[str, Any]:
        """Columns of `CaseLaunch`. Raises `Throttled` where too many blocks were lost to heat, a fault or a quota."""
        if why := self._quota.why_too_many(self._timed + self._quota.lost):
            raise Throttled(why)
        condition = summary(self._conditions)
        if self._quota.lost:
            condition["slowed"] = sorted({*condition.get("slowed", ()), QUOTA})
        if self._cpus:
            condition["cpus"] = self._cpus
        if self._throttled > MOST_THROTTLED * self._timed:
            reasons = ", ".join(summary(self._conditions)["slowed"])
            raise Throttled(f"{self._throttled} of {self._timed} blocks were timed while slowed down: {reasons}")
        return {
            "preemptions": self._preemptions if foreign_load.preemptions() is not None else None,
            "condition": condition,
            "throttled_blocks": self._throttled + self._quota.lost,
        }
