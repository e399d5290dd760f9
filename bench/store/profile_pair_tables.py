"""Profile pairs on disk: `explained.json` and one table of each kind in the folder `explained` of a run."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import pandas as pd

from bench.records import UserError
from bench.store import runs

FOLDER, FACTS = "explained", "explained.json"

SCHEMA = 2


class SideRow(NamedTuple):
    """One side of a pair. `steps`: steps in each block of a loop; `facts`: what else its worker reported, as JSON."""

    key: str
    pair: int
    side: str
    rung: str
    steps: int
    facts: str


class StackRow(NamedTuple):
    """A stack below the region of the steps: frames separated by `;`, the outermost first."""

    key: str
    pair: int
    side: str
    thread: str
    stack: str
    samples: int
    ns: int


class OwnedRow(NamedTuple):
    """ns spent in one operator or part of the step, over all `steps` under torch.profiler."""

    key: str
    pair: int
    side: str
    part: str
    name: str
    dtypes: str
    ns: int
    steps: int


class CallsRow(NamedTuple):
    """Calls of one operator in all `steps` under torch.profiler."""

    key: str
    pair: int
    side: str
    name: str
    dtypes: str
    calls: int
    steps: int


TABLES: Mapping[str, type[SideRow | StackRow | OwnedRow | CallsRow]] = {
    "sides": SideRow, "stacks": StackRow, "owned": OwnedRow, "calls": CallsRow,
}  # fmt: skip
"""Tables by name: one Parquet file for each, with the fields as columns."""

_DTYPES = {str: "string", int: "int64"}


@dataclass
class ProfilePairs:
    """Profile pairs in memory: the rows of each table."""

    sides: list[SideRow] = field(default_factory=list)
    stacks: list[StackRow] = field(default_factory=list)
    owned: list[OwnedRow] = field(default_factory=list)
    calls: list[CallsRow] = field(default_factory=list)
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The content of `explained.json`."""

    def extend(self, more: ProfilePairs) -> None:
        """Add the rows of `more`."""
        self.sides += more.sides
        self.stacks += more.stacks
        self.owned += more.owned
        self.calls += more.calls


def write(run: Path, facts: Mapping[str, Any], pairs: ProfilePairs) -> Path:
    """Write pairs into the folder of a run, `explained.json` last. Returns their folder."""
    folder = run / FOLDER
    runs.make_folder(folder)
    for name, kind in TABLES.items():
        columns = {column: _DTYPES[hint] for column, hint in get_type_hints(kind).items()}
        table = pd.DataFrame(getattr(pairs, name), columns=list(columns)).astype(columns)
        content = io.BytesIO()
        table.to_parquet(content, index=False)
        runs.replace_whole(folder / f"{name}.parquet", content.getvalue())
    runs.replace_whole(folder / FACTS, json.dumps({"schema": SCHEMA, **facts}, indent=1).encode())
    return folder


def read(run: Path) -> ProfilePairs | None:
    """Read the pairs of a run; None if it has none. Raises `UserError` for damaged or newer files."""
    folder = run / FOLDER
    if not (folder / FACTS).exists():
        return None
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}
    except (OSError, ValueError) as error:  # pyarrow's ArrowInvalid and a bad JSON are both ValueErrors
        first = (str(error).splitlines() or ["no message"])[0]
        raise UserError(f"{folder} is damaged and cannot be read: {first}") from None
    if facts.get("schema") != SCHEMA:
        raise UserError(f"{folder} has schema {facts.get('schema')}, and this coursebench reads {SCHEMA}")
    rows = {name: table.to_numpy().tolist() for name, table in tables.items()}
    return ProfilePairs(
        [SideRow(*row) for row in rows["sides"]],
        [StackRow(*row) for row in rows["stacks"]],
        [OwnedRow(*row) for row in rows["owned"]],
        [CallsRow(*row) for row in rows["calls"]],
        facts,
    )
