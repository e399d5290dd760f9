"""Which charts to draw, as `plot` and `report` decide it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from bench.analyse.speedups import with_speedups
from bench.present.charts import ChartSpec, available
from bench.records import UserError
from bench.store.tables import RunData


def speedups_if_any(frame: pd.DataFrame, data: RunData, vs: str | None) -> pd.DataFrame:
    """`frame` with speed-ups, where the run has the reference that `vs` names: a default must not be an error."""
    axis, _, value = (vs or "").partition("=")
    known = any(str(params.get(axis)) == value for params in frame["params"])
    return with_speedups(frame, data, vs) if vs and (known or "[" in vs) else frame


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
