"""`bench history` as functions: points from runs and files of other tools, known alerts, and charts of series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.jobs.listener import SILENT, Listener
from bench.records import UserError

if TYPE_CHECKING:
    import pandas as pd

    from bench.analyse.history.series import History, KnownChange
    from bench.interop import TableHints
    from bench.store.tables import RunData


def points(paths: Sequence[str], tool: str | None, about: TableHints, listener: Listener = SILENT) -> pd.DataFrame:
    """A row for each value in all paths: runs, folders of runs, branches (`branch:NAME`), or files of other tools.

    tool: the format of the files (default: recognised); about: hints for a plain CSV. Raises `UserError` if a path is
    neither a run nor a file of another tool, or if no path has a value.
    """
    import pandas as pd

    from bench import interop
    from bench.analyse.history import run_points
    from bench.interop import execution
    from bench.jobs import kept_history
    from bench.store import runs

    frames = []
    for name in paths:
        if name.startswith(kept_history.BRANCH):
            with kept_history.restored(name) as folder:
                frames.append(execution.points(interop.read(folder)))
            continue
        folders = runs.folders_within(name) if tool is None else []
        if folders:
            frames.append(run_points.points(_read(folders, listener)))
        else:
            executions = interop.read(Path(name), tool, about)
            frames.append(execution.points(executions))
            for reason, count in execution.reasons(executions).items():
                listener.note(f"{name}: {count} value{'s' if count > 1 else ''} left out: {reason}")
    frames = [frame for frame in frames if len(frame)]
    if not frames:
        raise UserError(f"no value in {', '.join(paths)}: no case there has a time")
    return pd.concat(frames, ignore_index=True)


def _read(folders: list[Path], listener: Listener) -> Iterator[RunData]:
    """Read the runs, and report progress if there are many; runs of lockstep pairs are left out.

    A damaged run is reported and skipped: one bad night must not stop the history of a year.
    """
    from bench.store import runs, tables

    for number, folder in enumerate(folders, start=1):
        if number % 100 == 0:
            listener.note(f"read {number} of {len(folders)} runs")
        try:
            if not runs.is_of_pairs(runs.read(folder)):
                yield tables.read(folder, lean=True)
        except UserError as error:
            listener.note(f"left out: {error}")


def selected(points: pd.DataFrame, patterns: Sequence[str]) -> pd.DataFrame:
    """Points of the cases that match one of the globs, by whole key or by workload; all points without globs.

    Raises `UserError` if none matches.
    """
    from fnmatch import fnmatchcase

    if not patterns:
        return points

    def fits(key: str) -> bool:
        return any(
            fnmatchcase(text, pattern) or key == pattern
            for pattern in patterns
            for text in (key, key.partition("[")[0])
        )

    kept = points["key"].map(fits).astype(bool)
    if not kept.any():
        raise UserError(f"no case fits {' or '.join(patterns)}")
    return points[kept]


def known_changes(path: Path) -> list[KnownChange]:
    """Changes in the JSON of an earlier `bench history`. Raises `UserError` for any other file."""
    from bench.analyse.history.series import KnownChange
    from bench.interop.checked_file import parsed, text_of

    return [
        KnownChange(
            key=mark["key"].text(),
            clock=mark["clock"].text(),
            machine=mark["machine"].text(),
            unit=mark["unit"].text(),
            worse=mark["worse"].value is True,
            after_commit=mark["after_commit"].text(),
            until_commit=mark["until_commit"].text(),
        )
        for alert in parsed(text_of(path), path)["alerts"]
        for mark in alert["marks"]
    ]


def draw(found: History, folder: Path, formats: Sequence[str], theme: str, changed: bool) -> Iterator[Path]:
    """Draw a chart of each series into a folder, one at a time; yields the paths.

    formats: svg, png, pdf; changed: only series in which something changed.
    """
    from bench.present.charts import history as chart
    from bench.present.charts import safe
    from bench.present.picture_style import save
    from bench.present.tables.gate_report import short
    from bench.store import runs

    runs.make_folder(folder)
    names: set[str] = set()
    for series in found.series:
        marks = sorted((mark for mark in found.changes if mark.series == series.series), key=lambda mark: mark.place)
        if changed and not marks:
            continue
        name = safe("-".join(filter(None, (short(series.key), series.clock, series.machine)))).strip("-")[:120]
        while name in names:
            name += "-2"
        names.add(name)
        figure = chart.draw(series, marks, theme)
        for suffix in formats:
            yield save(figure, folder / f"{name}.{suffix}")
