"""Two stored runs beside each other. They were not interleaved: what lies between them may be the code, or the hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.analyse.rows.launch_medians import launch_medians
from bench.analyse.rows.speedups import by_case
from bench.records import Outcome
from bench.stats import intervals
from bench.store.tables import RunData

SLOWER, FASTER, NOT_RESOLVED, NOT_COMPARED = "slower", "faster", "not_resolved", "not_compared"
"""Of two runs of one machine. None of them is a regression: only pairs that take turns can show one."""

OTHER_MACHINE = "other_machine"
"""Runs of unlike fingerprints are a comparison of machines."""

ONE_PROCESS = "one process of a side supports no verdict: processes differ, and nothing here says by how much"


@dataclass(frozen=True)
class Compared:
    """One case and clock of two runs. Ratios are head ÷ base: above 1 is slower."""

    key: str
    clock: str
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


def compare(base: RunData, head: RunData, frames: Mapping[str, pd.DataFrame]) -> list[Compared]:
    """Each case of either run, in the head's order and then the base's.

    frames: the judged estimates of `base` and `head`: a time that is wrong there is none here.
    """
    alike = base.run["fingerprint"] == head.run["fingerprint"]
    sides = {name: _Side(data, frames[name]) for name, data in (("base", base), ("head", head))}
    places = dict.fromkeys([*sides["head"].places, *sides["base"].places])
    return [_compared(key, clock, sides["base"], sides["head"], alike) for key, clock in places]


class _Side:
    """What one run has of each case."""

    def __init__(self, data: RunData, frame: pd.DataFrame) -> None:
        medians = launch_medians(data)
        self.launches = by_case(medians[medians["phase"] == "step"])
        rows = frame.to_dict("records")
        self.outcomes = {row["key"]: (str(row["outcome"]), str(row["reason"])) for row in rows}
        self.places = [(row["key"], row["clock"] or "wall") for row in rows]

    def seconds(self, key: str, clock: str) -> list[float]:
        """The medians of the launches that count; none where the case has no time."""
        if self.outcomes.get(key, ("", ""))[0] != Outcome.OK:
            return []
        return [median for _, median in self.launches.get((key, clock), {}).values()]

    def why_none(self, key: str, name: str) -> str:
        """Why a side has no time."""
        if key not in self.outcomes:
            return f"not in the {name}"
        outcome, reason = self.outcomes[key]
        return f"{name}: {outcome}{f' ({reason})' if reason else ''}" if outcome != Outcome.OK else f"{name}: no clock"


def _compared(key: str, clock: str, base: _Side, head: _Side, alike: bool) -> Compared:
    under, over = base.seconds(key, clock), head.seconds(key, clock)
    if not under or not over:
        why = [
            side.why_none(key, name) for name, side, found in (("base", base, under), ("head", head, over)) if not found
        ]
        return Compared(
            key, clock, NOT_COMPARED, None, None, None, None, None, "", len(under), len(over), "; ".join(why)
        )
    found = intervals.unpaired_ratio(over, under)
    values: dict[str, Any] = {
        "base_s": intervals.median(under).value,
        "head_s": intervals.median(over).value,
        "ratio": found.value,
        "low": found.low,
        "high": found.high,
        "method": found.method,
    }
    note = ONE_PROCESS if found.low is None else ""
    return Compared(
        key, clock, _verdict(found, alike), **values, base_launches=len(under), head_launches=len(over), note=note
    )


def _verdict(found: intervals.Interval, alike: bool) -> str:
    if not alike:
        return OTHER_MACHINE
    if found.low is None or found.high is None or found.low <= 1 <= found.high:
        return NOT_RESOLVED
    return SLOWER if found.low > 1 else FASTER
