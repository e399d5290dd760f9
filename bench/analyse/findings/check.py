"""A check, and what it looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bench.analyse.rows.processor_use import NOT_KNOWN, ProcessorUse
from bench.analyse.rows.spread import Spread
from bench.protocol.placement import Placement
from bench.protocol.step_facts import StepFacts
from bench.stats.intervals import Interval

NOTHING_LEARNED = StepFacts()
"""The facts of a step that nobody looked at."""


@dataclass(frozen=True)
class CaseEvidence:
    """One case on one clock. Times are in seconds; None is what the machine does not report."""

    key: str
    clock: str
    step_s: float
    block_s: float
    half_width: float
    """Half the interval as a share of the value; infinite without an interval."""
    precision: float
    """The half-width that the user asked for."""
    launches: int
    unsteady: int
    """Launches whose warm-up reached its time limit."""
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
    """Blocks left out because heat or a fault slowed the processor down."""
    kept_blocks: int
    resolution_s: float | None
    empty_call_s: float | None
    recompiles: int
    graph_breaks: int
    break_reasons: tuple[str, ...]
    device_s: float | None
    """Time of the step on the clock `device`; None without one."""
    device: str
    mode: str
    output_devices: tuple[str, ...]
    """Devices that hold the output of the step."""
    device_kernels: int | None
    """Kernels that one step launched on the device; None if they were not counted."""
    answers: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Lowest and highest value over launches of the answer's error and of each metric of `quality`."""
    moderated: bool = False
    """Whether the spread of the run's other cases stands behind the interval too."""
    median: Interval | None = None
    """The median over launches; this and the mean in seconds per step, with their intervals."""
    mean: Interval | None = None
    use: ProcessorUse = NOT_KNOWN
    background_after: float | None = None
    """Cores kept busy right after the blocks, in the worst launch."""
    changed_settings: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """By setting of the process that the case changed: its value before and after, as text."""
    slowed_by: tuple[str, ...] = ()
    """What slowed the process down in blocks that are left out."""
    place: Placement = field(default_factory=Placement)
    """Where a process might run on the machine of the run."""
    cpus: tuple[int, ...] = ()
    """The CPUs that the launches might use; empty in runs that did not record them."""
    step: StepFacts = NOTHING_LEARNED
    """What the worker learned of the step outside of timing, the worst of all launches."""
    unsupported: str = ""
    """What torch said that it does not support."""


class Check(Protocol):
    """A rule that looks at a number and may give a finding."""

    name: str
    severity: str

    def look(self, evidence: CaseEvidence) -> tuple[str, str] | None:
        """Return (message, advice), or None if there is nothing to report."""
