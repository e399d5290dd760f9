"""A run as a pandas frame, at each of the levels that `bench.load` gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bench.analyse.gate.verdict_rows import verdict_rows
from bench.analyse.rows import record
from bench.analyse.rows.analysis import Analysis
from bench.analyse.rows.launch_times import Statistic
from bench.analyse.rows.once import PhaseTime
from bench.store.tables import RunData

if TYPE_CHECKING:
    import pandas as pd

Level = Literal["estimates", "phases", "launches", "blocks", "verdicts"]

PHASE_COLUMNS = ("key", "clock", "phase", "value_s", "low_s", "high_s", "method", "launches")


def frame_of(data: RunData, level: Level, vs: str | None = None, statistic: Statistic = "median") -> pd.DataFrame:
    """The frame of a run; times in seconds per step, sizes in bytes. vs: adds speed-ups to estimates; statistic: what
    stands for the blocks of a launch in them.

    Raises `UserError` for a run without that level.
    """
    match level:
        case "blocks":
            return data.blocks
        case "launches":
            return data.launches
        case "phases":
            return phases_frame(Analysis(data).phases)
        case "verdicts":
            return record.frame(verdict_rows(data))
        case "estimates":
            run = Analysis(data, statistic)
            if vs is None:
                return record.frame(run.judged)
            return record.frame(run.against(vs), record.SPEEDUP)


def phase_record(each: PhaseTime) -> dict[str, object]:
    """A phase as a flat record, with the columns `PHASE_COLUMNS`."""
    time = each.time
    values = (each.key, each.clock, each.phase, time.value, time.low, time.high, time.method, time.n)
    return dict(zip(PHASE_COLUMNS, values, strict=True))


def phases_frame(phases: list[PhaseTime]) -> pd.DataFrame:
    """A row for each case, clock and phase."""
    import pandas as pd

    return pd.DataFrame([phase_record(each) for each in phases], columns=list(PHASE_COLUMNS))
