"""Folders for the compile caches of a pair: of either side, and both in equal state."""

from __future__ import annotations

from pathlib import Path

from bench.records import SIDES
from bench.runner.compile_caches import empty, folder_of
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
