"""CSV and Parquet: a row for each value with its key, as `bench export` writes, or a column for each series.

key,clock,machine,fingerprint,commit,at,value,unit,higher_is_better,launches     (ours: `bench export --to csv`)
time,commit,metric1,metric2                                                      (a history, as of apache-otava)
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from bench.analyse.history.series import COLUMNS
from bench.interop import execution, table_columns
from bench.interop.checked_file import text_of
from bench.interop.execution import SECONDS, Benchmark, Execution
from bench.interop.launch_times import LaunchTimes
from bench.records import UNKNOWN, UserError

NAME = "csv"

_NAMES = ("key", "name", "benchmark", "test", "series", "command", "case")
"""Columns that name the series of a row, in a file with a row for each value."""

_IN_NAME = re.compile(r".*?_(s|ms|us|ns)")


def is_it(path: Path) -> bool:
    """Whether it has one of these suffixes and is not a table of a coursebench run."""
    return path.is_file() and path.suffix in (".csv", ".parquet") and not (path.parent / "run.json").exists()


def read(
    path: Path, unit: str = "", higher_is_better: bool = False, named: Mapping[str, str] | None = None
) -> list[Execution]:
    """Read an execution from each row of a history, in its order, or from all rows of one commit and time.

    unit, higher_is_better: for the values of a history, whose columns do not state them. named: columns by role
    (`table_columns.ROLES`), if their names do not show it. Raises `UserError` if the file has no series, or a value is
    not a number.
    """
    header, rows = _table(path)
    about = named or {}
    # A column with a named role is renamed to the role.
    ours = {name: role for role, name in about.items()}
    renamed = [ours.get(cell, cell) for cell in header]
    name = next((cell for cell in header if cell.lower() in _NAMES), None)
    if name and table_columns.VALUE in (cell.lower() for cell in renamed):
        titles = [cell.lower() if cell.lower() == table_columns.VALUE else cell for cell in renamed]
        values = [_TidyRow.of(dict(zip(titles, (cell.strip() for cell in row), strict=True)), name) for row in rows]
        return _tidy(path, values, unit, higher_is_better, of_launches=set(COLUMNS) <= set(titles))
    if name and not table_columns.is_numeric(rows, header.index(name)):
        raise UserError(
            f"{path}: its rows are named by '{name}', and no column is called {table_columns.VALUE}; name it with "
            f"--column {table_columns.VALUE}=NAME"
        )
    return _wide(path, header, rows, unit, higher_is_better, about)


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    """The header, and the rows as text."""
    if path.suffix == ".parquet":
        try:
            frame = pd.read_parquet(path)
        except (OSError, ValueError, KeyError, NotImplementedError) as error:  # pyarrow's own are ValueErrors
            raise UserError(f"{path} is damaged: {(str(error).splitlines() or ['no message'])[0]}") from None
        if any(frame.index.names):
            frame = frame.reset_index()
        frame = frame.astype(object).where(frame.notna(), "")
        return [str(name) for name in frame.columns], [[str(cell) for cell in row] for row in frame.to_numpy().tolist()]
    text = text_of(path)
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise UserError(f"{path} is not CSV: {error}") from None
    if len(rows) < 2:
        raise UserError(f"{path} has no row below its header")
    header = [name.strip() for name in rows[0]]
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(header):
            raise UserError(f"{path}: row {number} has {len(row)} cells, but the header has {len(header)}")
    return header, rows[1:]


def _wide(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], unit: str, higher_is_better: bool,
    named: Mapping[str, str],
) -> list[Execution]:  # fmt: skip
    roles = table_columns.roles(header, rows, named, str(path))
    keys: dict[str, list[str]] = {}
    found = []
    for number, cells in enumerate(rows, start=1):
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        where = f"{path}: row {number}"
        branch = row[roles.branch] if roles.branch else ""
        if branch not in keys:
            keys[branch] = _keys(path.stem, roles.series, branch)
        values = [
            _column(name, row[name], key, unit, higher_is_better, where)
            for name, key in zip(roles.series, keys[branch], strict=True)
        ]
        found.append(
            Execution(
                tool=NAME,
                source=str(path),
                benchmarks=tuple(values),
                commit=(row[roles.commit] or None) if roles.commit else None,
                at=table_columns.moment(row[roles.time], where) if roles.time and row[roles.time] else None,
            )
        )
    return found


def _keys(family: str, series: Sequence[str], branch: str) -> list[str]:
    params = {"branch": execution.value(branch)} if branch else {}
    made = [Benchmark(name, execution.key(family, name, params)) for name in series]
    return [item.key for item in execution.unambiguous(made)]


def _column(name: str, text: str, key: str, unit: str, higher_is_better: bool, where: str) -> Benchmark:
    named = _IN_NAME.fullmatch(name)
    unit = unit or (named[1] if named else "")
    time = unit in SECONDS
    unit, factor = ("s", SECONDS[unit]) if time else (unit, 1.0)
    value = table_columns.number(text, f"{where}, {name}") if text else None
    if value is None or value * factor <= 0:
        return Benchmark(name, key, unit=unit, reason="no value" if value is None else f"its value is {value:g}")
    return Benchmark(name, key, ((value * factor,),), unit, higher_is_better and not time, summary="one value a row")


class _TidyRow(NamedTuple):
    """The cells of a row that holds one value; empty where the file lacks the column."""

    series: str
    clock: str
    value: str
    unit: str
    higher_is_better: str
    commit: str
    at: str
    machine: str
    fingerprint: str

    @classmethod
    def of(cls, cells: Mapping[str, str], name: str) -> _TidyRow:
        """Read the cells of a row by their columns. name: the column that names the series."""
        names = ("clock", "value", "unit", "higher_is_better", "commit", "at", "machine", "fingerprint")
        found = {each: cells.get(each, "") for each in names}
        return cls(series=cells[name], **{**found, "at": found["at"] or cells.get("time", "")})


def _tidy(
    path: Path, rows: Sequence[_TidyRow], unit: str, higher_is_better: bool, of_launches: bool
) -> list[Execution]:  # fmt: skip
    """The rows of one commit, time, machine and fingerprint are one execution."""
    groups: dict[tuple[str, ...], dict[tuple[str, str], list[_TidyRow]]] = {}
    for row in rows:
        state = row.commit, row.at, row.machine, row.fingerprint
        groups.setdefault(state, {}).setdefault((row.series, row.clock), []).append(row)
    return [
        Execution(
            tool=NAME,
            source=str(path),
            benchmarks=execution.unambiguous(
                [
                    _benchmark(series, clock, own, f"{path}, {series}", unit, higher_is_better, of_launches)
                    for (series, clock), own in cases.items()
                ]
            ),
            commit=commit or None,
            at=table_columns.moment(at, str(path)) if at else None,
            machine=machine or UNKNOWN,
            kept_fingerprint=fingerprint or None,
        )
        for (commit, at, machine, fingerprint), cases in groups.items()
    ]


def _benchmark(
    name: str, clock: str, rows: Sequence[_TidyRow], where: str, unit: str, higher_is_better: bool,
    of_launches: bool,
) -> Benchmark:  # fmt: skip
    """One series. of_launches: each value is from a separate process; otherwise all are from one process."""
    unit = rows[0].unit or unit
    factor = SECONDS.get(unit)
    values = [table_columns.number(row.value, where) * (factor or 1.0) for row in rows]
    good = tuple(value for value in values if value > 0)
    stated = rows[0].higher_is_better
    return Benchmark(
        name=name,
        key=name if execution.is_key(name) else execution.key(NAME, name),
        processes=(tuple((value,) for value in good) if of_launches else (good,)) if good else (),
        unit="s" if factor else unit,
        higher_is_better=stated.lower() in ("true", "1") if stated else higher_is_better,
        summary="median of a launch" if of_launches else "",
        clock=clock or "wall",
        reason="" if good else "no value is above 0",
    )


def frame(kept: LaunchTimes) -> pd.DataFrame:
    """A run as rows of our format, one for each case, clock and launch."""
    origin = kept.origin
    about = origin.machine, origin.fingerprint, origin.state, origin.created
    rows = [
        (case.key, case.clock, *about, median, "s", False, 1) for case in kept.cases for median in case.medians
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))
