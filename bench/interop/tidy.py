"""CSV and Parquet: a row a value with its key, as we write them, or a column a series, as people keep them.

key,clock,machine,fingerprint,commit,at,value,unit,higher_is_better,launches     (ours: `bench export --to csv`)
time,commit,metric1,metric2                                                      (a history, as of apache-otava)
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from bench.analyse.marks import COLUMNS
from bench.interop import foreign
from bench.interop.foreign import SECONDS, Benchmark, Execution
from bench.interop.node import YEARS, moment_of, text_of
from bench.interop.ours import Kept
from bench.records import UNKNOWN, Case, UserError

NAME = "csv"

ROLES: Mapping[str, tuple[str, ...]] = {
    "time": ("time", "date", "timestamp", "datetime", "at", "created"),
    "commit": ("commit", "revision", "sha", "hash", "commit_hash", "commit_id", "build", "version", "ghc"),
    "branch": ("branch",),
    "index": ("index", "", "unnamed: 0"),
}
"""Names of columns, in small letters, that are no series."""

_OURS = {"key", "value"}

_OTHER_DATES = ("%Y.%m.%d %H:%M:%S %z", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d")
"""Besides ISO 8601: the first is apache-otava's."""

_IN_NAME = re.compile(r".*?_(s|ms|us|ns)")


def is_it(path: Path) -> bool:
    """A file with this suffix."""
    return path.is_file() and path.suffix in (".csv", ".parquet")


def read(path: Path, unit: str = "", higher_is_better: bool = False) -> list[Execution]:
    """An execution a row of a history, in its order; of our own files one a run.

    unit, higher_is_better: of the values of a history, whose columns do not tell. Raises `UserError` where the file has
    no series, or a value that is no number above 0.
    """
    header, rows = _table(path)
    if set(header) >= _OURS:
        return _tidy(path, [dict(zip(header, row, strict=True)) for row in rows])
    return _wide(path, header, rows, unit, higher_is_better)


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of text."""
    if path.suffix == ".parquet":
        try:
            frame = pd.read_parquet(path)
        except (OSError, ValueError, KeyError, NotImplementedError) as error:  # pyarrow's own are ValueErrors
            raise UserError(f"{path} is damaged: {(str(error).splitlines() or ['no message'])[0]}") from None
        frame = frame.astype(object).where(frame.notna(), "")
        return [str(name) for name in frame.columns], [[str(cell) for cell in row] for row in frame.to_numpy().tolist()]
    try:
        rows = [row for row in csv.reader(io.StringIO(text_of(path))) if any(cell.strip() for cell in row)]
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
    path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], unit: str, higher_is_better: bool
) -> list[Execution]:
    roles = {role: [name for name in header if name.lower() in names] for role, names in ROLES.items()}
    apart = {name for names in roles.values() for name in names}
    series = [name for name in header if name not in apart]
    if not series or len(set(header)) < len(header):
        raise UserError(f"{path}: no column is a series, or two have one name; there are: {', '.join(header)}")
    found = []
    for number, cells in enumerate(rows, start=1):
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        where = f"{path}: row {number}"
        branch = next((row[name] for name in roles["branch"] if row[name]), None)
        params = {"branch": foreign.value(branch)} if branch else {}
        found.append(
            Execution(
                tool=NAME,
                source=str(path),
                benchmarks=foreign.unambiguous(
                    [
                        _column(name, row[name], foreign.key(path.stem, name, params), unit, higher_is_better, where)
                        for name in series
                    ]
                ),
                commit=next((row[name] for name in roles["commit"] if row[name]), None),
                at=next((_moment(row[name], where) for name in roles["time"] if row[name]), None),
            )
        )
    return found


def _column(name: str, text: str, key: str, unit: str, higher_is_better: bool, where: str) -> Benchmark:
    named = _IN_NAME.fullmatch(name)
    unit = unit or (named[1] if named else "")
    if not text:
        return Benchmark(name, key, unit=unit, reason="no value")
    value = _positive(text, f"{where}, {name}")
    if unit in SECONDS:
        return Benchmark(name, key, ((value * SECONDS[unit],),), summary="one value a row")
    return Benchmark(name, key, ((value,),), unit, higher_is_better, summary="one value a row")


def _tidy(path: Path, rows: Sequence[Mapping[str, str]]) -> list[Execution]:
    """Our own rows: those of one commit, time, machine and fingerprint are one execution."""
    groups: dict[tuple[str, ...], dict[tuple[str, str], list[Mapping[str, str]]]] = {}
    for row in rows:
        of = tuple(row.get(name, "") for name in ("commit", "at", "machine", "fingerprint"))
        groups.setdefault(of, {}).setdefault((row["key"], row.get("clock", "")), []).append(row)
    return [
        Execution(
            tool=NAME,
            source=str(path),
            benchmarks=tuple(_benchmark(key, clock, own, str(path)) for (key, clock), own in cases.items()),
            commit=commit or None,
            at=_moment(at, str(path)) if at else None,
            machine=machine or UNKNOWN,
            kept_fingerprint=fingerprint or None,
        )
        for (commit, at, machine, fingerprint), cases in groups.items()
    ]


def _benchmark(key: str, clock: str, rows: Sequence[Mapping[str, str]], where: str) -> Benchmark:
    values = [_positive(row["value"], f"{where}, {key}") for row in rows]
    unit = rows[0].get("unit", "s") or "s"
    factor = SECONDS.get(unit)
    return Benchmark(
        name=key,
        key=Case.from_key(key).key,
        processes=tuple((value * (factor or 1.0),) for value in values),
        unit="s" if factor else unit,
        higher_is_better=rows[0].get("higher_is_better", "") in ("True", "true", "1"),
        summary="median of a launch",
        clock=clock or "wall",
    )


def _positive(text: str, where: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise UserError(f"{where}: '{text[:40]}' is no number above 0")
    return found


def _moment(text: str, where: str) -> datetime:
    if found := moment_of(text):
        return found
    for form in _OTHER_DATES:
        try:
            read = datetime.strptime(text.strip(), form)
            found = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        if found.year in YEARS:
            return found
    raise UserError(f"{where}: '{text[:40]}' is no date and time (ISO 8601)")


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
