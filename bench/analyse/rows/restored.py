"""The rows behind a pandas frame that a user kept of a run: all rows or some, in the order of the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pandas as pd

from bench.analyse.gate.verdict_rows import verdict_rows
from bench.analyse.rows import record, record_reader
from bench.analyse.rows.analysis import Analysis
from bench.analyse.rows.launch_times import Statistic, known_statistic
from bench.analyse.rows.row import Row
from bench.records import UserError
from bench.store import loaded_runs, tables
from bench.store.tables import RunData


def chart_rows(data: RunData, statistic: Statistic = "median") -> list[Row]:
    """The rows of a run with everything that charts draw; for a gate its verdicts."""
    return verdict_rows(data) if "gate" in data.run else Analysis(data, statistic).for_charts()


def restored(frame: pd.DataFrame, drawn: Sequence[str]) -> list[Row]:
    """The rows of a frame with everything that charts draw, from its runs, which are read again.

    frame: estimates of one run or several, as `bench.load` gives them; drawn: the columns that will be drawn, in case a
    run is not found. Raises `UserError` for another kind of frame, for a run that is needed and not found, and for rows
    that the run does not have.
    """
    require_estimates(frame)
    parts = frame.groupby("run", sort=False, dropna=False)
    return [row for name, part in parts for row in _restored(str(name), part, drawn)]


def _restored(run: str, frame: pd.DataFrame, drawn: Sequence[str]) -> list[Row]:
    try:
        folder = loaded_runs.folder_of(run)
    except UserError:
        if all(name in frame for name in drawn):
            return record_reader.rows_of_frame(frame)
        raise
    return completed(frame, _whole(folder, _stamp(folder), statistic_of(frame)))


@lru_cache(maxsize=2)  # often several charts of one run are drawn in a row, or of two that are compared
def _whole(folder: Path, stamp: object, statistic: Statistic) -> tuple[Row, ...]:
    """A run with everything that charts draw, read once as long as its files keep their `stamp`."""
    return tuple(chart_rows(tables.read(folder), statistic))


def _stamp(folder: Path) -> object:
    """A value that changes whenever a file of the run is written."""
    return frozenset((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in folder.iterdir())


def statistic_of(frame: pd.DataFrame) -> Statistic:
    """What stands for the blocks of a launch in the times of a frame. Raises `UserError` if that is not one thing."""
    names = frame["statistic"].dropna().unique().tolist() if "statistic" in frame else []
    if len(names) > 1:
        raise UserError(f"times of one statistic are needed; those of this frame are: {', '.join(map(str, names))}")
    return known_statistic(str(names[0])) if names else "median"


def run_of(frame: pd.DataFrame) -> str:
    """The id of the run of a frame. Raises `UserError` for no run, several runs, and another kind of frame."""
    require_estimates(frame)
    names = frame["run"].unique().tolist()
    if len(names) != 1:
        raise UserError(f"a frame of one run is needed; the runs of this one are: {', '.join(names) or 'none'}")
    return str(names[0])


def require_estimates(frame: pd.DataFrame) -> None:
    """Raise `UserError` unless it is a frame of estimates or of verdicts."""
    missing = [name for name in record.IDENTITY if name not in frame]
    if missing:
        raise UserError(
            f"a frame of estimates is needed, as bench.load(RUN) gives it; this one lacks: {', '.join(missing)}"
        )


def completed(frame: pd.DataFrame, whole: Sequence[Row]) -> list[Row]:
    """The rows of `frame` as the run has them, with the machine's name and the speed-ups of the frame.

    frame: some rows and columns of a run's estimates; whole: all rows of that run. Raises `UserError` for a row or a
    time that is not in the run: the other data in charts would belong to something else.
    """
    own = {(row.key, row.clock): row for row in whole}
    made = []
    for kept in record_reader.rows_of_frame(frame):
        found = own.get((kept.key, kept.clock))
        if found is None or not _alike(kept, found):
            raise UserError(f"run {kept.run} has changed since this frame was loaded ({kept.key}); load it again")
        if kept.verdict is not None:  # perhaps judged by another rule than the run's own; and it is complete
            made.append(kept)
            continue
        speedup = kept.speedup if "speedup" in frame else found.speedup
        made.append(replace(found, machine=kept.machine or found.machine, speedup=speedup))
    return made


def _alike(kept: Row, found: Row) -> bool:
    """Whether two rows of a case have the same outcome and time, or the same verdict."""
    return (kept.outcome, _numbers(kept)) == (found.outcome, _numbers(found))


def _numbers(row: Row) -> tuple[float | None, ...]:
    value = row.verdict.ratio if row.verdict else row.time
    return (value.value, value.low, value.high) if value else (None, None, None)
