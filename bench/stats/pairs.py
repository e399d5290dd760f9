"""The one datum of a lockstep pair."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence


def log_ratio(base_ns: Sequence[float], head_ns: Sequence[float]) -> float:
    """The median over the block pairs of log(head ÷ base): above 0 the head is slower."""
    return statistics.median(math.log(head / base) for base, head in zip(base_ns, head_ns, strict=True))
