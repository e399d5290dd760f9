"""Which cases share a process, and in which order: shuffled, by a seed that is recorded."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bench.records import Planned, Value


@dataclass(frozen=True)
class Assignment:
    """The work of one fresh process: cases of one thread count, or one compiled case alone."""

    launch: int
    threads: Value
    planned: tuple[Planned, ...]
    compiled: bool


def assignments(pending: Sequence[Planned], launch: int, seed: int) -> list[Assignment]:
    """Deal the pending cases of a launch to processes, in shuffled order, so that slow drift falls on all alike.

    A process has one thread count. A compiled case has a process to itself: lambdas of one factory and instances of
    one class share a code object, and of ten such cases in one process two silently run eager (measured).
    """
    dice = random.Random(f"{seed}:{launch}")
    shared: dict[Value, list[Planned]] = defaultdict(list)
    dealt: list[Assignment] = []
    for item in pending:
        if is_compiled(item):
            dealt.append(Assignment(launch, item.case["threads"], (item,), compiled=True))
        else:
            shared[item.case["threads"]].append(item)
    for threads, items in shared.items():
        dice.shuffle(items)
        dealt.append(Assignment(launch, threads, tuple(items), compiled=False))
    dice.shuffle(dealt)
    return dealt


def visiting_order(keys: Sequence[str], visits: int, launch: int, seed: int) -> list[tuple[int, str]]:
    """(visit, key) in the order of a launch: every case once a round, each round shuffled anew."""
    dice = random.Random(f"{seed}:{launch}:visits")
    order: list[tuple[int, str]] = []
    for visit in range(visits):
        round_ = list(keys)
        dice.shuffle(round_)
        order += [(visit, key) for key in round_]
    return order


def is_compiled(item: Planned) -> bool:
    """Does the case call a C++ compiler, and so want a process and a cache of its own?"""
    mode = str(item.case["mode"])
    return mode.startswith("compile") or mode == "aoti"
