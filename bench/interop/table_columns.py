"""Columns of a foreign table: which are series, and which hold the time and the commit of a row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.interop.checked_file import YEARS, moment_of
from bench.records import UserError

ROLES: Mapping[str, tuple[str, ...]] = {
    "time": ("time", "date", "timestamp", "datetime", "created", "at"),
    "commit": ("commit", "revision", "sha", "hash", "build", "version", "ghc"),
    "branch": ("branch",),
    "index": ("index", "unnamed: 0"),
}
"""Lower-case words that identify the column of each role. The first column that has one counts."""

VALUE = "value"
"""Role of the only series, if it is named."""

_OTHER_DATES = ("%Y.%m.%d %H:%M:%S %z", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d")
"""Formats besides ISO 8601; the first is that of apache-otava."""

_EPOCH_FROM = 1e8
"""Numbers from here on are seconds since 1970 (from 1973 on). Smaller ones are durations, or dates of eight digits."""

_MILLISECONDS_FROM = 1e11
"""Numbers from here on are milliseconds: as seconds they would be beyond the year 5000."""


@dataclass(frozen=True)
class Roles:
    """Names of columns by their role; empty for a role that no column has."""

    time: str
    commit: str
    branch: str
    series: tuple[str, ...]


def roles(header: Sequence[str], rows: Sequence[Sequence[str]], named: Mapping[str, str], where: str) -> Roles:
    """Find the column of each role, by `named` or by its name; any other column of numbers is a series.

    Raises `UserError` if two columns share a name, a named one is missing, or no column is a series.
    """
    if len(set(header)) < len(header):
        raise UserError(f"{where}: two columns have the same name; there are: {', '.join(header)}")
    for role, name in named.items():
        if role not in (*ROLES, VALUE):
            raise UserError(f"--column {role}={name}: a column is one of {', '.join((*ROLES, VALUE))}")
        if name not in header:
            raise UserError(f"--column {role}={name}: there is no such column; there are: {', '.join(header)}")
    found = {role: named.get(role) or _first(header, words) for role, words in ROLES.items()}
    time = found["time"]
    if time and "time" not in named and is_numeric(rows, place := header.index(time)) and not _are_dates(rows, place):
        found["time"] = ""  # a time that was measured
    if VALUE in named:
        series = [named[VALUE]]
        found = {role: "" if name in series else name for role, name in found.items()}
    else:
        apart = {*found.values(), "", *(name for name in header if name.lower() in ROLES["index"])}
        series = [name for place, name in enumerate(header) if name not in apart and is_numeric(rows, place)]
    if not series:
        raise UserError(f"{where}: no column is a series of numbers; there are: {', '.join(header)}")
    return Roles(found["time"], found["commit"], found["branch"], tuple(series))


def _first(header: Sequence[str], words: Sequence[str]) -> str:
    """The first column whose name is one of the words; else the first whose name contains one."""
    exact = [name for name in header if name.lower() in words]
    within = [name for name in header for part in name.lower().replace("-", "_").split("_") if part in words]
    return next(iter([*exact, *within]), "")


def _are_dates(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Whether the first cells of a column are dates, not durations."""
    cells = [cell for row in rows if (cell := row[place].strip())][:5]
    return bool(cells) and all(_date(cell) for cell in cells)


def is_numeric(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Whether at least half of the cells of a column are numbers; then any other cell is an error."""
    cells = [cell for row in rows if (cell := row[place].strip())]
    return bool(cells) and 2 * sum(_float(cell) is not None for cell in cells) >= len(cells)


def _float(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def number(text: str, where: str) -> float:
    """Parse a cell as a finite number. Raises `UserError` for anything else."""
    found = _float(text)
    if found is None:
        raise UserError(f"{where}: '{text[:40]}' is not a number")
    return found


def moment(text: str, where: str) -> datetime:
    """Parse a cell as a time in UTC: ISO 8601, seconds or milliseconds since 1970, or another usual form.

    Raises `UserError` if it is none of these.
    """
    if found := _date(text.strip()):
        return found
    raise UserError(f"{where}: '{text[:40]}' is not a date and time (ISO 8601)")


def _date(text: str) -> datetime | None:
    seconds = _float(text)
    if seconds is not None and seconds >= _EPOCH_FROM:
        return _epoch(seconds)
    if found := moment_of(text):
        return found
    for form in _OTHER_DATES:
        try:
            read = datetime.strptime(text, form)
            found = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        if found.year in YEARS:
            return found
    return None


def _epoch(number: float) -> datetime | None:
    try:
        found = datetime.fromtimestamp(number / (1000 if number > _MILLISECONDS_FROM else 1), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.year in YEARS else None
