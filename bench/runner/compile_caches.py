"""Folders for compile caches: cold means one of its own, empty; of a pair both sides' are in equal state."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from bench.records import SIDES
from bench.runner.pairs.pair_context import PairContext


def caches_of(arena: PairContext, key: str) -> tuple[str, dict[str, Path]]:
    """Whether the caches of a compiled case are `cold` or `warm` in the pair that now begins, and each side's folder.

    Cold are the first pairs, as many as `Conduct.cold_pairs` says, and one in which a side's cache is missing.
    """
    folders = {side: folder_of(arena.caches, key) / side for side in SIDES}
    colds = arena.colds.get(key, 0)
    opened = key in arena.steps and all(folder.exists() for folder in folders.values())
    if opened and colds >= arena.conduct.cold_pairs:
        return "warm", folders
    arena.colds[key] = colds + 1
    for folder in folders.values():
        empty(folder)
    return "cold", folders


def folder_of(caches: Path, key: str) -> Path:
    """Where the cache of a case lies."""
    return caches / hashlib.sha256(key.encode()).hexdigest()[:16]


def empty(folder: Path) -> None:
    """Make the folder, with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
