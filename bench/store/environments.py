"""The environment of a run as far as it steers what is timed: variables that its user set, and the instructions in use.

A variable that chooses the instruction set, a BLAS or an allocator can change a time by a factor of three. So runs that
differ in one are no more alike than runs of two machines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bench.store import runs

INSTRUCTIONS = "instruction set"
UNSET = "unset"
DIFFERS = "environment differs"

_IN_BUILD = re.compile(r"CPU capability usage: \S+")


def steering(run: Mapping[str, Any]) -> dict[str, str] | None:
    """The steering variables that were set; None where none are recorded: earlier runs, and those of other tools.

    A run that was exported to another tool's file brings them back in its fingerprint.
    """
    found = _facts(run).get("steering")
    if found is None and "imported" in run:
        found = dict(mark.split("=", 1) for mark in _marks_in(run)) or None
    return None if found is None else dict(found)


def marks(run: Mapping[str, Any]) -> list[str]:
    """The steering variables of a run as `name=value`."""
    return [f"{name}={value}" for name, value in sorted((steering(run) or {}).items())]


def differences(
    base: Mapping[str, Any], head: Mapping[str, Any], places: tuple[str, str] = ("in the base", "in the head")
) -> str:
    """Every difference between the environments of two runs in words; empty where they are alike, or not recorded.

    base, head: `run.json` of each; places: what to call them. The instruction set counts only on processors of one
    model: on others it is no choice of the user.
    """
    ours, theirs = steering(base), steering(head)
    found = []
    if ours is not None and theirs is not None:
        for name in sorted({*ours, *theirs}):
            if ours.get(name) != theirs.get(name):
                found.append(_told(name, ours.get(name, UNSET), theirs.get(name, UNSET), places))
    sets = _instructions(base), _instructions(head)
    if None not in sets and sets[0] != sets[1] and _model(base) == _model(head):
        found.append(_told(INSTRUCTIONS, str(sets[0]), str(sets[1]), places))
    return f"{DIFFERS}: {'; '.join(found)}" if found else ""


def not_recorded(base: Mapping[str, Any], head: Mapping[str, Any]) -> str:
    """What is to be doubted where one run set variables and the other, an older one, does not say; else empty."""
    for name, older, newer in (("base", base, head), ("head", head, base)):
        if steering(older) is None and (chosen := marks(newer)) and "imported" not in older:
            return f"The {name} does not say what its environment was; the other run had {', '.join(chosen)}."
    return ""


def same_machine(base: Mapping[str, Any], head: Mapping[str, Any]) -> bool:
    """Whether two runs are of one machine and torch, whatever instruction set was in use."""
    if _unmarked(base) == _unmarked(head):
        return True
    if any(_instructions(run) is None for run in (base, head)):
        return False
    return runs.fingerprint(_without_instructions(base)) == runs.fingerprint(_without_instructions(head))


def _marks_in(run: Mapping[str, Any]) -> list[str]:
    """The marks in the fingerprint of an imported run: `bench.analyse.protocols` appends them."""
    return [part for part in str(run["fingerprint"]).split(", ") if "=" in part]


def _unmarked(run: Mapping[str, Any]) -> list[str]:
    return [part for part in str(run["fingerprint"]).split(", ") if "=" not in part]


def _facts(run: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = run.get("environment") or {}
    return found


def _model(run: Mapping[str, Any]) -> Any:
    return (_facts(run).get("cpu") or {}).get("family")


def _instructions(run: Mapping[str, Any]) -> str | None:
    """The instruction set that torch's own kernels used, such as AVX2."""
    return (_facts(run).get("torch") or {}).get("cpu_capability")


def _without_instructions(run: Mapping[str, Any]) -> dict[str, Any]:
    facts = dict(_facts(run))
    torch = {**facts["torch"], "cpu_capability": "", "build": _IN_BUILD.sub("", str(facts["torch"]["build"]))}
    return {**facts, "torch": torch}


def _told(name: str, ours: str, theirs: str, places: tuple[str, str]) -> str:
    joint = " " if ours == UNSET or name == INSTRUCTIONS else "="
    return f"{name}{joint}{ours} {places[0]}, {theirs} {places[1]}"
