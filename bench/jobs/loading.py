"""Read a run and estimate it, as several commands do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from bench.analyse.rows.break_even import with_break_even
from bench.analyse.rows.estimates import estimates, phases
from bench.analyse.rows.floor import Peaks, command, judged, peaks_of, with_floor
from bench.analyse.rows.peaks import CALIBRATION
from bench.analyse.rows.speedups import with_speedups
from bench.records import Outcome, UserError
from bench.store import (
    journal,
    run_names,
    runs,
    tables,
)
from bench.store.tables import RunData


def frame_of(run: str | None, vs: str | None) -> tuple[RunData, pd.DataFrame]:
    """The run and its judged estimates, with speed-ups where `vs` asks. Raises `UserError` where it cannot be read."""
    data = tables.read(runs.locate(run))
    frame = with_break_even(judged(data), phases(data))
    return data, with_speedups(frame, data, vs) if vs else frame


def beside(batch: Sequence[RunData], frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The rows of several runs as one frame: never pooled, each with a `machine` of its own, which its doubts name."""
    called = []
    for frame, name in zip(frames, run_names.names([data.run for data in batch]), strict=True):
        columns: dict[str, Any] = {"machine": name}
        if "findings" in frame:
            columns["findings"] = [
                [replace(item, case=f"{item.case} on {name}" if item.case else "") for item in found]
                for found in frame["findings"]
            ]
        called.append(frame.assign(**columns))
    return pd.concat(called, ignore_index=True)


def refuse_twins(batch: Sequence[RunData]) -> None:
    """Raise `UserError` where a run is there twice: nothing can be learned from one beside itself."""
    ids = [str(data.run["run"]) for data in batch]
    if twice := next((name for place, name in enumerate(ids) if name in ids[:place]), None):
        raise UserError(f"run {twice} is there twice")


def floored(run: str | None, vs: str | None, named: str | None) -> tuple[RunData, pd.DataFrame, Peaks]:
    """The run, its estimates with floors, and the peaks they come from.

    named: the run whose peaks are taken; without it the run's own, else those of the latest run of this machine that
    measured some. Raises `UserError` where there are none, or none of this machine.
    """
    data = tables.read(runs.locate(run))
    frame = estimates(data)
    found = named_peaks(named, data.run) if named else peaks_of(data, frame) or latest_peaks(data.run)
    if not found:
        measured = frame[frame["outcome"] == Outcome.OK].to_dict("records")
        raise UserError(
            f"there is no floor: no run in {runs.RESULTS}/ has measured the peaks of this machine. Measure them with: "
            f"{command(measured)}"
        )
    frame = with_floor(frame, found, datetime.fromisoformat(data.run["created"]))
    return data, with_speedups(frame, data, vs) if vs else frame, found


def peaks_for(run: Mapping[str, Any], named: str | None) -> Peaks | None:
    """The peaks that a profile is held against: of the run `named`, else the latest of its machine, if there are any.

    Raises `UserError` where the named run has none, or none of this machine.
    """
    return named_peaks(named, run) if named else latest_peaks(run)


def named_peaks(name: str, run: Mapping[str, Any]) -> Peaks:
    """The peaks of the run `name`, for `run`. Raises `UserError` where it has none or is of another machine."""
    other = tables.read(runs.locate(name))
    if other.run.get("fingerprint") != run.get("fingerprint"):
        raise UserError(
            f"--peaks {name}: those are peaks of another machine or torch ({other.run['machine']}, fingerprint "
            f"{other.run['fingerprint']}; the run shown is of {run['machine']}, {run['fingerprint']})"
        )
    found = peaks_of(other, estimates(other))
    if not found:
        raise UserError(f"--peaks {name}: that run measured no peaks; measure them with: {command([])}")
    return found


def latest_peaks(run: Mapping[str, Any]) -> Peaks | None:
    """The peaks of the latest sealed run in `results/` that measured some on the machine of `run`."""
    for folder in runs_with_peaks(str(run.get("fingerprint"))):
        try:
            other = tables.read(folder)
        except UserError:
            continue  # what cannot be read has no say in another run's table
        if found := peaks_of(other, estimates(other)):
            return found
    return None


def runs_with_peaks(fingerprint: str) -> list[Path]:
    """Sealed runs of this machine that planned calibration cases, the latest first."""
    found = []
    for path in runs.RESULTS.glob("*/run.json"):
        try:
            run = runs.read(path.parent)
        except UserError:
            continue
        sealed = not (path.parent / journal.NAME).exists()
        planned = any(item["key"].startswith(CALIBRATION) for item in run.get("plan", ()))
        if sealed and planned and "imported" not in run and run.get("fingerprint") == fingerprint:
            found.append((str(run["run"]), path.parent))
    return [folder for _, folder in sorted(found, reverse=True)]
