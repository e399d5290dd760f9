"""`bench history`: when did it get slower?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.files import Columns, plain
from bench.cli.options import Format, TableFormat, colour, note, say, width
from bench.cli.plot import Theme, suffixes
from bench.records import UserError

if TYPE_CHECKING:
    import pandas as pd

    from bench.analyse.history.series import History, KnownChange
    from bench.interop import TableHints
    from bench.store.tables import RunData


def history(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH]...", help="Runs, folders of runs, or files of other tools; results/ without any."
        ),
    ] = None,
    select: Annotated[
        list[str] | None, typer.Option("--select", metavar="GLOB", help="Only cases that fit; repeatable.")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="The kind of the files, where it is not found out.")
    ] = None,
    unit: Annotated[str, typer.Option(help="Unit of the columns of a plain CSV: s, ms, us, ns, or another.")] = "",
    higher_is_better: Annotated[
        bool, typer.Option("--higher-is-better", help="Values of a plain CSV are such as throughput.")
    ] = False,
    column: Columns = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Draw a chart of each series into this folder.")
    ] = None,
    changed: Annotated[bool, typer.Option("--changed", help="Draw only those in which something changed.")] = False,
    formats: Annotated[str, typer.Option("--to", help="File formats of charts: svg, png, pdf.")] = "svg,png",
    theme: Annotated[Theme, typer.Option(help="Colours of charts.")] = Theme.LIGHT,
    known: Annotated[
        Path | None,
        typer.Option("--known", metavar="FILE", help="Alerts that are known: what --format json wrote earlier."),
    ] = None,
    fail_on_new: Annotated[
        bool, typer.Option("--fail-on-new", help="Exit with 1 if something got slower and is not known.")
    ] = False,
    format_: Format = TableFormat.TABLE,
) -> None:
    """Look for lasting changes over commits: one value a commit, the median of its launches.

    A single spike is no change, nor is a drift, nor a swing between two states. Runs of another machine, torch or
    driver are a segment of their own.

    \b
    bench history                                  all runs in results/
    bench history nightly/ -o charts/ --changed
    bench history data.js --format json > known.json
    bench history data.js --known known.json --fail-on-new
    """
    from bench.analyse.history.level_changes import history as analysed
    from bench.analyse.history.level_changes import unknown
    from bench.present.tables import history_table as present

    if fail_on_new and known is None:
        note("hint: without --known every alert is new")
    found = analysed(
        _selected(_points(paths or ["results"], from_, plain(unit, column, higher_is_better)), select or [])
    )
    new = unknown(found, _known(known) if known else []) if known or fail_on_new else None
    say(present.show(found, new, format_.value, width=width(), color=colour()).rstrip())
    if out is not None:
        _draw(found, out, suffixes(formats), theme.value, changed)
    if fail_on_new and new:
        from bench.cli.codes import REGRESSED

        raise typer.Exit(REGRESSED)


def _points(paths: list[str], tool: str | None, about: TableHints) -> pd.DataFrame:
    """Points of all paths. Raises `UserError` where one is neither runs nor a file of another tool, or none has any."""
    import pandas as pd

    from bench import interop
    from bench.analyse.history import run_points
    from bench.interop import execution

    frames = []
    for name in paths:
        folders = _runs(name) if tool is None else []
        if folders:
            frames.append(run_points.points(_read(folders)))
        else:
            executions = interop.read(Path(name), tool, about)
            frames.append(execution.points(executions))
            for reason, count in execution.reasons(executions).items():
                note(f"{name}: {count} value{'s' if count > 1 else ''} left out: {reason}")
    frames = [frame for frame in frames if len(frame)]
    if not frames:
        raise UserError(f"no value in {', '.join(paths)}: no case there has a time")
    return pd.concat(frames, ignore_index=True)


def _runs(name: str) -> list[Path]:
    """The folders of runs that a name stands for: itself, or what lies in it; none where it is something else.

    In `results/` the shipped tables of other machines are left aside.
    """
    from bench.store import runs

    path = Path(name)
    if runs.exists(path) and path.is_dir():
        found = sorted(each.parent for each in path.rglob("run.json"))
        if path == runs.RESULTS:
            found = [each for each in found if runs.REFERENCE not in each.parts]
        if found or path != runs.RESULTS:
            return found
    if path == runs.RESULTS:
        raise UserError(f"no run in {name}/ yet; measure one with: bench run")
    return [] if runs.exists(path) else [runs.locate(name)]


def _read(folders: list[Path]) -> Iterator[RunData]:
    """Read the runs, and say how far it is where they are many; runs of lockstep pairs are no points of a history.

    One that is damaged is named and passed over: a year of nights does not end with it.
    """
    from bench.store import runs, tables

    for number, folder in enumerate(folders, start=1):
        if number % 100 == 0:
            note(f"read {number} of {len(folders)} runs")
        try:
            if not runs.is_of_pairs(runs.read(folder)):
                yield tables.read(folder, lean=True)
        except UserError as error:
            note(f"left out: {error}")


def _selected(points: pd.DataFrame, patterns: list[str]) -> pd.DataFrame:
    """Points of the cases that fit one of the globs, on the whole key or on the workload."""
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


def _known(path: Path) -> list[KnownChange]:
    """Changes in what an earlier call wrote as JSON. Raises `UserError` where it is something else."""
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


def _draw(found: History, folder: Path, wanted: list[str], theme: str, changed: bool) -> None:
    from bench.present.charts import history as chart
    from bench.present.charts import safe
    from bench.present.style import save
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
        for suffix in wanted:
            note(str(save(figure, folder / f"{name}.{suffix}")))
