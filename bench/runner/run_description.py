"""What `run.json` says of a run when it begins, and what of it must still hold when the run is resumed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from bench.protocol import Hello
from bench.records import Case, ComparedCase, Planned, Settings, Source, UserError
from bench.runner import git
from bench.runner.time_account import now
from bench.runner.timed_code import code
from bench.store import runs, schema


def begin(folder: Path, told: Mapping[str, Any], about: Mapping[str, Any] | None = None) -> None:
    """Make the folder of a run and its `run.json`. Raises `UserError` where it cannot be written.

    told: as `described` gives it; about: more entries of `run.json`, for whoever reads it.
    """
    runs.create(folder, {**told, "status": "running", **(about or {})})


def described(
    run: str,
    planned: Sequence[Planned],
    settings: Settings,
    hello: Hello,
    preset: str,
    command: str,
    coupled: Sequence[ComparedCase] = (),
) -> dict[str, Any]:
    """What `run.json` says of a run, whatever it measures.

    run: its id; preset, command: what the user gave, for the record; coupled: what is measured in lockstep.
    """
    return {
        "schema": schema.VERSION,
        "run": run,
        "status": "complete",
        "created": now(),
        "coursebench": metadata.version("coursebench"),
        "command": command,
        "preset": preset,
        "code": code([*planned, *(item.base for item in coupled), *(item.head for item in coupled)]),
        "machine": runs.machine_name(hello.facts),
        "fingerprint": runs.fingerprint(hello.facts),
        "git": git.state(Path()),
        "settings": dataclasses.asdict(settings),
        "plan": [_told(item) for item in planned],
        "coupled": [{"base": _told(item.base), "head": _told(item.head)} for item in coupled],
        "environment": hello.facts,
        "capabilities": hello.capabilities,
        "sessions": [],
    }


def _told(item: Planned) -> dict[str, Any]:
    return {"key": item.case.key, "source": dataclasses.asdict(item.source)}


def plan_of(run: Mapping[str, Any]) -> tuple[list[Planned], Settings]:
    """The plan and settings a run was begun with, to go on with it. Raises `UserError` for a certificate."""
    runs.refuse_pairs(run)
    planned = [Planned(Case.from_key(item["key"]), Source(**item["source"])) for item in run["plan"]]
    return planned, Settings(**run["settings"])


def refuse_changes(run: Mapping[str, Any], planned: Sequence[Planned], hello: Hello) -> None:
    """Raise `UserError` where going on would pool unlike data: another machine, or a changed workload file."""
    here = runs.fingerprint(hello.facts)
    if run["fingerprint"] != here:
        raise UserError(
            f"the run was begun on another machine or torch ({run['machine']}, fingerprint {run['fingerprint']}; "
            f"here it is {here}): begin a new run"
        )
    now_here = code(planned)
    for path, digest in run["code"].items():
        if now_here.get(path) != digest:
            raise UserError(f"{path} changed since the run was begun: begin a new run")
