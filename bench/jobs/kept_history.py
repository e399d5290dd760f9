"""The history of a repository on a branch of it: points of runs are committed there, and read from there."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.jobs.listener import SILENT, Listener
from bench.records import UserError

if TYPE_CHECKING:
    from bench.runner.branch_files import KeptFiles

BRANCH = "branch:"
"""What a path of `bench history` begins with that is a branch: `branch:bench-data`."""

FOLDER = "history"
"""The folder of the points on the branch: a file for each run, as `bench export --to csv` writes it."""


def keep(
    runs_named: Sequence[str], branch: str, remote: str = "", also: Sequence[Path] = (), listener: Listener = SILENT
) -> KeptFiles:
    """Commit the points of runs to a branch of the repository around the working folder, and other files beside them.

    runs_named: runs, or folders of runs; remote: where the branch is pushed to; empty keeps it here. also: files that
    are put on top of the branch, such as a badge. Raises `UserError` if no run has a time, or git refuses.
    """
    from bench.interop import csv_parquet
    from bench.interop.launch_times import launch_times
    from bench.runner import branch_files
    from bench.store import runs, tables

    files = {path.name: _read(path) for path in also}
    kept = 0
    for folder in [folder for name in runs_named for folder in runs.folders_within(name)]:
        run = runs.read(folder)
        if runs.is_of_pairs(run):
            continue
        try:
            frame = csv_parquet.frame(launch_times(tables.read(folder)))
        except UserError as error:
            listener.note(f"not kept: {error}")
            continue
        files[f"{FOLDER}/{run['run']}.csv"] = str(frame.to_csv(index=False)).encode()
        kept += 1
    if not kept:
        raise UserError(f"nothing to keep: no run with times in {', '.join(runs_named)}")
    return branch_files.keep(Path.cwd(), branch, files, f"Points of {kept} run{'s' if kept > 1 else ''}", remote)


@contextlib.contextmanager
def restored(name: str) -> Iterator[Path]:
    """The points on a branch, `branch:NAME`, as files in a folder until the context ends. Raises `UserError`."""
    from bench.runner import branch_files

    branch = name.removeprefix(BRANCH)
    with tempfile.TemporaryDirectory() as folder:
        branch_files.restore(Path.cwd(), branch, Path(folder))
        points = Path(folder, FOLDER)
        if not points.is_dir():
            raise UserError(f"the branch {branch} has no folder {FOLDER}/: bench history --keep-on {branch} makes it")
        yield points


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
