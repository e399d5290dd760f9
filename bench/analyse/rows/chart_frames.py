"""The frame that charts are drawn from: of a whole run, or of what a reader kept of its estimates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from bench.analyse.gate.verdict_rows import forest
from bench.analyse.rows.break_even import with_break_even
from bench.analyse.rows.chart_columns import chartable
from bench.analyse.rows.estimates import phases
from bench.analyse.rows.floor import judged
from bench.analyse.rows.speedups import with_speedups
from bench.records import Outcome, UserError
from bench.store import loaded_runs, tables
from bench.store.tables import RunData

IDENTITY = ("run", "workload", "key", "clock", "outcome")
"""Columns without which a frame is none of estimates, nor of verdicts."""


def to_draw(data: RunData, vs: str | None = None) -> tuple[pd.DataFrame, str | None]:
    """The estimates of a run with all that charts draw, and what its speed-ups are against; of a gate its verdicts.

    Where nothing was asked for, against eager, if anything was measured eager; a default is never an error.
    """
    if "gate" in data.run:
        return forest(data), None
    frame = with_break_even(judged(data), phases(data))
    eager = (frame["outcome"] == Outcome.OK) & (frame["mode"] == "eager")
    against = vs if vs is not None or not eager.any() else "mode=eager"
    return chartable(with_speedups(frame, data, against) if against else frame, data), against


def restored(frame: pd.DataFrame, drawn: Sequence[str]) -> pd.DataFrame:
    """`frame` with all that charts draw, from its runs, which are read again.

    frame: rows of estimates, as `bench.load` gives them, of one run or several; drawn: the columns that will be drawn,
    for where a run is not to be had. Raises `UserError` for another kind of frame, for a run that is not to be had and
    is needed, and as `refuse_others` does.
    """
    require_estimates(frame)
    return pd.concat(
        [_restored(str(name), part, drawn) for name, part in frame.groupby("run", sort=False, dropna=False)] or [frame]
    )


def _restored(run: str, frame: pd.DataFrame, drawn: Sequence[str]) -> pd.DataFrame:
    try:
        folder = loaded_runs.folder_of(run)
    except UserError:
        if all(name in frame for name in drawn):
            return frame
        raise
    return completed(frame, _whole(folder, _stamp(folder)))


@lru_cache(maxsize=2)  # charts of one run follow each other, or of two that are compared
def _whole(folder: Path, stamp: object) -> pd.DataFrame:
    """A run with all that charts draw, read once for as long as its files have one `stamp`."""
    return to_draw(tables.read(folder))[0]


def _stamp(folder: Path) -> object:
    """Another one whenever a file of the run is written."""
    return frozenset((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in folder.iterdir())


def run_of(frame: pd.DataFrame) -> str:
    """The id of the run that a frame is of. Raises `UserError` for none, several, and another kind of frame."""
    require_estimates(frame)
    names = frame["run"].unique().tolist()
    if len(names) != 1:
        raise UserError(f"a frame of one run is needed; the runs of this one are: {', '.join(names) or 'none'}")
    return str(names[0])


def require_estimates(frame: pd.DataFrame) -> None:
    """Raise `UserError` for what is no frame of estimates, nor of verdicts."""
    missing = [name for name in IDENTITY if name not in frame]
    if missing:
        raise UserError(
            f"a frame of estimates is needed, as bench.load(RUN) gives it; this one lacks: {', '.join(missing)}"
        )


def completed(frame: pd.DataFrame, whole: pd.DataFrame) -> pd.DataFrame:
    """`frame` with the columns of `whole` that it lacks.

    frame: some rows and columns of a run's estimates; whole: that run, as `to_draw` gives it. Raises `UserError` as
    `refuse_others` does.
    """
    places = refuse_others(frame, whole)
    lacking = whole[[name for name in whole if name not in frame]].iloc[places]
    return pd.concat([frame, lacking.set_axis(frame.index)], axis="columns")


def refuse_others(frame: pd.DataFrame, whole: pd.DataFrame) -> list[int]:
    """The place in `whole` of each row of `frame`. Raises `UserError` for a row or a time that is not the run's.

    What charts draw besides estimates is read from the run again: beside times that were changed since, or of a run
    that was measured further, it would belong to something else.
    """
    rows = whole.to_dict("records")
    places = {_name(row): place for place, row in enumerate(rows)}
    found = []
    for row in frame.to_dict("records"):
        place = places.get(_name(row))
        if place is None or not _alike(row, rows[place]):
            raise UserError(f"{row['key']} is not what run {row['run']} says of it now: load the run again")
        found.append(place)
    return found


def _name(row: Mapping[Any, Any]) -> tuple[str, str]:
    return str(row["key"]), "" if pd.isna(row["clock"]) else str(row["clock"])


def _alike(row: Mapping[Any, Any], own: Mapping[Any, Any]) -> bool:
    """Have two rows of a case one outcome and one time?"""
    numbers = [name for name in ("value_s", "low_s", "high_s", "ratio") if name in row and name in own]
    same = all(row[name] == own[name] or (pd.isna(row[name]) and pd.isna(own[name])) for name in numbers)
    return bool(same and row["outcome"] == own["outcome"])
