"""Columns of a pandas frame as plain Python values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd


def rows_of(frame: pd.DataFrame, *names: str) -> Iterator[tuple[Any, ...]]:
    """The values of some columns, row by row. Texts repeat: each is converted from Arrow, the slow part, only once."""
    return zip(*(_values(frame[name]) for name in names), strict=True)


def _values(column: pd.Series[Any]) -> list[Any]:
    if pd.api.types.is_numeric_dtype(column):
        return column.tolist()
    codes, texts = pd.factorize(column)
    known = [*texts.tolist(), None]  # the code of a missing value is -1, so None comes last
    return [known[code] for code in codes.tolist()]
