"""Read runs and analyse them, as several commands do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.analyse.rows.analysis import Analysis
from bench.analyse.rows.floor import command
from bench.analyse.rows.launch_times import Statistic
from bench.analyse.rows.peaks import CALIBRATION, Peaks
from bench.records import UserError
from bench.store import environments, journal, runs, tables
from bench.store.tables import RunData


def analysed(names: Sequence[str] | None, statistic: Statistic = "median") -> list[Analysis]:
    """The runs of these names, or the latest, by a statistic of the blocks of a launch.

    Raises `UserError` for one that cannot be read or is given twice.
    """
    wanted: Sequence[str | None] = names or [None]
    folders = [runs.locate(name) for name in wanted]
    batch = [tables.read(folder) for folder in folders]
    for data in batch:
        runs.refuse_pairs(data.run)
    refuse_same(batch)
    return [Analysis(data, statistic) for data in batch]


def refuse_same(batch: Sequence[RunData]) -> None:
    """Raise `UserError` if a run is given twice: comparing it with itself shows nothing."""
    ids = [str(data.run["run"]) for data in batch]
    if twice := next((name for place, name in enumerate(ids) if name in ids[:place]), None):
        raise UserError(f"run {twice} is given twice")


def floor_peaks(run: Analysis, named: str | None) -> Peaks:
    """The peaks that the floors of a run come from.

    named: the run whose peaks are used (default: the run itself, else the latest run of this machine that measured
    peaks). Raises `UserError` if there are none, or none of this machine.
    """
    peaks = named_peaks(named, run.data.run) if named else run.peaks or latest_peaks(run.data.run)
    if not peaks:
        raise UserError(
            f"there is no floor: no run in {runs.RESULTS}/ has measured the peaks of this machine. Measure them with: "
            f"{command(row for row in run.estimates if row.ok)}"
        )
    return peaks


def peaks_for(run: Mapping[str, Any], named: str | None) -> Peaks | None:
    """The peaks for judging a profile: those of the run `named`, else the latest of its machine, if there are any.

    Raises `UserError` if the named run has none, or none of this machine.
    """
    return named_peaks(named, run) if named else latest_peaks(run)


def named_peaks(name: str, run: Mapping[str, Any]) -> Peaks:
    """The peaks of the run `name`, for `run`. Raises `UserError` if it has none or is of another machine."""
    other = Analysis(tables.read(runs.locate(name)))
    about = other.data.run
    if unlike := environments.differences(about, run, ("where the peaks were measured", "in the run shown")):
        raise UserError(f"--peaks {name}: {unlike}")
    if about.get("fingerprint") != run.get("fingerprint"):
        raise UserError(
            f"--peaks {name}: those are peaks of another machine or torch ({about['machine']}, fingerprint "
            f"{about['fingerprint']}; the run shown is of {run['machine']}, {run['fingerprint']})"
        )
    if not other.peaks:
        raise UserError(f"--peaks {name}: that run measured no peaks; measure them with: {command([])}")
    return other.peaks


def latest_peaks(run: Mapping[str, Any]) -> Peaks | None:
    """The peaks of the latest sealed run in `results/` that measured some on the machine of `run`."""
    for folder in runs_with_peaks(run):
        try:
            other = Analysis(tables.read(folder))
        except UserError:
            continue  # skip a run that cannot be read: this table is about another run
        if other.peaks:
            return other.peaks
    return None


def runs_with_peaks(of: Mapping[str, Any]) -> list[Path]:
    """Sealed runs of the machine and environment of a run that planned calibration cases, the latest first.

    of: its `run.json`.
    """
    found = []
    for path in runs.RESULTS.glob("*/run.json"):
        try:
            run = runs.read(path.parent)
        except UserError:
            continue
        sealed = not (path.parent / journal.NAME).exists()
        planned = any(item["key"].startswith(CALIBRATION) for item in run.get("plan", ()))
        alike = run.get("fingerprint") == of.get("fingerprint") and not environments.differences(run, of)
        if sealed and planned and "imported" not in run and alike:
            found.append((str(run["run"]), path.parent))
    return [folder for _, folder in sorted(found, reverse=True)]
