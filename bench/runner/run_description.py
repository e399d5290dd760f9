"""The description of a run in `run.json`: made when it begins, compared when it is resumed."""

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
from bench.store import environments, runs, schema


def begin(folder: Path, description: Mapping[str, Any], about: Mapping[str, Any] | None = None) -> None:
    """Make the folder of a run and its `run.json`. Raises `UserError` where it cannot be written.

    description: from `described`; about: more entries of `run.json`.
    """
    runs.create(folder, {**description, "status": "running", **(about or {})})


def described(
    run: str,
    planned: Sequence[Planned],
    settings: Settings,
    hello: Hello,
    preset: str,
    command: str,
    compared: Sequence[ComparedCase] = (),
) -> dict[str, Any]:
    """The entries of `run.json` that every run has.

    run: its id; preset, command: what the user gave, for the record; compared: cases that are measured in lockstep.
    """
    return {
        "schema": schema.VERSION,
        "run": run,
        "status": "complete",
        "created": now(),
        "coursebench": metadata.version("coursebench"),
        "command": command,
        "preset": preset,
        "code": code([*planned, *(item.base for item in compared), *(item.head for item in compared)]),
        "machine": runs.machine_name(hello.facts),
        "fingerprint": runs.fingerprint(hello.facts),
        "git": git.state(Path()),
        "settings": dataclasses.asdict(settings),
        "plan": [_planned(item) for item in planned],
        "coupled": [{"base": _planned(item.base), "head": _planned(item.head)} for item in compared],
        "environment": hello.facts,
        "capabilities": hello.capabilities,
        "sessions": [],
    }


def _planned(item: Planned) -> dict[str, Any]:
    return {"key": item.case.key, "source": dataclasses.asdict(item.source)}


def plan_of(run: Mapping[str, Any]) -> tuple[list[Planned], Settings]:
    """The plan and settings of a run that is resumed. Raises `UserError` for a certificate."""
    runs.refuse_pairs(run)
    planned = [Planned(Case.from_key(item["key"]), Source(**item["source"])) for item in run["plan"]]
    return planned, Settings(**run["settings"])


def refuse_changes(run: Mapping[str, Any], planned: Sequence[Planned], hello: Hello) -> None:
    """Raise `UserError` where resuming would pool unlike data: another machine or protocol, or changed code."""
    if run["schema"] < schema.STEADY_VISITS:
        raise UserError(
            f"the run was begun by an older coursebench, which measured otherwise (schema {run['schema']}; here it is "
            f"{schema.VERSION}): begin a new run"
        )
    unlike = environments.differences(run, {"environment": hello.facts}, ("when the run was begun", "here"))
    if unlike:
        raise UserError(f"{unlike}: begin a new run, or set the environment as it was")
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
