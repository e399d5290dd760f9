"""Numbers that may be missing, in every way in which tables write that."""

from __future__ import annotations

import math
from typing import Any


def number(x: Any) -> float | None:
    """`x` as a finite float, or None where it is missing (None, NaN, `pandas.NA`, infinite) or no number."""
    try:
        value = float(x)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None
