"""Which charts to draw, as `plot` and `report` decide it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.analyse.gate.verdict_rows import verdict_rows
from bench.analyse.rows.analysis import Analysis
from bench.analyse.rows.clock_choice import on_clock
from bench.analyse.rows.launch_times import known_statistic
from bench.analyse.rows.row import Row
from bench.analyse.rows.several_runs import together
from bench.jobs.loading import refuse_same
from bench.present import row_groups
from bench.present.charts import ChartSpec, available
from bench.present.charts.chart_lines import UNRESOLVED
from bench.records import UserError
from bench.store import run_labels, runs, tables
from bench.store.tables import RunData


@dataclass(frozen=True)
class ToDraw:
    """One or more runs, and the rows that charts take."""

    batch: tuple[RunData, ...]
    rows: list[Row]
    """Rows with everything that charts draw; for a gate its verdicts. With several runs, each has its own `machine`."""
    against: str | None
    """The reference of speed-ups."""

    @property
    def name(self) -> str:
        """Name of the folder for the pictures."""
        return str(self.batch[0].run["run"])

    @property
    def machines(self) -> list[str]:
        """Name of each run in the rows."""
        return run_labels.labels([data.run for data in self.batch])

    @property
    def problems(self) -> list[str]:
        """Problems from reading the runs."""
        return [problem for data in self.batch for problem in data.problems]


def to_draw(names: Sequence[str] | None, vs: str | None, statistic: str = "median", clock: str | None = None) -> ToDraw:
    """The runs of these names, or the latest. Raises `UserError` for one that cannot be read, or that is given twice,
    and for a clock that timed nothing.

    The default reference of speed-ups is eager, if anything was measured eager; a default is never an error. Runs are
    never pooled: with several, each has its own `machine`. statistic: what stands for the blocks of a launch; clock:
    the one that is drawn (default: the first of `row_groups.CLOCKS` that there is).
    """
    by = known_statistic(statistic)
    wanted: Sequence[str | None] = names or [None]
    batch = [Analysis(tables.read(runs.locate(name)), by) for name in wanted]
    data = tuple(run.data for run in batch)
    refuse_same(data)
    if len(batch) == 1 and "gate" in data[0].run:
        return ToDraw(data, verdict_rows(data[0]), None)
    for run in data:
        runs.refuse_pairs(run.run)
    against = vs or next((each for run in batch if (each := run.against_by_default())), None)
    machines = run_labels.labels([run.run for run in data])
    rows = together([run.for_charts(vs) for run in batch], machines)
    return ToDraw(data, on_clock(rows, clock), against)


def drawable(rows: Sequence[Row], names: Sequence[str]) -> list[ChartSpec]:
    """The charts that these rows have data for, or the named ones of them. Raises `UserError` for a missing one."""
    specs = available(rows)
    if not names:
        return specs
    slugs = {spec.slug: spec for spec in specs}
    for name in names:
        if name not in slugs:
            raise UserError(f"no chart '{name}' for this run; there are: {', '.join(slugs) or 'none'}")
    return [slugs[name] for name in names]


def filled(specs: Sequence[ChartSpec], own: str) -> list[ChartSpec]:
    """Leave out charts of other machines on a question that `own` answers for the same workload."""
    answered = {(spec.name, spec.workload) for spec in specs if spec.machine == own}
    return [spec for spec in specs if spec.machine in ("", own) or (spec.name, spec.workload) not in answered]


def one_of_each(specs: Sequence[ChartSpec], rows: Sequence[Row]) -> list[ChartSpec]:
    """The most informative chart of each name: one that resolves its question, then most machines, then most rows."""

    def shows(spec: ChartSpec) -> tuple[bool, int, int]:
        shown = spec.rows(rows)
        return UNRESOLVED not in spec.title, len(row_groups.machines(shown)), len(shown)

    best: dict[str, ChartSpec] = {}
    for spec in specs:
        if spec.name not in best or shows(spec) > shows(best[spec.name]):
            best[spec.name] = spec
    return list(best.values())
