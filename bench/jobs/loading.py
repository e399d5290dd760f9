"""Read runs and analyse them, as several commands do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.analyse.rows.analysis import Analysis
from bench.analyse.rows.floor import command
from bench.analyse.rows.peaks import CALIBRATION, Peaks
from bench.analyse.rows.row import Row
from bench.records import Finding, UserError
from bench.store import journal, run_names, runs, tables


def analysed(names: Sequence[str] | None) -> list[Analysis]:
    """The runs of these names, or the latest. Raises `UserError` for one that cannot be read or is given twice."""
    wanted: Sequence[str | None] = names or [None]
    batch = [Analysis(tables.read(runs.locate(name))) for name in wanted]
    for run in batch:
        runs.refuse_pairs(run.data.run)
    refuse_same(batch)
    return batch


def refuse_same(batch: Sequence[Analysis]) -> None:
    """Raise `UserError` if a run is given twice: comparing it with itself shows nothing."""
    ids = [str(run.data.run["run"]) for run in batch]
    if twice := next((name for place, name in enumerate(ids) if name in ids[:place]), None):
        raise UserError(f"run {twice} is given twice")


def together(batch: Sequence[Analysis], rows: Sequence[Sequence[Row]]) -> list[Row]:
    """The rows of several runs, never pooled; each run has its own `machine`, which its findings name."""
    if len(batch) == 1:
        return list(rows[0])
    names = run_names.names([run.data.run for run in batch])
    return [
        replace(row, machine=name, findings=tuple(_on(item, name) for item in row.findings))
        for own, name in zip(rows, names, strict=True)
        for row in own
    ]


def _on(finding: Finding, machine: str) -> Finding:
    return replace(finding, case=f"{finding.case} on {machine}" if finding.case else "")


def floored(run: str | None, vs: str | None, named: str | None) -> tuple[Analysis, list[Row], Peaks]:
    """The run, its rows with floors, and the peaks they come from.

    named: the run whose peaks are used (default: the run itself, else the latest run of this machine that measured
    peaks). Raises `UserError` if there are none, or none of this machine.
    """
    found = Analysis(tables.read(runs.locate(run)))
    peaks = named_peaks(named, found.data.run) if named else found.peaks or latest_peaks(found.data.run)
    if not peaks:
        raise UserError(
            f"there is no floor: no run in {runs.RESULTS}/ has measured the peaks of this machine. Measure them with: "
            f"{command(row for row in found.estimates if row.ok)}"
        )
    return found, found.floored(peaks, vs), peaks


def peaks_for(run: Mapping[str, Any], named: str | None) -> Peaks | None:
    """The peaks for judging a profile: those of the run `named`, else the latest of its machine, if there are any.

    Raises `UserError` if the named run has none, or none of this machine.
    """
    return named_peaks(named, run) if named else latest_peaks(run)


def named_peaks(name: str, run: Mapping[str, Any]) -> Peaks:
    """The peaks of the run `name`, for `run`. Raises `UserError` if it has none or is of another machine."""
    other = Analysis(tables.read(runs.locate(name)))
    about = other.data.run
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
    for folder in runs_with_peaks(str(run.get("fingerprint"))):
        try:
            other = Analysis(tables.read(folder))
        except UserError:
            continue  # skip a run that cannot be read: this table is about another run
        if other.peaks:
            return other.peaks
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
