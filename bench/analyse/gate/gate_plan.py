"""What a run of `bench gate` was to decide, as recorded in its `run.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.records import UserError
from bench.stats.gate_rule import Rule
from bench.store.tables import RunData


@dataclass(frozen=True)
class RecordedSide:
    """One side of a gate, as the user named it and as it was found."""

    text: str
    commit: str | None = None
    dirty: bool | None = None
    """Whether files of the working tree differed from the commit; None if the side is not a working tree."""
    python: str | None = None
    """Path of its interpreter."""
    note: str = ""
    """Which commit of a branch this is, and what the branch became since."""


@dataclass(frozen=True)
class GatePlan:
    """The rule of a gate, fixed before the first pair, and what it compares."""

    rule: Rule
    cases: tuple[str, ...] = ()
    """Keys of the cases that both sides have."""
    changed: tuple[str, ...] = ()
    """Keys of cases whose workload itself differs between the sides."""
    only_base: tuple[str, ...] = ()
    only_head: tuple[str, ...] = ()
    """Keys of cases that only one side has."""
    sides: Mapping[str, RecordedSide] = field(default_factory=dict)
    """By name: base, head, and the second copy of the base."""
    libraries: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By side: name to version of each library that is installed there, or that differs."""
    broken: Mapping[str, str] = field(default_factory=dict)
    """By side: why its workloads cannot be loaded."""
    no_cases: tuple[str, ...] = ()
    """Tests of a suite that could not become cases, each with its reason."""
    tests: Mapping[str, Mapping[str, str | int]] = field(default_factory=dict)
    """By key of a case that a test is: the test's name, its file in the repository, its line."""

    @classmethod
    def of(cls, data: RunData) -> GatePlan:
        """Read the plan of a run. Raises `UserError` for a run of another command."""
        entry: Mapping[str, Any] | None = data.run.get("gate")
        if entry is None:
            raise UserError(f"{data.folder} is not a run of bench gate")
        return cls(
            rule=Rule(**entry["rule"]),
            cases=tuple(entry["cases"]),
            changed=tuple(entry["changed"]),
            only_base=tuple(entry["only_base"]),
            only_head=tuple(entry["only_head"]),
            sides={name: RecordedSide(**side) for name, side in entry["sides"].items()},
            libraries=entry.get("libraries", {}),
            broken=entry.get("broken", {}),
            no_cases=tuple(entry.get("no_cases", ())),
            tests=entry.get("tests", {}),
        )
