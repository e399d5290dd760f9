"""The shape of the tables, its version, and the history of that version.

1   2026-11   `run.json`, `blocks.parquet` (a row a block), `launches.parquet` (a row a case and launch).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from bench.records import Block, CaseLaunch, UserError

VERSION = 1

# Annotations are text (PEP 563): the one list of columns is the dataclass itself.
_DTYPES = {
    "str": "string",
    "int": "int64",
    "bool": "bool",
    "int | None": "Int64",
    "float | None": "Float64",
    "bool | None": "boolean",
}

BLOCKS: Mapping[str, str] = {item.name: _DTYPES[str(item.type)] for item in fields(Block)}
"""Column to pandas dtype of `blocks.parquet`."""

LAUNCHES: Mapping[str, str] = {item.name: _DTYPES.get(str(item.type), "string") for item in fields(CaseLaunch)}
"""Column to pandas dtype of `launches.parquet`. Mappings are stored as JSON text: nothing is ever unpickled."""

NESTED = tuple(item.name for item in fields(CaseLaunch) if str(item.type).startswith("Mapping"))
"""The columns of `launches.parquet` that hold JSON."""

BLOCK_IDENTITY = ("key", "launch", "visit", "phase", "clock", "index")
LAUNCH_IDENTITY = ("key", "launch")


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """A `CaseLaunch` as a row: nested values become JSON text."""
    return {name: _storable(name, record[name]) for name in LAUNCHES if name in record}


def _storable(name: str, value: Any) -> Any:
    if name in NESTED:
        return json.dumps(value)
    # A file name that is no UTF-8 leaves lone surrogates in a traceback, and Parquet takes none.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def refuse_newer(version: object, where: str) -> None:
    """Raise `UserError` for a run written by a later coursebench, or by none."""
    if not isinstance(version, int):
        raise UserError(f"{where} states no schema version; it is not a run of coursebench")
    if version > VERSION:
        raise UserError(
            f"{where} has schema {version}; this coursebench reads up to {VERSION}. Update coursebench to read it."
        )
