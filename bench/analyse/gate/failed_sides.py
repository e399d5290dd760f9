"""Sides on which a case ended badly or was skipped, and sides whose workloads cannot be loaded at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bench.analyse.gate.gate_plan import GatePlan
from bench.records import HEAD, Outcome
from bench.store.tables import RunData

FAILED = "failed"
"""The verdict on a case that ended badly on a side."""


@dataclass(frozen=True)
class FailedSide:
    """A case that ended badly on one side, or a side whose workloads cannot be loaded."""

    key: str
    """Empty for a side as a whole."""
    where: str
    """The side, in words."""
    outcome: str
    reason: str
    detail: str = ""
    """A traceback, or the last lines of the output of a process that died."""

    @property
    def name(self) -> str:
        """The case, or the workloads of the side."""
        return self.key or f"the workloads of the {self.where}"

    @property
    def text(self) -> str:
        """The failure in one line."""
        if not self.key:
            return f"{self.name} cannot be loaded: {self.reason}"
        return f"{self.key} on the {self.where}: {self.outcome}: {self.reason}"


def failed_sides(data: RunData, plan: GatePlan) -> list[FailedSide]:
    """Sides that cannot be loaded, then each case and side that ended in anything but `ok` and `skipped`, once."""
    bad = [each for each in Outcome if each not in (Outcome.OK, Outcome.SKIPPED)]
    return [*_broken(plan), *_ended(data, bad)]


def skipped_sides(data: RunData) -> list[FailedSide]:
    """Each case and side that was skipped, once."""
    return _ended(data, [Outcome.SKIPPED])


def _ended(data: RunData, outcomes: Sequence[Outcome]) -> list[FailedSide]:
    """Each case and side that ended with one of these, once."""
    bad = data.launches[data.launches["outcome"].isin([each.value for each in outcomes])]
    rows = bad[["key", "side", "twin", "outcome", "reason", "detail"]].drop_duplicates(["key", "side", "twin"])
    return [
        FailedSide(key, "second copy of the base" if twin == "True" and side == HEAD else side, outcome, reason, detail)
        for key, side, twin, outcome, reason, detail in rows.astype(str).to_numpy().tolist()
    ]


def _broken(plan: GatePlan) -> list[FailedSide]:
    """Sides of which nothing could be measured. The reason is the last line of a traceback, where there is one."""
    found = []
    for side, text in plan.broken.items():
        lines = text.splitlines()
        errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)]
        reason = errors[-1] if errors else " ".join(line.strip() for line in lines[:2])
        found.append(FailedSide("", side, FAILED, reason, text))
    return found
