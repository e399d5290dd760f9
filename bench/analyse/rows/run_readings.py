"""A run as its analysis reads it: times of launches, launches by case, spread, priors. Each is computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import pandas as pd

from bench.analyse.rows.columns import rows_of
from bench.analyse.rows.kept_blocks import step_blocks, with_cpu_clock
from bench.analyse.rows.launch_times import LaunchTimes, Statistic
from bench.analyse.rows.processor_use import NOT_KNOWN, ProcessorUse, uses
from bench.analyse.rows.spread import NO_SPREAD, Spread, spreads
from bench.protocol.placement import Placement
from bench.records import Case, CaseLaunch
from bench.series import STEP, Series
from bench.stats.mean_cost import LaunchBlocks
from bench.stats.moderation import Prior, priors
from bench.store import tables
from bench.store.tables import RunData


class RunReadings:
    """The data of a run, in the types that its analysis uses. `statistic`: what stands for the blocks of a launch."""

    def __init__(self, data: RunData, statistic: Statistic = "median") -> None:
        self.data = data
        self.statistic: Statistic = statistic

    @property
    def about(self) -> Mapping[str, Any]:
        """The content of `run.json`."""
        return self.data.run

    @property
    def cores(self) -> int:
        """Logical CPUs that the processes of the run might use."""
        return len(self.about["environment"]["cpu"]["affinity"])

    @cached_property
    def place(self) -> Placement:
        """Where a process of the run might run."""
        return Placement.of(self.about["environment"])

    @cached_property
    def cases(self) -> list[Case]:
        """The cases that were planned, in order."""
        return [Case.from_key(planned["key"]) for planned in self.about["plan"]]

    @cached_property
    def times(self) -> LaunchTimes:
        """The times of all launches that ended well."""
        return LaunchTimes(self.data)

    def seconds(self, key: str, clock: str) -> list[float]:
        """Seconds per step of each launch of a case on one clock, by the statistic; empty if it was not timed."""
        return [each.by(self.statistic) for each in self.times.of(key, Series(STEP, clock))]

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
    def _steps(self) -> pd.DataFrame:
        return with_cpu_clock(step_blocks(self.data))

    @cached_property
    def _spreads(self) -> dict[tuple[str, str], Spread]:
        return spreads(self._steps)

    def spread_of(self, key: str, clock: str) -> Spread:
        """The spread of the step of a case on one clock."""
        return self._spreads.get((key, clock), NO_SPREAD)

    @cached_property
    def _uses(self) -> dict[str, ProcessorUse]:
        return uses(self._steps)

    def use_of(self, key: str) -> ProcessorUse:
        """What the blocks of a case took of the processor."""
        return self._uses.get(key, NOT_KNOWN)

    @cached_property
    def _blocks(self) -> dict[tuple[str, str], list[LaunchBlocks]]:
        by_launch: dict[tuple[str, str, int], tuple[list[int], list[float]]] = {}
        for key, clock, launch, steps, total_ns in rows_of(self._steps, "key", "clock", "launch", "steps", "total_ns"):
            of_steps, seconds = by_launch.setdefault((key, clock, launch), ([], []))
            of_steps.append(steps)
            seconds.append(total_ns / 1e9)
        found: dict[tuple[str, str], list[LaunchBlocks]] = {}
        for (key, clock, _), (of_steps, seconds) in by_launch.items():
            found.setdefault((key, clock), []).append(LaunchBlocks(of_steps, seconds))
        return found

    def blocks_of(self, key: str, clock: str) -> Sequence[LaunchBlocks]:
        """The kept blocks of the step of a case on one clock, for each launch that ended well."""
        return self._blocks.get((key, clock), ())

    @cached_property
    def _priors(self) -> dict[tuple[str, str], Prior | None]:
        return self._by_clock({name: self.seconds(*name) for name in self._blocks})

    def prior_of(self, key: str, clock: str) -> Prior | None:
        """What the run's other cases tell of the spread of a case between launches, on one clock."""
        return self._priors.get((key, clock))

    @cached_property
    def _priors_of_means(self) -> dict[tuple[str, str], Prior | None]:
        return self._by_clock({name: [each.mean for each in own] for name, own in self._blocks.items()})

    def prior_of_mean(self, key: str, clock: str) -> Prior | None:
        """The same of the means of launches."""
        return self._priors_of_means.get((key, clock))

    @staticmethod
    def _by_clock(values: Mapping[tuple[str, str], Sequence[float]]) -> dict[tuple[str, str], Prior | None]:
        """The prior of each case and clock, of the other cases on that clock."""
        clocks = dict.fromkeys(clock for _, clock in values)
        return {
            name: found
            for clock in clocks
            for name, found in priors({name: own for name, own in values.items() if name[1] == clock}).items()
        }
