"""What a run of `bench gate` was to decide, as recorded in its `run.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.records import UserError
from bench.stats.gate_policy import GatePolicy
from bench.stats.gate_rule import Rule
from bench.store.tables import RunData

DATUM = 2
"""What a gate judges. 1: the median of each pair on wall time. 2: median and mean, on CPU time where it stands for wall
time; the canary has a slack of half the gate's."""


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
class Place:
    """Where a case is written: a file, relative to the root of its repository, and a line from 1."""

    file: str
    line: int
    test: str = ""
    """The name that its own tool gives to a case which is a test."""


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
    policy: GatePolicy = field(default_factory=GatePolicy)
    """What may fail the gate."""
    policy_changed: bool = False
    """Whether the base has another policy than the head, whose judges."""
    ignored: tuple[str, ...] = ()
    """Keys of cases that the policy leaves out; none of them was measured."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """By key: where a case is written on the head, if that is a file of the repository."""
    most_pairs: int | None = None
    """Most pairs that a case could have; None if the run does not say."""
    datum: int = DATUM
    """See `DATUM`."""
    no_cases: tuple[str, ...] = ()
    """Tests of a suite that could not become cases, each with its reason."""
    broken: Mapping[str, str] = field(default_factory=dict)
    """By side: why its workloads cannot be loaded."""

    @classmethod
    def of(cls, data: RunData) -> GatePlan:
        """Read the plan of a run. Raises `UserError` for a run of another command."""
        entry: Mapping[str, Any] | None = data.run.get("gate")
        if entry is None:
            raise UserError(f"{data.folder} is not a run of bench gate")
        rule = Rule(**entry["rule"])
        fallback = GatePolicy(rule.alpha, rule.slack, rule.limit)  # of a gate from before there were policies
        return cls(
            rule=rule,
            cases=tuple(entry["cases"]),
            changed=tuple(entry["changed"]),
            only_base=tuple(entry["only_base"]),
            only_head=tuple(entry["only_head"]),
            sides={name: RecordedSide(**side) for name, side in entry["sides"].items()},
            libraries=entry.get("libraries", {}),
            policy=GatePolicy.of(entry["policy"]) if "policy" in entry else fallback,
            policy_changed=entry.get("policy_changed", False),
            ignored=tuple(entry.get("ignored", ())),
            places={key: Place(**place) for key, place in entry.get("places", {}).items()},
            most_pairs=entry.get("most_pairs"),
            datum=entry.get("datum", 1),
            no_cases=tuple(entry.get("no_cases", ())),
            broken=entry.get("broken", {}),
        )
