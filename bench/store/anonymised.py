"""A run as others may read it: the same numbers, without the paths of the machine it was measured on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from bench.records import UserError
from bench.store import journal, runs, tables
from bench.store.tables import RunData

_PATH = re.compile(r"(?<![\w.:/])(?:/[\w.+@~-]+)+/?")
"""An absolute path inside a text; what stands behind a colon may be an address."""

_TEXTS = ("reason", "detail")
"""Columns of launches that may hold a traceback."""


def copy(data: RunData, folder: Path) -> None:
    """Write a sealed run into `folder`. Raises `UserError` where it is still measured, or the folder holds something.

    Paths of the workloads and of what was run become those inside their own trees, any other its last part.
    """
    if (data.folder / journal.NAME).exists():
        raise UserError(f"run {data.run['run']} is not sealed: go on with it by bench run --resume {data.folder}")
    told = shareable(data.run)
    runs.create(folder, told)
    launches = data.launches.assign(**{name: data.launches[name].map(_without_paths) for name in _TEXTS})
    shown = RunData(folder, told, data.blocks, launches, data.pairs, data.sessions, data.problems)
    tables.seal(shown, {})


def shareable(run: Mapping[str, Any]) -> dict[str, Any]:
    """`run.json` without absolute paths."""
    trees = {tree for item in run["plan"] if (tree := _tree(item["source"])) is not None}
    trees |= {PurePath(path).parents[1] for path in run["code"] if PurePath(path).match("bench/records.py")}
    told: dict[str, Any] = _told({**run, "code": {}}, trees)
    return {**told, "code": {_within(path, trees): digest for path, digest in run["code"].items()}}


def _tree(source: Mapping[str, Any]) -> PurePath | None:
    """The folder that a module was imported from: of `/a/workloads/matmul.py`, `workloads.matmul`, it is `/a`."""
    depth = str(source["dotted"] or "").count(".")
    return PurePath(source["path"]).parents[depth] if source["dotted"] else None


def _within(path: str, trees: set[PurePath]) -> str:
    own = PurePath(path)
    tree = next((tree for tree in trees if own.is_relative_to(tree)), own.parent)
    return str(own.relative_to(tree))


def _told(value: Any, trees: set[PurePath]) -> Any:
    if isinstance(value, Mapping):
        return {name: _told(each, trees) for name, each in value.items()}
    if isinstance(value, list):
        return [_told(each, trees) for each in value]
    if isinstance(value, str):
        return _within(value, trees) if PurePath(value).is_absolute() else _without_paths(value)
    return value


def _without_paths(text: str) -> str:
    """Each absolute path as its last part."""
    return _PATH.sub(lambda found: PurePath(found.group()).name, text)
