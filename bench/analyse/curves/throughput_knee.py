"""What batch is large enough? The knee of throughput: where it reaches nine tenths of the best measured rate."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.analyse.curves.curve_points import ends_of, timed
from bench.analyse.rows.row import Row
from bench.stats.curve_fits import Crossing, crossing
from bench.stats.intervals import ratio_of
from bench.stats.missing_numbers import number

KNEE_SHARE = 0.9
"""Share of the best throughput. Any share is a choice: for a time a + b·batch, half is reached at a ÷ b (Hockney's n½,
1982), nine tenths at nine times that."""


def knee(rows: Sequence[Row], axis: str = "batch") -> Crossing:
    """The batch from which throughput is at least `KNEE_SHARE` of the best; or why that is not resolved.

    rows: of one line and one clock. It is not resolved while throughput still rises: the best batch alone proves
    nothing, so another batch has to reach the share, or a larger one has to be surely no better.
    """
    points = sorted(
        (x, rate)
        for row in timed(rows)
        if (x := number(row.axis(axis))) is not None and not math.isnan((rate := ends_of(row.rate))[1])
    )
    if len(points) < 3:
        return Crossing(None, None, None, f"{len(points)} values of {axis} with an interval: three are needed")
    best_x, best = max(points, key=lambda point: point[1][0])
    shares = [(x, *((1.0, 1.0, 1.0) if x == best_x else ratio_of(rate, best))) for x, rate in points if x <= best_x]
    found = crossing(shares, KNEE_SHARE)
    if found.reason or found.high != points[-1][0]:
        return found
    if found.low == points[-2][0]:
        return Crossing(None, found.low, None, f"throughput still rises at {axis} {best_x:,.6g}")
    return Crossing(None, found.low, None, f"no {axis} but {best_x:,.6g} surely reaches {KNEE_SHARE:.0%} of the best")
