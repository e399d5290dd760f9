"""Read a run and estimate it, as several commands do."""

from __future__ import annotations

import pandas as pd

from bench.analyse.estimates import estimates
from bench.analyse.speedups import with_speedups
from bench.store import runs, tables
from bench.store.tables import RunData


def frame_of(run: str | None, vs: str | None) -> tuple[RunData, pd.DataFrame]:
    """The run and its estimates, with speed-ups where `vs` asks. Raises `UserError` where it cannot be read."""
    data = tables.read(runs.locate(run))
    frame = estimates(data)
    return data, with_speedups(frame, data, vs) if vs else frame
