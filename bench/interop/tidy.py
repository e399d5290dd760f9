"""CSV and Parquet: a row a value with its key, as we write them, or a column a series, as people keep them.

key,clock,machine,fingerprint,commit,at,value,unit,higher_is_better,launches     (ours: `bench export --to csv`)
time,commit,metric1,metric2                                                      (a history, as of apache-otava)
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bench.analyse.marks import COLUMNS
from bench.interop import columns, foreign
from bench.interop.foreign import SECONDS, Benchmark, Execution
from bench.interop.node import text_of
from bench.interop.ours import Kept
from bench.records import UNKNOWN, Case, UserError

NAME = "csv"

_NAMES = ("key", "name", "benchmark", "test", "series")
"""Columns that name the series of a row, in a file with a row a value."""

_IN_NAME = re.compile(r".*?_(s|ms|us|ns)")


def is_it(path: Path) -> bool:
    """A file with this suffix."""
    return path.is_file() and path.suffix in (".csv", ".parquet")


def read(
    path: Path, unit: str = "", higher_is_better: bool = False, named: Mapping[str, str] | None = None
) -> list[Execution]:
    """An execution a row of a history, in its order; of files with a row a value, one a state that was measured.

    unit, higher_is_better: of the values of a history, whose columns do not tell. named: columns by their role (see
    `columns.ROLES`), where their names do not tell. Raises `UserError` where the file has no series, or a value that is
    no number.
    """
    header, rows = _table(path)
    name = next((each for each in _NAMES if each in header), None)
    if name and "value" in header and not named:
        return _tidy(path, name, [dict(zip(header, row, strict=True)) for row in rows])
    return _wide(path, header, rows, unit, higher_is_better, named or {})


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of text."""
    if path.suffix == ".parquet":
        try:
            frame = pd.read_parquet(path)
        except (OSError, ValueError, KeyError, NotImplementedError) as error:  # pyarrow's own are ValueErrors
            raise UserError(f"{path} is damaged: {(str(error).splitlines() or ['no message'])[0]}") from None
        frame = frame.astype(object).where(frame.notna(), "")
        return [str(name) for name in frame.columns], [[str(cell) for cell in row] for row in frame.to_numpy().tolist()]
    text = text_of(path)
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise UserError(f"{path} is no CSV: {error}") from None
    if len(rows) < 2:
        raise UserError(f"{path} holds no row below its header")
    header = [name.strip() for name in rows[0]]
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(header):
            raise UserError(f"{path}: row {number} has {len(row)} cells, and the header has {len(header)}")
    return header, rows[1:]


def _wide(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], unit: str, higher_is_better: bool,
    named: Mapping[str, str],
) -> list[Execution]:  # fmt: skip
    roles = columns.roles(header, rows, named, str(path))
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
                at=columns.moment(row[roles.time], where) if roles.time and row[roles.time] else None,
            )
        )
    return found


def _keys(family: str, series: Sequence[str], branch: str) -> list[str]:
    params = {"branch": foreign.value(branch)} if branch else {}
    made = [Benchmark(name, foreign.key(family, name, params)) for name in series]
    return [item.key for item in foreign.unambiguous(made)]


def _column(name: str, text: str, key: str, unit: str, higher_is_better: bool, where: str) -> Benchmark:
    named = _IN_NAME.fullmatch(name)
    unit = unit or (named[1] if named else "")
    time = unit in SECONDS
    unit, factor = ("s", SECONDS[unit]) if time else (unit, 1.0)
    value = columns.number(text, f"{where}, {name}") if text else None
    if value is None or value * factor <= 0:
        return Benchmark(name, key, unit=unit, reason="no value" if value is None else f"its value is {value:g}")
    return Benchmark(name, key, ((value * factor,),), unit, higher_is_better and not time, summary="one value a row")


def _tidy(path: Path, name: str, rows: Sequence[Mapping[str, str]]) -> list[Execution]:
    """A row a value: those of one commit, time, machine and fingerprint are one execution."""
    groups: dict[tuple[str, ...], dict[tuple[str, str], list[Mapping[str, str]]]] = {}
    for row in rows:
        of = (
            row.get("commit", ""), row.get("at") or row.get("time", ""), row.get("machine", ""),
            row.get("fingerprint", ""),
        )  # fmt: skip
        groups.setdefault(of, {}).setdefault((row[name], row.get("clock", "")), []).append(row)
    return [
        Execution(
            tool=NAME,
            source=str(path),
            benchmarks=foreign.unambiguous(
                [_benchmark(series, clock, own, path) for (series, clock), own in cases.items()]
            ),
            commit=commit or None,
            at=columns.moment(at, str(path)) if at else None,
            machine=machine or UNKNOWN,
            kept_fingerprint=fingerprint or None,
        )
        for (commit, at, machine, fingerprint), cases in groups.items()
    ]


def _benchmark(name: str, clock: str, rows: Sequence[Mapping[str, str]], path: Path) -> Benchmark:
    values = [columns.number(row["value"], f"{path}, {name}") for row in rows]
    unit = rows[0].get("unit", "")
    factor = SECONDS.get(unit)
    good = tuple((value * (factor or 1.0),) for value in values if value * (factor or 1.0) > 0)
    return Benchmark(
        name=name,
        key=name if _is_key(name) else foreign.key(path.stem, name),
        processes=good,
        unit="s" if factor else unit,
        higher_is_better=rows[0].get("higher_is_better", "") in ("True", "true", "1"),
        summary="median of a launch",
        clock=clock or "wall",
        reason="" if good else "no value is above 0",
    )


def _is_key(name: str) -> bool:
    try:
        return Case.from_key(name).key == name
    except UserError:
        return False


def frame(kept: Kept) -> pd.DataFrame:
    """A run as our own rows: one a case, clock and launch."""
    git: Mapping[str, Any] = kept.run.get("git") or {}
    commit = f"{git['commit']}+dirty" if git.get("commit") and git.get("dirty") else git.get("commit")
    rows = [
        (
            case.key, case.clock, kept.run["machine"], kept.run["fingerprint"], commit, kept.run["created"],
            median, "s", False, 1,
        )
        for case in kept.cases
        for median in case.medians
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))
