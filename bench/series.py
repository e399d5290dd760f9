"""A series: the blocks of one phase on one clock, and how it is written as text."""

from __future__ import annotations

from dataclasses import dataclass

STEP = "step"
"""The phase of the whole timed step; other phases are parts of it that the workload names."""

WALL, CPU = "wall", "cpu"
"""The clock of blocks on the CPU, and the one that follows from what these blocks took of the processor: the CPU time
of the process, all its threads. No block is stored on `cpu`."""

RIVALS = ("torch Timer", "pytest-benchmark", "pyperf", "triton do_bench")
"""Other timers, whose blocks alternate with ours."""

RIVALS_ON_GPU = ("triton do_bench",)
"""The timers that wait for a device; the others only time cases on the CPU."""

BESIDE, BY = "beside ", "by "
"""Prefixes of the phases of such blocks: ours, and the other timer's. The name of the timer follows."""


@dataclass(frozen=True, order=True)
class Series:
    """The blocks of one phase on one clock. Only blocks of one series are compared or summed up."""

    phase: str
    clock: str

    @property
    def text(self) -> str:
        """The series as messages, the journal and the tables write it: `step:wall`."""
        return f"{self.phase}:{self.clock}"

    @classmethod
    def from_text(cls, text: str) -> Series:
        """Read `step:wall` back. Raises `ValueError` for a text that names no clock.

        The last colon separates: old runs may hold a phase with a colon, but no clock has one.
        """
        phase, colon, clock = text.rpartition(":")
        if not (colon and clock):
            raise ValueError(f"{text!r} names no phase and clock; step:wall does")
        return cls(phase, clock)
