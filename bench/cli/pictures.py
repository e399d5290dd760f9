"""Which charts to draw, as `plot` and `report` decide it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from bench.analyse.drawable import to_draw
from bench.present.charts import ChartSpec, available
from bench.records import UserError
from bench.store import runs, tables
from bench.store.tables import RunData


def frame_to_draw(run: str | None, vs: str | None) -> tuple[RunData, pd.DataFrame, str | None]:
    """A run, its estimates with all that charts draw, and what its speed-ups are against; of a gate its verdicts."""
    data = tables.read(runs.locate(run))
    return data, *to_draw(data, vs)


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
