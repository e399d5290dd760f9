"""Which runs were measured alike: an older protocol told other times of the same step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.store import environments, schema

OLDER = "older protocol"
"""What a run is called that was measured before schema 5."""

WHY_APART = "the {side} was measured by an older protocol"

ABOUT_OLDER = (
    f"The older protocol is that of runs before schema {schema.STEADY_VISITS}: each visit found a process just woken, "
    "so that some steps took 20 to 30 % longer. Their times are not compared with newer ones; measure again."
)


def is_older(run: Mapping[str, Any]) -> bool:
    """Whether a run was measured by the older protocol; one of another tool never was. run: its `run.json`."""
    return "imported" not in run and run.get("schema", schema.VERSION) < schema.STEADY_VISITS


def comparable_fingerprint(run: Mapping[str, Any]) -> str:
    """The fingerprint of a run, with its steering variables, marked if the older protocol measured it.

    Values with unlike ones are not compared: `0123456789abcdef, MKL_CBWR=COMPATIBLE, older protocol`.
    """
    return ", ".join([str(run["fingerprint"]), *environments.marks(run), *([OLDER] if is_older(run) else [])])


def machine_of(comparable: str) -> str:
    """The fingerprint alone of one that `comparable_fingerprint` made."""
    return comparable.partition(", ")[0]


def environment_of(comparable: str) -> str:
    """The steering variables of one that `comparable_fingerprint` made; empty without any."""
    return comparable.partition(", ")[2].removesuffix(OLDER).removesuffix(", ")


def why_apart(base: Mapping[str, Any], head: Mapping[str, Any]) -> str:
    """Why the times of two runs cannot be compared; empty if they were measured alike."""
    if is_older(base) == is_older(head):
        return ""
    return WHY_APART.format(side="base" if is_older(base) else "head")
