"""Where the runs lie that this process has loaded, by their ids: a frame names its run, and not its folder."""

from __future__ import annotations

from pathlib import Path

from bench.records import UserError
from bench.store import runs

_FOLDERS: dict[str, Path] = {}


def remember(run: str, folder: Path) -> None:
    """Keep in mind where the run of this id lies, also when the working folder is another one by then."""
    _FOLDERS[run] = folder.absolute()


def folder_of(run: str) -> Path:
    """The folder of a run that was loaded, or that lies in `results/`. Raises `UserError` where it is neither."""
    if run in _FOLDERS:
        return _FOLDERS[run]
    try:
        return runs.locate(run)
    except UserError:
        raise UserError(
            f"run {run} was not loaded here and is no folder in {runs.RESULTS}/: load it first, with bench.load(FOLDER)"
        ) from None
