"""A series: the blocks of one phase on one clock, and how texts spell it."""

from __future__ import annotations

from dataclasses import dataclass

STEP = "step"
"""The phase that is the whole timed step; the other phases are parts of it that the workload names."""


@dataclass(frozen=True, order=True)
class Series:
    """The blocks of one phase on one clock. Only blocks of one series are compared or summed up."""

    phase: str
    clock: str

    @property
    def text(self) -> str:
        """`step:wall`, as messages, the journal and the tables spell it."""
        return f"{self.phase}:{self.clock}"

    @classmethod
    def from_text(cls, text: str) -> Series:
        """Read `step:wall` back. Raises `ValueError` for a text that names no clock.

        The last colon counts: runs of old may hold a phase with a colon, clocks never have one.
        """
        phase, colon, clock = text.rpartition(":")
        if not (colon and clock):
            raise ValueError(f"{text!r} names no phase and clock; step:wall does")
        return cls(phase, clock)
