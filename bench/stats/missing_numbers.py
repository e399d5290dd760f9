"""Numbers that may be missing, in every way in which tables write that."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def number(x: Any) -> float | None:
    """`x` as a finite float, or None where it is missing (None, NaN, `pandas.NA`, infinite) or no number."""
    try:
        value = float(x)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def present(x: Any) -> Any:
    """`x` as a value of Python's own, or None where it is missing (None, NaN, `pandas.NA`, `pandas.NaT`)."""
    if isinstance(x, Mapping | list | tuple | set | str | bytes):
        return x
    if hasattr(x, "item"):
        x = x.item()
    if x is None or type(x).__name__ in ("NAType", "NaTType"):
        return None
    return None if isinstance(x, float) and math.isnan(x) else x
