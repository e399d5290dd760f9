"""Two stored runs compared. They were not interleaved: a difference may come from the code or from the hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.analyse.rows.analysis import Analysis
from bench.analyse.rows.row import Row
from bench.records import Outcome
from bench.series import STEP, Series
from bench.stats import intervals
from bench.stats.intervals import Interval

SLOWER, FASTER, NOT_RESOLVED, NOT_COMPARED = "slower", "faster", "not_resolved", "not_compared"
"""Verdicts on two runs of one machine. None is a regression: only lockstep pairs can show one."""

OTHER_MACHINE = "other_machine"
"""Verdict if the fingerprints differ: that is a comparison of machines."""

ONE_PROCESS = "one process of a side supports no verdict: processes differ, and nothing here says by how much"


@dataclass(frozen=True)
class Compared:
    """One case and clock in two runs. Ratios are head ÷ base: above 1 is slower."""

    key: str
    clock: str | None
    """None if a run has no time of the case."""
    verdict: str
    base_s: float | None
    head_s: float | None
    ratio: float | None
    low: float | None
    high: float | None
    method: str
    base_launches: int
    head_launches: int
    note: str = ""


def compare(
    base: Analysis, head: Analysis, base_rows: Sequence[Row] | None = None, head_rows: Sequence[Row] | None = None
) -> list[Compared]:
    """Each case of either run, in the head's order and then the base's.

    base_rows, head_rows: some rows of each run (default: all). A row that is wrong has no time here.
    """
    alike = base.data.run["fingerprint"] == head.data.run["fingerprint"]
    under = _Side("base", base, base.judged if base_rows is None else base_rows)
    over = _Side("head", head, head.judged if head_rows is None else head_rows)
    places = dict.fromkeys([*over.places, *under.places])
    return [_compared(key, clock, under, over, alike) for key, clock in places]


class _Side:
    """What one run has of each case."""

    def __init__(self, name: str, run: Analysis, rows: Sequence[Row]) -> None:
        self._name = name
        self._medians = run.readings.medians
        self._outcomes = {row.key: (row.outcome, row.reason) for row in rows}
        self.places = [(row.key, row.clock) for row in rows]

    def seconds(self, key: str, clock: str | None) -> list[float]:
        """Medians of the launches that count; none if the case has no time."""
        outcome, _ = self._outcomes.get(key, (None, ""))
        if outcome != Outcome.OK or clock is None:
            return []
        return [each.median_s for each in self._medians.of(key, Series(STEP, clock))]

    def why_none(self, key: str) -> str:
        """Why the side has no time."""
        if key not in self._outcomes:
            return f"not in the {self._name}"
        outcome, reason = self._outcomes[key]
        if outcome == Outcome.OK:
            return f"{self._name}: no clock"
        return f"{self._name}: {outcome}{f' ({reason})' if reason else ''}"


def _compared(key: str, clock: str | None, base: _Side, head: _Side, alike: bool) -> Compared:
    under, over = base.seconds(key, clock), head.seconds(key, clock)
    if not under or not over:
        why = "; ".join(side.why_none(key) for side, found in ((base, under), (head, over)) if not found)
        return Compared(key, clock, NOT_COMPARED, None, None, None, None, None, "", len(under), len(over), why)
    found = intervals.unpaired_ratio(over, under)
    return Compared(
        key=key,
        clock=clock,
        verdict=_verdict(found, alike),
        base_s=intervals.median(under).value,
        head_s=intervals.median(over).value,
        ratio=found.value,
        low=found.low,
        high=found.high,
        method=found.method,
        base_launches=len(under),
        head_launches=len(over),
        note=ONE_PROCESS if found.low is None else "",
    )


def _verdict(found: Interval, alike: bool) -> str:
    if not alike:
        return OTHER_MACHINE
    if found.low is None or found.high is None or found.low <= 1 <= found.high:
        return NOT_RESOLVED
    return SLOWER if found.low > 1 else FASTER
