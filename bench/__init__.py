"""coursebench: benchmarks of a PyTorch course whose every number can be defended.

import bench
frame = bench.load()                          # the latest run, a row a case and clock
blocks = bench.load("results/…", level="blocks")
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["load"]

Level = Literal["estimates", "phases", "launches", "blocks"]


def load(run: str | Path | None = None, level: Level = "estimates", vs: str | None = None) -> pd.DataFrame:
    """A run as a tidy frame; times in seconds per step, sizes in bytes.

    run: a folder, a run id, or None for the latest run in `results/`.
    level: `estimates` (a row a case and clock; held to the run's own peaks, where it measured some), `phases`,
        `launches` (a row a case and launch), or `blocks`.
    vs: adds speed-ups to estimates, against `axis=value` or a case key.

    Warns of lines of the journal that could not be read. Raises `bench.records.UserError` for a run that cannot be
    read, or one of a newer schema.
    """
    import warnings

    from bench.analyse import estimates, floor
    from bench.store import runs, tables

    data = tables.read(runs.locate(run))
    for problem in data.problems:
        warnings.warn(problem, stacklevel=2)
    match level:
        case "blocks":
            return data.blocks
        case "launches":
            return data.launches
        case "phases":
            return estimates.phases(data)
        case "estimates":
            frame = floor.judged(data)
    if vs is None:
        return frame
    from bench.analyse.speedups import with_speedups

    return with_speedups(frame, data, vs)
