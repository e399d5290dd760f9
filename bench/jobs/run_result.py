"""The result of a run as a value: its table, its frame, its charts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.jobs.drawn_charts import Theme, every_chart, one_chart
from bench.jobs.listener import Listener
from bench.jobs.result import Format, Result, columns
from bench.records import Outcome

if TYPE_CHECKING:
    import pandas as pd

    from bench.analyse.rows.frames import Level
    from bench.analyse.rows.launch_times import Statistic
    from bench.analyse.rows.row import Row
    from bench.present.charts.chart_set import Drawn
    from bench.runner.sealing import Ended


@dataclass(frozen=True, repr=False, eq=False)
class Run(Result):
    """What `bench run` measured and kept; printed, it is the table of `bench show`."""

    outcomes: Mapping[str, int]
    """Number of cases with each outcome, such as `{"ok": 3}`."""
    wall_s: float
    """Seconds spent measuring, in this call."""
    notes: tuple[str, ...]
    """Remarks for the user on the choice of cases, and on what could not be read."""
    rows: tuple[Row, ...]
    """One for each case and clock, as the table shows them."""
    left_out: int = 0
    """Number of cases that the run ended before: of these nothing was measured."""

    def text(self, format: Format = "table", *, width: int | None = None, color: bool = False) -> str:
        """The table of `bench show`; md, csv and json as that command writes them."""
        from bench.present.tables.estimates_table import show

        return show(self.rows, format, width=width or columns(), color=color).rstrip("\n")

    def summary(self) -> dict[str, Any]:
        """What `bench run --format json` prints: schema, run, path, status, outcomes, left_out, wall_s."""
        from bench.store import schema

        return {
            "schema": schema.VERSION,
            "run": self.id,
            "path": str(self.folder),
            "status": self.status,
            "outcomes": dict(self.outcomes),
            "left_out": self.left_out,
            "wall_s": round(self.wall_s, 3),
        }

    @property
    def ending(self) -> str:
        """How the run ended, in a line: `complete: 3 ok, in 12 s`."""
        counts = ", ".join(f"{n} {name}" for name, n in self.outcomes.items())
        not_begun = f"; {self.left_out} of {sum(self.outcomes.values())} cases were not begun" if self.left_out else ""
        return f"{self.status}: {counts}, in {self.wall_s:.0f} s{not_begun}"

    def frame(self, level: Level = "estimates", vs: str | None = None, statistic: Statistic = "median") -> pd.DataFrame:
        """The run as `bench.load` gives it: times in seconds per step, sizes in bytes."""
        from bench import load

        return load(self.folder, level, vs, statistic)

    def charts(self, theme: Theme = "light", vs: str | None = None) -> Drawn:
        """Every chart that it has data for, as `bench plot` draws them. vs: the reference of speed-ups."""
        return every_chart(self.folder, vs, theme)

    def chart(self, name: str, theme: Theme = "light") -> Drawn:
        """The charts of one name, such as `time_by_size`. Raises `UserError` without data for it."""
        return one_chart(name, self.frame(), theme)

    def __str__(self) -> str:
        return f"{self.text()}\n\n{self.ending}; kept in {self.folder}"


def closed(folder: Path, ended: Ended, notes: tuple[str, ...], listener: Listener) -> Run:
    """Judge the sealed run in this folder, and record which answers were wrong.

    notes: remarks on the choice of cases. Raises `UserError` if it cannot be read.
    """
    from bench.analyse.rows.analysis import Analysis
    from bench.store import loaded_runs, runs, tables

    data = tables.read(folder)
    rows = Analysis(data).judged
    ended_as = {row.key: row.outcome for row in rows}
    # Some are known only now (work done elsewhere, a time below its floor). A history does not judge runs again.
    facts = {**data.run, "wrong": [key for key, outcome in ended_as.items() if outcome is Outcome.WRONG]}
    runs.write(folder, facts)
    loaded_runs.remember(str(facts["run"]), folder)
    outcomes = {outcome.value: number for outcome, number in Counter(ended_as.values()).most_common()}
    warnings = tuple(f"warning: {problem}" for problem in ended.problems)
    for text in warnings:
        listener.note(text)
    left_out = len(ended_as.keys() - set(data.launches["key"]))
    return Run(folder, facts, outcomes, ended.wall_s, (*notes, *warnings), tuple(rows), left_out)
