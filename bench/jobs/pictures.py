"""Which charts to draw, as `plot` and `report` decide it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.analyse.gate.verdict_rows import verdict_rows
from bench.analyse.rows.analysis import Analysis
from bench.analyse.rows.row import Row
from bench.analyse.rows.several_runs import together
from bench.jobs.loading import refuse_same
from bench.present import row_groups
from bench.present.charts import ChartSpec, available
from bench.present.charts.chart_lines import UNRESOLVED
from bench.records import UserError
from bench.store import run_names, runs, tables
from bench.store.tables import RunData


@dataclass(frozen=True)
class ToDraw:
    """One or more runs, and the rows that charts take."""

    batch: tuple[RunData, ...]
    rows: list[Row]
    """With all that charts draw; of a gate its verdicts; with a `machine` of each run's own where there are several."""
    against: str | None
    """What speed-ups are against."""

    @property
    def name(self) -> str:
        """What a folder for its pictures is called."""
        return str(self.batch[0].run["run"])

    @property
    def machines(self) -> list[str]:
        """What each run is called in the rows."""
        return run_names.names([data.run for data in self.batch])

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
    batch = [Analysis(tables.read(runs.locate(name))) for name in wanted]
    data = tuple(run.data for run in batch)
    refuse_same(data)
    if len(batch) == 1 and "gate" in data[0].run:
        return ToDraw(data, verdict_rows(data[0]), None)
    for run in data:
        runs.refuse_pairs(run.run)
    against = vs or next((each for run in batch if (each := run.against_by_default())), None)
    machines = run_names.names([run.run for run in data])
    return ToDraw(data, together([run.for_charts(vs) for run in batch], machines), against)


def drawable(rows: Sequence[Row], names: Sequence[str]) -> list[ChartSpec]:
    """The charts these rows have data for; of those the named ones. Raises `UserError` for one that they have not."""
    specs = available(rows)
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


def one_of_each(specs: Sequence[ChartSpec], rows: Sequence[Row]) -> list[ChartSpec]:
    """Of each chart the one that shows most: one that resolves its question, of the most machines, then rows."""

    def shows(spec: ChartSpec) -> tuple[bool, int, int]:
        shown = spec.rows(rows)
        return UNRESOLVED not in spec.title, len(row_groups.machines(shown)), len(shown)

    best: dict[str, ChartSpec] = {}
    for spec in specs:
        if spec.name not in best or shows(spec) > shows(best[spec.name]):
            best[spec.name] = spec
    return list(best.values())
