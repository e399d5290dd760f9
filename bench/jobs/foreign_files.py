"""Files of other tools: read into sealed runs, and written from a run."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.jobs.arguments import RunName, name_of
from bench.jobs.listener import SILENT, Listener
from bench.records import UserError

if TYPE_CHECKING:
    import pandas as pd

    from bench.interop import TableHints
    from bench.interop.launch_times import LaunchTimes
    from bench.store.tables import RunData

TARGETS = ("pytest-benchmark", "github-action-benchmark", "csv", "parquet")
"""Formats for the times of a run."""


@dataclass(frozen=True)
class ImportedRuns:
    """Runs made from files, and notes on what was left out."""

    folders: tuple[Path, ...]
    left_out: tuple[str, ...]


def import_files(paths: Sequence[Path], tool: str | None, about: TableHints, out: Path | None) -> ImportedRuns:
    """Read files of other tools into runs.

    tool: the format of the files (default: recognised); about: hints for a plain CSV; out: the folder of the runs
    (default: `results/`). Raises `UserError` for a file that cannot be read, and if no file has a time.
    """
    from bench import interop
    from bench.interop import sealed_run
    from bench.store import runs

    executions = [found for path in paths for found in interop.read(path, tool, about)]
    refused = [f"{item.source}: {why}" for item in executions if (why := sealed_run.why_not(item))]
    if len(refused) == len(executions):
        raise UserError(refused[0] if refused else f"{', '.join(map(str, paths))}: nothing was measured there")
    lost: dict[str, int] = {}
    # All are read before the first is written: an error in the last leaves nothing behind.
    made = [sealed_run.as_run(item, out or runs.RESULTS) for item in executions if not sealed_run.why_not(item)]
    folders = []
    for data, left_out in made:
        folders.append(sealed_run.write(data))
        for name in left_out:
            lost[name] = lost.get(name, 0) + 1
    no_times = (f"{name} is not a time, in {times} files" for name, times in lost.items())
    return ImportedRuns(tuple(folders), (*refused, *no_times))


def exported(runs_named: Sequence[RunName], to: str, out: Path | None, listener: Listener = SILENT) -> bytes:
    """The times of runs as a file of another tool; the latest run if none is named. Nothing is written.

    to: one of `TARGETS`. out: the file that will be written; a `data.js` keeps its earlier content. listener: gets a
    note on how many cases have no time. Raises `UserError` for another format, and for several runs in a file that
    holds one.
    """
    from bench.interop import github_action, pytest_benchmark

    batch = read_runs(runs_named)
    if len(batch) > 1 and to not in ("csv", "parquet"):
        raise UserError(f"a file of {to} holds one run: name one; csv and parquet take several")
    times = [_timed(data, listener) for data in batch]
    match to:
        case "pytest-benchmark":
            return pytest_benchmark.written(times[0]).encode()
        case "github-action-benchmark":
            page = out if out is not None and out.suffix == ".js" else None
            return (github_action.written(times[0], page) if page else github_action.listed(times[0])).encode()
        case "csv":
            return bytes(_tidy(times).to_csv(index=False).encode())
        case "parquet":
            buffer = io.BytesIO()
            _tidy(times).to_parquet(buffer, index=False)
            return buffer.getvalue()
        case _:
            raise UserError(f"times are written as {', '.join(TARGETS)}, not as {to}")


def copy_run(runs_named: Sequence[RunName], out: Path) -> None:
    """Copy a whole run without the paths of this machine, for others to read. Raises `UserError` for several runs."""
    from bench.store import anonymised

    batch = read_runs(runs_named)
    if len(batch) > 1:
        raise UserError("a file of run holds one run: name one; csv and parquet take several")
    anonymised.copy(batch[0], out)


def write(content: bytes, out: Path) -> None:
    """Write a file as a whole or not at all. Raises `UserError` if that fails."""
    from bench.store import runs

    if out.is_dir():
        raise UserError(f"{out} is a folder; name a file with --out")
    runs.make_folder(out.absolute().parent)
    try:
        runs.replace_whole(out, content)
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror or error}") from None


def read_runs(runs_named: Sequence[RunName]) -> list[RunData]:
    """The runs of these names, or the latest. Raises `UserError` for one that cannot be read."""
    from bench.store import runs, tables

    return [tables.read(runs.locate(name_of(name))) for name in runs_named] or [tables.read(runs.locate(None))]


def _timed(data: RunData, listener: Listener) -> LaunchTimes:
    """The times of a run; the listener gets a note on how many cases have none."""
    from bench.interop.launch_times import launch_times

    times, planned = launch_times(data), len(data.run["plan"])
    if lost := planned - len({case.key for case in times.cases}):
        listener.note(f"{lost} of {planned} cases have no time and are left out")
    return times


def _tidy(times: Sequence[LaunchTimes]) -> pd.DataFrame:
    """The rows of all runs, each with its machine."""
    import pandas as pd

    from bench.interop import csv_parquet

    return pd.concat([csv_parquet.frame(each) for each in times], ignore_index=True)
