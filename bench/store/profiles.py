"""Profiles on disk: a folder like a run's, with `run.json`, tables as Parquet, and the trace unchanged."""

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
"""The entry of `run.json` that marks a profile."""

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
"""Column to pandas dtype of each table, with totals over all profiled steps. `allocations` has a row for each entry, in
order; `stacks` has the frames below the region of the steps, separated by `;`, the outermost first."""


@dataclass(frozen=True)
class Profile:
    """A profile as read: `run.json`, its entry `profile` (`told`), and its tables."""

    folder: Path
    run: Mapping[str, Any]
    told: Mapping[str, Any]
    operators: pd.DataFrame
    kernels: pd.DataFrame
    allocations: pd.DataFrame
    stacks: pd.DataFrame


def write(folder: Path, run: Mapping[str, Any], profile: Mapping[str, Any], trace: Path) -> None:
    """Write a profile into a new folder, `run.json` last, so that a folder with one is complete.

    profile: as the worker reported it. Its tables are written as Parquet (`stacks` as rows of that table); the rest
    becomes the entry `profile` of `run.json`.
    trace: the file to keep. Raises `UserError` if the folder cannot be written or is not empty.
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
    entry = {name: value for name, value in profile.items() if name not in TABLES}
    entry["history"] = {name: value for name, value in history.items() if name != "rows"} or None
    runs.write(folder, {**run, PROFILE: {**entry, **run[PROFILE]}})


def stack_rows(stacks: Iterable[tuple[str, tuple[str, ...], int, int]]) -> list[tuple[str, str, int, int]]:
    """Rows of the table `stacks`, from the stacks of a sampler: thread, frames, samples, ns."""
    return [(thread, ";".join(frames), samples, ns) for thread, frames, samples, ns in stacks]


def read(folder: Path) -> Profile:
    """Read a profile. Raises `UserError` for any other folder, for a newer schema and for a damaged table."""
    run = runs.read(folder)
    if PROFILE not in run:
        raise UserError(f"{folder} is not a profile; bench profile makes one")
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
            continue  # skip a folder that cannot be read; bench profile --from says why
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
        raise UserError(f"{path} has no column {missing[0]!r}: an older coursebench made this profile; take it again")
    return found
