"""Folders of the runs that this process has loaded, by id: a frame names its run, not its folder."""

from __future__ import annotations

from pathlib import Path

from bench.records import UserError
from bench.store import runs

_FOLDERS: dict[str, Path] = {}


def remember(run: str, folder: Path) -> None:
    """Remember the folder of the run with this id, even if the working directory changes later."""
    _FOLDERS[run] = folder.absolute()


def folder_of(run: str) -> Path:
    """The folder of a run that was loaded or is in `results/`. Raises `UserError` for any other run."""
    if run in _FOLDERS:
        return _FOLDERS[run]
    try:
        return runs.locate(run)
    except UserError:
        raise UserError(
            f"run {run} was not loaded here and is not in {runs.RESULTS}/: load it first with bench.load(FOLDER)"
        ) from None
