"""A run as its analysis reads it: medians of launches, launches by case, spread. Each is computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from bench.analyse.rows.launch_medians import Medians
from bench.analyse.rows.spread import NO_SPREAD, Spread, spreads
from bench.records import Case, CaseLaunch
from bench.store import tables
from bench.store.tables import RunData


class RunReadings:
    """The data of a run, in the types that its analysis uses."""

    def __init__(self, data: RunData) -> None:
        self.data = data

    @property
    def about(self) -> Mapping[str, Any]:
        """The content of `run.json`."""
        return self.data.run

    @property
    def cores(self) -> int:
        """Logical CPUs that the processes of the run might use."""
        return len(self.about["environment"]["cpu"]["affinity"])

    @cached_property
    def cases(self) -> list[Case]:
        """The cases that were planned, in order."""
        return [Case.from_key(planned["key"]) for planned in self.about["plan"]]

    @cached_property
    def medians(self) -> Medians:
        """The medians of all launches that ended well."""
        return Medians(self.data)

    @cached_property
    def _launches(self) -> dict[str, list[CaseLaunch]]:
        found: dict[str, list[CaseLaunch]] = {}
        for record in tables.launches_of(self.data):
            found.setdefault(record.key, []).append(record)
        return found

    def launches_of(self, key: str) -> Sequence[CaseLaunch]:
        """The records of all launches of a case."""
        return self._launches.get(key, ())

    @cached_property
    def _spreads(self) -> dict[tuple[str, str], Spread]:
        return spreads(self.data)

    def spread_of(self, key: str, clock: str) -> Spread:
        """The spread of the step of a case on one clock."""
        return self._spreads.get((key, clock), NO_SPREAD)
