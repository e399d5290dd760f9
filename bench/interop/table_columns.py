"""Columns of a table that somebody else wrote: which are series, and which say when and of what state a row is."""

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
"""Words in the names of columns that are no series, in small letters. The first column that has one is it."""

VALUE = "value"
"""Role of the one series, where it is named."""

_OTHER_DATES = ("%Y.%m.%d %H:%M:%S %z", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d")
"""Besides ISO 8601: the first is apache-otava's."""

_EPOCH_FROM = 1e8
"""Seconds since 1970 begin in 1973: what is less is a duration, or a date of eight digits."""

_MILLISECONDS_FROM = 1e11
"""A number of seconds that large is a year beyond 5000: what is larger counts milliseconds."""


@dataclass(frozen=True)
class Roles:
    """Names of columns; empty where there is none of a role."""

    time: str
    commit: str
    branch: str
    series: tuple[str, ...]


def roles(header: Sequence[str], rows: Sequence[Sequence[str]], named: Mapping[str, str], where: str) -> Roles:
    """What each column is, by what `named` says, else by its name; what is left is a series if it holds numbers.

    Raises `UserError` where two columns have one name, a named one is not there, or none is a series.
    """
    if len(set(header)) < len(header):
        raise UserError(f"{where}: two columns have one name; there are: {', '.join(header)}")
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
    """The column that is called so; else the first whose name holds the word."""
    exact = [name for name in header if name.lower() in words]
    within = [name for name in header for part in name.lower().replace("-", "_").split("_") if part in words]
    return next(iter([*exact, *within]), "")


def _are_dates(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Do the first cells of a column say when, and not how long?"""
    cells = [cell for row in rows if (cell := row[place].strip())][:5]
    return bool(cells) and all(_date(cell) for cell in cells)


def is_numeric(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Is at least half of what the column holds a number? What is not is then a fault, and no text."""
    cells = [cell for row in rows if (cell := row[place].strip())]
    return bool(cells) and 2 * sum(_float(cell) is not None for cell in cells) >= len(cells)


def _float(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def number(text: str, where: str) -> float:
    """A cell as a finite number. Raises `UserError` where it is none."""
    found = _float(text)
    if found is None:
        raise UserError(f"{where}: '{text[:40]}' is no number")
    return found


def moment(text: str, where: str) -> datetime:
    """A cell as UTC: ISO 8601, seconds or milliseconds since 1970, or another usual form. Raises `UserError` else."""
    if found := _date(text.strip()):
        return found
    raise UserError(f"{where}: '{text[:40]}' is no date and time (ISO 8601)")


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
