"""Which charts to draw, as `plot` and `report` decide it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from bench.analyse.speedups import with_speedups
from bench.present.charts import ChartSpec, available
from bench.records import Outcome, UserError
from bench.store.tables import RunData


def with_any_speedups(frame: pd.DataFrame, data: RunData, vs: str | None) -> tuple[pd.DataFrame, str | None]:
    """`frame` with speed-ups against `vs`, and what they are against.

    Where nothing was asked for, against eager, if anything was measured eager; a default is never an error.
    """
    if vs is not None:
        return with_speedups(frame, data, vs), vs
    eager = (frame["outcome"] == Outcome.OK) & (frame["mode"] == "eager")
    return (with_speedups(frame, data, "mode=eager"), "mode=eager") if eager.any() else (frame, None)


def drawable(frame: pd.DataFrame, names: Sequence[str]) -> list[ChartSpec]:
    """The charts this frame has data for; of those the named ones. Raises `UserError` for one that it has not."""
    specs = available(frame)
    if not names:
        return specs
    slugs = {spec.slug: spec for spec in specs}
    for name in names:
        if name not in slugs:
            raise UserError(f"no chart '{name}' for this run; there are: {', '.join(slugs) or 'none'}")
    return [slugs[name] for name in names]
