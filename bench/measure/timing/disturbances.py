"""What happened to a case while it was timed: pushed off its core, slowed down, at which clock rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bench.measure.devices.processor_condition import Condition, summary
from bench.measure.machine import foreign_load

MOST_THROTTLED = 0.2
"""Share of a case's blocks that may be timed while heat or a fault slowed the processor down: above it, none counts."""

TURNS_A_READING = 16
"""Turns of a lockstep pair between two looks at the processor's state, which may take longer than a block."""


class Throttled(Exception):  # noqa: N818  # a state of the machine
    """Too many blocks were timed while the processor was slowed down; the text says how many, and by what."""


class Disturbances:
    """Counts over all visits and turns of a case."""

    def __init__(self) -> None:
        self._preemptions = 0
        self._conditions: list[Condition] = []
        self._timed = self._throttled = self._turns = 0

    @contextmanager
    def timing(self) -> Iterator[None]:
        """Blocks are timed inside."""
        before = foreign_load.preemptions()
        yield
        after = foreign_load.preemptions()
        if before is not None and after is not None:
            self._preemptions += after - before

    def visited(self, rows: list[list[Any]], condition: Condition) -> list[list[Any]]:
        """Rows of a visit, none of them kept where heat or a fault slowed the processor down meanwhile."""
        self._conditions.append(condition)
        kept = sum(row[3] for row in rows)
        self._timed += kept
        if not condition.slowed:
            return rows
        self._throttled += kept
        return [[*row[:3], False, *row[4:]] for row in rows]

    def turned(self, read: Callable[[], Condition]) -> None:
        """One turn of a lockstep pair; the processor's state is read now and then."""
        self._turns += 1
        if self._turns % TURNS_A_READING == 0:
            self._conditions.append(read())

    def facts(self) -> dict[str, Any]:
        """Columns of `CaseLaunch`. Raises `Throttled` where too many blocks were lost to heat or a fault."""
        if self._throttled > MOST_THROTTLED * self._timed:
            reasons = ", ".join(summary(self._conditions)["slowed"])
            raise Throttled(f"{self._throttled} of {self._timed} blocks were timed while slowed down: {reasons}")
        return {
            "preemptions": self._preemptions if foreign_load.preemptions() is not None else None,
            "condition": summary(self._conditions),
            "throttled_blocks": self._throttled,
        }
