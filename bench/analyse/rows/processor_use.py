"""What the blocks of a case took of the processor: how long they waited, and who else in the process computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bench.series import WALL
from bench.stats.processor_time import stands_for_wall


@dataclass(frozen=True)
class ProcessorUse:
    """Shares over the kept blocks of a case on the wall clock; None is what the system or the run does not tell."""

    waiting: float | None = None
    """Share of wall in which no thread of the process computed, over blocks that kept their core."""
    background: float | None = None
    """CPU time of threads besides the timing one ÷ wall."""
    preempted: float | None = None
    """Share of the blocks in which the timing thread lost its core."""
    away: float | None = None
    """Share of wall in which the timing thread did not compute, over these blocks."""
    waiting_blocks: float | None = None
    """Share of the blocks in which the timing thread gave its core up."""
    waits_per_s: float | None = None
    """How often it did, per second of wall."""

    @property
    def follows_cpu_time(self) -> bool:
        """Whether the step is of one thread and does not wait, so that its CPU time is what it takes of an idle core.

        False where that is not known.
        """
        if self.background is None or self.waiting_blocks is None or self.waits_per_s is None:
            return False
        return stands_for_wall(self.background, self.waiting_blocks, self.waits_per_s)


NOT_KNOWN = ProcessorUse()
"""The use of a case on another device, or of a run that did not store it."""


def uses(steps: pd.DataFrame) -> dict[str, ProcessorUse]:
    """The use of each case by its key. steps: kept blocks of steps, as `step_blocks` gives them."""
    known = steps[(steps["clock"] == WALL) & steps["cpu_ns"].notna() & steps["thread_ns"].notna()]
    return {str(key): _use(own) for key, own in known.groupby("key", observed=True, sort=False)}


def _use(blocks: pd.DataFrame) -> ProcessorUse:
    wall, cpu, thread = (blocks[name].to_numpy(np.float64) for name in ("total_ns", "cpu_ns", "thread_ns"))
    preempted, waited = _counts(blocks["preempted"]), _counts(blocks["waited"])
    whole = float(wall.sum())
    undisturbed = None if preempted is None else preempted == 0
    return ProcessorUse(
        waiting=None if undisturbed is None else _waiting(wall[undisturbed], cpu[undisturbed]),
        background=float(np.maximum(cpu - thread, 0).sum()) / whole,
        preempted=None if preempted is None else float(np.mean(preempted > 0)),
        away=None if preempted is None else _waiting(wall[preempted > 0], thread[preempted > 0]),
        waiting_blocks=None if waited is None else float(np.mean(waited > 0)),
        waits_per_s=None if waited is None else float(waited.sum()) / (whole / 1e9),
    )


def _counts(column: pd.Series[Any]) -> np.ndarray | None:
    """The numbers of a column; None if one is missing."""
    return None if column.isna().any() else column.to_numpy(np.float64)


def _waiting(wall: np.ndarray, cpu: np.ndarray) -> float | None:
    """Share of wall beyond the CPU time, block by block: several threads may take more than wall, which is no debt.

    None without blocks.
    """
    return float(np.maximum(wall - cpu, 0).sum() / wall.sum()) if len(wall) else None
