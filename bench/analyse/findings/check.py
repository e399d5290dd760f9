"""What the checks look at, and what a check is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bench.analyse.rows.spread import Spread


@dataclass(frozen=True)
class CaseEvidence:
    """One case on one clock. Times in seconds; None where the machine did not tell."""

    key: str
    clock: str
    step_s: float
    block_s: float
    half_width: float
    """Half the interval as a share of the value; infinite without one."""
    precision: float
    """The half-width that was asked for."""
    launches: int
    unsteady: int
    """Launches whose warm-up ended by its cap."""
    outlier_share: float
    spread: Spread
    foreign_load: float | None
    """Cores kept busy by other programs, in the worst launch."""
    threads: int | None
    cores: int | None
    """Logical CPUs the process might use."""
    frequency: tuple[float, float] | None
    """The lowest and the highest clock rate that a visit saw, MHz."""
    throttled_blocks: int
    """Blocks left out since the processor was slowed down by heat or a fault."""
    kept_blocks: int
    resolution_s: float | None
    empty_call_s: float | None
    recompiles: int
    graph_breaks: int
    break_reasons: tuple[str, ...]
    device_s: float | None
    """The same step on the clock `device`, where there is one."""
    device: str
    mode: str
    output_devices: tuple[str, ...]
    """Where the output of the step lay."""
    device_kernels: int | None
    """Kernels that one step launched on the device, where they were counted."""
    answers: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """What the launches say of the answer, lowest and highest: its error, and each metric of `quality`."""


class Check(Protocol):
    """One doubt: `look` says it, or None."""

    name: str
    severity: str

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """(message, advice), or None where there is nothing to doubt."""
