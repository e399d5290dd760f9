"""Rows that messages carry: each is a named type, and its fields are checked where a message arrives."""

from __future__ import annotations

from dataclasses import dataclass

from bench.records import Block
from bench.series import Series


@dataclass(frozen=True)
class TimedBlock:
    """A block as the worker timed it: `steps` calls took `total_ns`."""

    series: Series
    index: int
    """Place in its series within the visit, from 0."""
    kept: bool
    """False for the first blocks of a visit, which are slow, and for blocks timed while the processor was throttled."""
    steps: int
    total_ns: int
    cpu_ns: int | None = None
    """CPU time of the process, all its threads; this and the three below are known on the CPU alone."""
    thread_ns: int | None = None
    """CPU time of the thread that calls the step."""
    preempted: int | None = None
    """How often that thread lost its core to another program."""
    waited: int | None = None
    """How often that thread gave its core up."""

    def at(self, key: str, launch: int, visit: int, side: str = "") -> Block:
        """The row of `blocks.parquet` that this block becomes."""
        return Block(
            key=key,
            launch=launch,
            visit=visit,
            phase=self.series.phase,
            clock=self.series.clock,
            index=self.index,
            kept=self.kept,
            steps=self.steps,
            total_ns=self.total_ns,
            side=side,
            cpu_ns=self.cpu_ns,
            thread_ns=self.thread_ns,
            preempted=self.preempted,
            waited=self.waited,
        )


@dataclass(frozen=True)
class TimerPair:
    """Totals of two blocks of one step, timed right after each other: ours, and the other timer's."""

    ours_ns: int
    theirs_ns: int


@dataclass(frozen=True)
class SampledStack:
    """A stack that a sampler saw: frames from the outermost on with `;` between, number of samples, and time."""

    thread: str
    stack: str
    samples: int
    ns: int


@dataclass(frozen=True)
class OwnedTime:
    """Time of all profiled steps that went to one thing: a part of the split, a name, and its dtypes."""

    part: str
    name: str
    dtypes: str
    ns: int


@dataclass(frozen=True)
class OperatorCalls:
    """Calls of one operator on these dtypes in all profiled steps."""

    name: str
    dtypes: str
    calls: int


@dataclass(frozen=True)
class Fault:
    """A rule of the author's contract that a workload breaks, and how to mend it."""

    rule: str
    message: str
