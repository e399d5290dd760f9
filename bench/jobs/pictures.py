"""Which charts to draw, as `plot` and `report` decide it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from bench.analyse.rows.chart_frames import to_draw as whole
from bench.jobs.loading import beside, refuse_twins
from bench.present.charts import ChartSpec, available
from bench.present.charts.chart_lines import UNRESOLVED
from bench.records import UserError
from bench.store import run_names as machines
from bench.store import runs, tables
from bench.store.tables import RunData


@dataclass(frozen=True)
class ToDraw:
    """One or more runs, and the frame that charts take."""

    batch: tuple[RunData, ...]
    frame: pd.DataFrame
    """Estimates with all that charts draw, of a gate its verdicts; a run's own `machine` where there are several."""
    against: str | None
    """What speed-ups are against."""

    @property
    def name(self) -> str:
        """What a folder for its pictures is called."""
        return str(self.batch[0].run["run"])

    @property
    def machines(self) -> list[str]:
        """What each run is called in the frame."""
        return machines.names([data.run for data in self.batch])

    @property
    def problems(self) -> list[str]:
        """What of the runs could not be read."""
        return [problem for data in self.batch for problem in data.problems]


def to_draw(names: Sequence[str] | None, vs: str | None) -> ToDraw:
    """The runs of these names, or the latest. Raises `UserError` for one that cannot be read, or that is there twice.

    Where nothing was asked for, speed-ups are against eager, if anything was measured eager; a default is never an
    error. Runs are never pooled: of several, each has its own `machine`.
    """
    wanted: Sequence[str | None] = names or [None]
    found = [_one(name, vs) for name in wanted]
    batch = tuple(data for data, _, _ in found)
    refuse_twins(batch)
    against = next((each for _, _, each in found if each is not None), None)
    if len(batch) == 1:
        return ToDraw(batch, found[0][1], against)
    for data in batch:
        runs.refuse_pairs(data.run)
    return ToDraw(batch, beside(batch, [frame for _, frame, _ in found]), against)


def _one(name: str | None, vs: str | None) -> tuple[RunData, pd.DataFrame, str | None]:
    data = tables.read(runs.locate(name))
    return data, *whole(data, vs)


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


def filled(specs: Sequence[ChartSpec], own: str) -> list[ChartSpec]:
    """Without those of other machines that ask what `own`, of the same workload, has answered itself."""
    answered = {(spec.name, spec.workload) for spec in specs if spec.machine == own}
    return [spec for spec in specs if spec.machine in ("", own) or (spec.name, spec.workload) not in answered]


def one_of_each(specs: Sequence[ChartSpec], frame: pd.DataFrame) -> list[ChartSpec]:
    """Of each chart the one that shows most: one that resolves its question, of the most machines, then rows."""

    def shows(spec: ChartSpec) -> tuple[bool, int, int]:
        rows = spec.rows(frame)
        return UNRESOLVED not in spec.title, rows["machine"].nunique(), len(rows)

    best: dict[str, ChartSpec] = {}
    for spec in specs:
        if spec.name not in best or shows(spec) > shows(best[spec.name]):
            best[spec.name] = spec
    return list(best.values())
