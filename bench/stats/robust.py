"""Spread and share of outliers, by statistics that a few extreme values do not change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MAD_TO_SD = 1.4826
"""1 / Φ⁻¹(3/4): makes the median absolute deviation estimate the standard deviation of normal data."""

OUTLIER_SCORE = 3.5
"""Modified z-score above which a value is called an outlier (Iglewicz & Hoaglin, How to Detect Outliers, 1993)."""


def spread(values: Sequence[float] | NDArray[np.float64]) -> float:
    """The median absolute deviation, scaled to a standard deviation; same unit as `values`."""
    array = np.asarray(values, dtype=np.float64)
    return float(MAD_TO_SD * np.median(np.abs(array - np.median(array))))


def outlier_share(values: Sequence[float] | NDArray[np.float64]) -> float:
    """Share of `values` whose modified z-score is above `OUTLIER_SCORE`; 0 if they do not vary."""
    array = np.asarray(values, dtype=np.float64)
    scale = spread(array)
    if scale == 0:
        return 0.0
    return float(np.mean(np.abs(array - np.median(array)) / scale > OUTLIER_SCORE))
