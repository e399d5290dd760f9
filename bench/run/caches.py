"""The compile caches of a pair: in equal state on both sides, or the comparison would be of the caches."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from bench.records import SIDES
from bench.run.arena import Arena


def caches_of(arena: Arena, key: str) -> tuple[str, dict[str, Path]]:
    """Whether the caches of a compiled case are `cold` or `warm` in the pair that now begins, and each side's folder.

    Cold are the first pairs, as many as `Conduct.cold_pairs` says, and one in which a side's cache is missing.
    """
    name = hashlib.sha256(key.encode()).hexdigest()[:16]
    folders = {side: arena.caches / name / side for side in SIDES}
    colds = arena.colds.get(key, 0)
    opened = key in arena.steps and all(folder.exists() for folder in folders.values())
    if opened and colds >= arena.conduct.cold_pairs:
        return "warm", folders
    arena.colds[key] = colds + 1
    for folder in folders.values():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    return "cold", folders
