"""What `bench show` shows: the estimates, floors or phases of one or more runs, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.analyse.rows.clock_choice import on_clock
from bench.analyse.rows.launch_times import known_statistic
from bench.analyse.rows.record import BREAK_EVEN
from bench.analyse.rows.row import Row
from bench.analyse.rows.several_runs import together
from bench.jobs.loading import analysed, floor_peaks
from bench.jobs.result import Format
from bench.present.tables.estimates_table import KnownPeaks, table_of_rows
from bench.present.tables.phase_table import table_of_phases
from bench.present.tables.table_formats import Table
from bench.records import UserError
from bench.store import run_labels


@dataclass(frozen=True)
class Shown:
    """A table of runs, and what of them could not be read."""

    table: Table
    problems: Sequence[str]


def shown(
    names: Sequence[str] | None,
    format: Format,
    *,
    vs: str | None = None,
    phases: bool = False,
    floor: bool = False,
    peaks: str | None = None,
    statistic: str = "median",
    clock: str | None = None,
) -> Shown:
    """The table of the runs of these names, or of the latest; runs are never pooled.

    vs: what speed-ups are against; peaks: the run whose peaks floors come from; statistic: what stands for the blocks
    of a launch; clock: only the times on it (default: for people all but `cpu`). Raises `UserError` for what cannot be
    asked for together, a run that cannot be read or is there twice, and runs that lack what is asked for.
    """
    if peaks and not floor:
        raise UserError("--peaks says where --floor takes its peaks from; give both")
    if phases and floor:
        raise UserError("phases have no floor: the work of a workload is stated for its whole step")
    if floor and len(names or []) > 1:
        raise UserError("--floor takes the peaks of one machine: name one run")
    if phases and (clock or statistic != "median"):
        raise UserError("phases are medians, on the clocks that timed them: leave out --statistic and --clock")
    batch = analysed(names, known_statistic(statistic))
    known = KnownPeaks(floor_peaks(batch[0], peaks), datetime.now(UTC)) if floor else None
    machines = run_labels.labels([run.data.run for run in batch])
    if phases:
        table = table_of_phases([run.phases for run in batch], machines)
    elif known:
        table = table_of_rows(_on(batch[0].floored(known.peaks, vs), clock), format, vs, floors=known)
    else:
        rows = together([run.rows(vs) for run in batch], machines)
        table = table_of_rows(_on(rows, clock), format, vs, also=[BREAK_EVEN])
    return Shown(table, [problem for run in batch for problem in run.data.problems])


def _on(rows: Sequence[Row], clock: str | None) -> Sequence[Row]:
    """The rows on the clock that was asked for; all where none was, since programs take every clock."""
    return on_clock(rows, clock) if clock else rows
