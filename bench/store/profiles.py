"""Profiles on the disk: a folder like a run's, with `run.json`, tables as Parquet, and the trace as it was written."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bench.records import UserError
from bench.store import runs

PROFILE = "profile"
"""The entry of `run.json` that makes it a profile's."""

TRACE = "trace.json.gz"
PAGE = "profile.html"

TABLES: Mapping[str, Mapping[str, str]] = {
    "operators": {
        "name": "string",
        "kind": "string",
        "shapes": "string",
        "dtypes": "string",
        **dict.fromkeys(("calls", "self_ns", "total_ns", "device_self_ns", "device_total_ns"), "int64"),
        **dict.fromkeys(("host_bytes", "device_bytes"), "int64"),
    },
    "kernels": {"name": "string", "kind": "string", "calls": "int64", "ns": "int64"},
    "allocations": {"us": "int64", "bytes": "int64", "place": "string"},
    "stacks": {"thread": "string", "stack": "string", "samples": "int64", "ns": "int64"},
}
"""Column to pandas dtype of each table: totals over all profiled steps; of `allocations` a row an entry, in order; of
`stacks` frames from the outermost on with `;` between, below the region of the steps."""


@dataclass(frozen=True)
class Profile:
    """A profile as it was read: `run.json`, what it says under `profile`, and its tables."""

    folder: Path
    run: Mapping[str, Any]
    told: Mapping[str, Any]
    operators: pd.DataFrame
    kernels: pd.DataFrame
    allocations: pd.DataFrame
    stacks: pd.DataFrame


def write(folder: Path, run: Mapping[str, Any], profile: Mapping[str, Any], trace: Path) -> None:
    """Keep a profile in a new folder; `run.json` comes last, so that a folder that has one is whole.

    profile: as the worker told it, which becomes the entry `profile` of `run.json`, but for what is a table; its
    `stacks` as rows of that table.
    trace: the file to keep. Raises `UserError` where the folder cannot be written, or holds something.
    """
    runs.refuse_unwritable(folder)
    runs.make_folder(folder)
    history = profile["history"] or {}
    tables = {**profile, "allocations": history.get("rows", [])}
    for name, columns in TABLES.items():
        rows = pd.DataFrame(tables[name], columns=list(columns)).astype(dict(columns))
        content = io.BytesIO()
        rows.to_parquet(content, index=False)
        runs.replace_whole(folder / f"{name}.parquet", content.getvalue())
    runs.replace_whole(folder / TRACE, trace.read_bytes())
    told = {name: value for name, value in profile.items() if name not in TABLES}
    told["history"] = {name: value for name, value in history.items() if name != "rows"} or None
    runs.write(folder, {**run, PROFILE: {**told, **run[PROFILE]}})


def stack_rows(stacks: Iterable[tuple[str, tuple[str, ...], int, int]]) -> list[tuple[str, str, int, int]]:
    """Rows of the table `stacks`, from those a sampler saw: thread, frames, samples, ns."""
    return [(thread, ";".join(frames), samples, ns) for thread, frames, samples, ns in stacks]


def read(folder: Path) -> Profile:
    """Read a profile. Raises `UserError` for what is none, for a newer schema and for a damaged table, by its name."""
    run = runs.read(folder)
    if PROFILE not in run:
        raise UserError(f"{folder} is no profile; bench profile makes one")
    return Profile(
        folder, run, run[PROFILE], **{name: _table(folder / f"{name}.parquet", TABLES[name]) for name in TABLES}
    )


def by_case(results: Path) -> dict[tuple[str, str], Path]:
    """The page of the latest profile of each case below `results`, by fingerprint of its machine and key."""
    found: dict[tuple[str, str], tuple[str, Path]] = {}
    for path in results.glob(f"*/{PAGE}"):
        try:
            run = runs.read(path.parent)
        except UserError:
            continue  # a folder that cannot be read is no profile to show; bench profile --from says why
        if PROFILE in run:
            who = (str(run["fingerprint"]), str(run[PROFILE]["key"]))
            found[who] = max(found.get(who, ("", path)), (str(run["run"]), path))
    return {who: path for who, (_, path) in found.items()}


def _table(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    try:
        found = pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's ArrowInvalid is a ValueError
        first = (str(error).splitlines() or ["no message"])[0]
        raise UserError(f"{path} is damaged and cannot be read: {first}") from None
    if missing := [name for name in columns if name not in found]:
        raise UserError(f"{path} has no column {missing[0]!r}: an older coursebench took this profile, take it anew")
    return found
