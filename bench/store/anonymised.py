"""A run for others to read: the same numbers, without the paths of the machine it was measured on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from bench.records import UserError
from bench.store import journal, runs, tables
from bench.store.tables import RunData

_PATH = re.compile(r"(?<![\w.:/])(?:/[\w.+@~-]+)+/?")
"""An absolute path inside a text; text after a colon may be a web address."""

_TEXTS = ("reason", "detail")
"""Columns of launches that may hold a traceback."""


def copy(data: RunData, folder: Path) -> None:
    """Write a sealed run into `folder`. Raises `UserError` if it is still being measured, or the folder is not empty.

    Paths of workloads and of code become relative to their own trees; any other path becomes its last part.
    """
    if (data.folder / journal.NAME).exists():
        raise UserError(f"run {data.run['run']} is not sealed: continue it with bench run --resume {data.folder}")
    run = shareable(data.run)
    runs.create(folder, run)
    launches = data.launches.assign(**{name: data.launches[name].map(_without_paths) for name in _TEXTS})
    shown = RunData(folder, run, data.blocks, launches, data.pairs, data.sessions, data.problems)
    tables.seal(shown, {})


def shareable(run: Mapping[str, Any]) -> dict[str, Any]:
    """`run.json` without absolute paths."""
    trees = {tree for item in run["plan"] if (tree := _tree(item["source"])) is not None}
    trees |= {PurePath(path).parents[1] for path in run["code"] if PurePath(path).match("bench/records.py")}
    shared: dict[str, Any] = _shareable({**run, "code": {}}, trees)
    return {**shared, "code": {_within(path, trees): digest for path, digest in run["code"].items()}}


def _tree(source: Mapping[str, Any]) -> PurePath | None:
    """The folder a module was imported from: `/a` for `/a/workloads/matmul.py`, imported as `workloads.matmul`."""
    depth = str(source["dotted"] or "").count(".")
    return PurePath(source["path"]).parents[depth] if source["dotted"] else None


def _within(path: str, trees: set[PurePath]) -> str:
    own = PurePath(path)
    tree = next((tree for tree in trees if own.is_relative_to(tree)), own.parent)
    return str(own.relative_to(tree))


def _shareable(value: Any, trees: set[PurePath]) -> Any:
    if isinstance(value, Mapping):
        return {name: _shareable(each, trees) for name, each in value.items()}
    if isinstance(value, list):
        return [_shareable(each, trees) for each in value]
    if isinstance(value, str):
        return _within(value, trees) if PurePath(value).is_absolute() else _without_paths(value)
    return value


def _without_paths(text: str) -> str:
    """The text with each absolute path replaced by its last part."""
    return _PATH.sub(lambda found: PurePath(found.group()).name, text)
