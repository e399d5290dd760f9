"""Numbers that may be missing, in all the ways that tables use."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def number(x: Any) -> float | None:
    """`x` as a finite float; None if it is missing (None, NaN, `pandas.NA`, infinite) or not a number."""
    try:
        value = float(x)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def present(x: Any) -> Any:
    """`x` as a plain Python value; None if it is missing (None, NaN, `pandas.NA`, `pandas.NaT`)."""
    if isinstance(x, Mapping | list | tuple | set | str | bytes):
        return x
    if hasattr(x, "item"):
        x = x.item()
    if x is None or type(x).__name__ in ("NAType", "NaTType"):
        return None
    return None if isinstance(x, float) and math.isnan(x) else x
