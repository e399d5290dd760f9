"""Folders for the compile caches of a pair: in equal state on all sides, or one that they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bench.records import SIDES
from bench.runner.compile_caches import empty, folder_of
from bench.runner.pairs.pair_context import PairContext

State = Literal["", "cold", "warm"]


@dataclass(frozen=True)
class PairCaches:
    """The state and the folder of the cache by side; of cases that do not compile there are none."""

    states: dict[str, State] = field(default_factory=dict)
    folders: dict[str, Path] = field(default_factory=dict)


def caches_of(context: PairContext, key: str, order: Sequence[str]) -> PairCaches:
    """The caches of a compiled case for the pair that now begins; cold ones are emptied.

    order: the sides in the order in which they compile. Cold are the first pairs, as many as `PairSettings.cold_pairs`
    says, and one in which a side's cache is missing. A cache is found by what is compiled, not by who asks: where one
    cold pair is asked for, and one interpreter compiles for all, they share a cache, and only the first in order finds
    it cold. So they also share what a compiler chose once by timing.
    """
    shared = context.pair_settings.cold_pairs == 1 and context.python is not None
    root = folder_of(context.caches, key)
    folders = {side: root / ("shared" if shared else side) for side in order}
    seen = context.learned.cold_pairs.get(key, 0)
    opened = key in context.learned.steps and all(folders[side].exists() for side in SIDES)
    states: dict[str, State] = dict.fromkeys(order, "warm")
    if not opened or seen < context.pair_settings.cold_pairs:
        context.learned.cold_pairs[key] = seen + 1
        cold = order[:1] if shared else order
    else:
        cold = [side for side in order if not folders[side].exists()]
    for side in cold:
        empty(folders[side])
        states[side] = "cold"
    return PairCaches(states, folders)
