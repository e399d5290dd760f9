"""How much do more cores help? Amdahl's law: T(p) = T(1) · (s + (1 - s) ÷ p), s the serial share.

Amdahl, Validity of the single processor approach, AFIPS 1967.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.analyse.curves.curve_points import curve_points
from bench.analyse.rows.row import Row
from bench.stats.curve_fits import Fit, Floats, fit
from bench.stats.missing_numbers import number


def threads_of(row: Row) -> float | None:
    """The number of threads of a case: as counted, else as requested."""
    return row.threads_used if row.threads_used is not None else number(row.axis("threads"))


def log_share(serial: Floats, threads: Floats) -> Floats:
    """log(T(p) ÷ T(1)) for serial shares (shares, 1) and threads (threads,)."""
    return np.log(serial + (1 - serial) / threads)


def amdahl(rows: Sequence[Row]) -> Fit | str:
    """The serial share and log T(1) of the rows of one line; or why they are not resolved."""
    found = curve_points(rows, threads_of)
    if len({each.x for each in found}) < 3:
        return "three thread counts are needed: any law fits two"
    fitted = fit(found, log_share, (0.0, 1.0))
    if isinstance(fitted, Fit) and fitted.shape_high >= 1.0:
        return "no number of threads is surely faster than one"
    return fitted
