"""The analysis of a run: its rows, with floors, break-evens, speed-ups and chart details on request."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from bench.analyse.rows.break_even import with_break_even
from bench.analyse.rows.chart_details import with_chart_details
from bench.analyse.rows.estimates import estimates
from bench.analyse.rows.floor import with_floor
from bench.analyse.rows.launch_times import Statistic
from bench.analyse.rows.once import PhaseTime, phase_times
from bench.analyse.rows.peaks import Peaks, peaks
from bench.analyse.rows.row import Row
from bench.analyse.rows.run_readings import RunReadings
from bench.analyse.rows.speedups import with_speedups
from bench.store.tables import RunData


class Analysis:
    """The analysis of one run. Everything is computed once, when it is first needed."""

    def __init__(self, data: RunData, statistic: Statistic = "median") -> None:
        """statistic: what stands for the blocks of a launch."""
        self.data = data
        self.readings = RunReadings(data, statistic)

    @cached_property
    def estimates(self) -> list[Row]:
        """One row for each case and clock, in the order of the plan. Raises `UserError` for a run of lockstep pairs."""
        return estimates(self.readings)

    @cached_property
    def phases(self) -> list[PhaseTime]:
        """Every phase of every case: its one-time costs, and the parts of its step."""
        return phase_times(self.readings)

    @cached_property
    def peaks(self) -> Peaks:
        """The peaks that the run measured itself; empty if it measured none, or if another tool made it."""
        own = [] if "imported" in self.data.run else self.estimates
        return peaks(own, self.data.run["created"], str(self.data.run["run"]))

    @cached_property
    def judged(self) -> list[Row]:
        """The estimates. If the run measured the peaks of its machine, a time below its floor is `wrong`."""
        return with_floor(self.estimates, self.peaks) if self.peaks else self.estimates

    def against(self, vs: str) -> list[Row]:
        """The judged estimates with their speed-ups. Raises `UserError` if nothing that was measured fits `vs`."""
        return self._against(self.judged, vs)

    def rows(self, vs: str | None = None) -> list[Row]:
        """The judged estimates with break-evens, and with speed-ups if `vs` names a reference."""
        return self._against(with_break_even(self.judged, self.phases), vs)

    def floored(self, of: Peaks, vs: str | None = None) -> list[Row]:
        """The estimates with their floors at these peaks, which may be from another run of the machine."""
        created = datetime.fromisoformat(self.data.run["created"])
        return self._against(with_floor(self.estimates, of, created), vs)

    def against_by_default(self) -> str | None:
        """The default reference of speed-ups: eager, if anything was measured eager."""
        return "mode=eager" if any(row.ok and row.axis("mode") == "eager" for row in self.judged) else None

    def for_charts(self, vs: str | None = None) -> list[Row]:
        """The rows with everything that charts draw. Without `vs`, `against_by_default` applies, never an error."""
        rows = self.rows(vs if vs is not None else self.against_by_default())
        return with_chart_details(rows, self.readings, self.phases)

    def _against(self, rows: list[Row], vs: str | None) -> list[Row]:
        return with_speedups(rows, self.readings, vs) if vs else rows
