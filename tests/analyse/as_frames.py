"""The rows of a run as pandas frames, so that a test can ask for a column; as `bench.load` gives them."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from bench.analyse.rows import break_even, floor, frames, peaks, record, record_reader, speedups
from bench.analyse.rows.analysis import Analysis
from bench.analyse.rows.once import PhaseTime
from bench.analyse.rows.run_readings import RunReadings
from bench.stats.intervals import Interval
from bench.stats.missing_numbers import number
from bench.store.tables import RunData


def estimates_frame(data: RunData) -> pd.DataFrame:
    """The estimates of a run."""
    return record.frame(Analysis(data).estimates)


def judged_frame(data: RunData) -> pd.DataFrame:
    """The estimates of a run, held to its own peaks."""
    return record.frame(Analysis(data).judged)


def phases_frame(data: RunData) -> pd.DataFrame:
    """The phases of a run."""
    return frames.phases_frame(Analysis(data).phases)


def with_speedups_frame(frame: pd.DataFrame, data: RunData, vs: str) -> pd.DataFrame:
    """The frame with speed-ups."""
    rows = speedups.with_speedups(record_reader.rows_of_frame(frame), RunReadings(data), vs)
    return record.frame(rows, record.SPEEDUP)


def with_break_even_frame(frame: pd.DataFrame, phases: pd.DataFrame) -> pd.DataFrame:
    """The frame with break-evens."""
    times = [
        PhaseTime(
            row["key"], row["clock"], row["phase"],
            Interval(row["value_s"], number(row["low_s"]), number(row["high_s"]), row["launches"], row["method"]),
        )
        for row in phases.to_dict("records")
    ]  # fmt: skip
    return record.frame(break_even.with_break_even(record_reader.rows_of_frame(frame), times), record.BREAK_EVEN)


def with_floor_frame(frame: pd.DataFrame, of: peaks.Peaks, created: datetime | None = None) -> pd.DataFrame:
    """The frame with floors."""
    return record.frame(floor.with_floor(record_reader.rows_of_frame(frame), of, created), record.FLOOR)


def peaks_of_frame(frame: pd.DataFrame, created: str | datetime, run: str = "") -> peaks.Peaks:
    """The peaks in a frame of estimates."""
    return peaks.peaks(record_reader.rows_of_frame(frame), created, run)
