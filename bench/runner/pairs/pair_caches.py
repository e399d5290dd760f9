"""Folders for the compile caches of a pair: one for either side, both in equal state."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bench.records import SIDES
from bench.runner.compile_caches import empty, folder_of
from bench.runner.pairs.pair_context import PairContext


@dataclass(frozen=True)
class PairCaches:
    """The state of both caches, and the folder of each side; of cases that do not compile there are none."""

    state: Literal["", "cold", "warm"] = ""
    folders: dict[str, Path] = field(default_factory=dict)


def caches_of(context: PairContext, key: str) -> PairCaches:
    """The caches of a compiled case for the pair that now begins; cold ones are emptied.

    Cold are the first pairs, as many as `PairSettings.cold_pairs` says, and one in which a side's cache is missing.
    """
    folders = {side: folder_of(context.caches, key) / side for side in SIDES}
    cold_pairs = context.cold_pairs.get(key, 0)
    opened = key in context.steps and all(folder.exists() for folder in folders.values())
    if opened and cold_pairs >= context.pair_settings.cold_pairs:
        return PairCaches("warm", folders)
    context.cold_pairs[key] = cold_pairs + 1
    for folder in folders.values():
        empty(folder)
    return PairCaches("cold", folders)
