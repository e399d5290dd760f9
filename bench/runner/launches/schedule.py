"""Schedule of a launch: which cases share a process, and in which order, shuffled by a recorded seed."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bench.records import ComparedCase, Planned, Value

Wanted = TypeVar("Wanted", Planned, ComparedCase)


@dataclass(frozen=True)
class Assignment(Generic[Wanted]):
    """The work of one fresh process, or of one pair: cases of one thread count, or one compiled case alone."""

    launch: int
    threads: Value
    planned: tuple[Wanted, ...]
    compiled: bool


def assignments(pending: Sequence[Wanted], launch: int, seed: int) -> list[Assignment[Wanted]]:
    """Divide the pending cases of a launch among processes, in shuffled order, so that slow drift falls on all alike.

    A process has one thread count. A compiled case has a process to itself: lambdas of one factory and instances of one
    class share a code object, and of ten such cases in one process two silently run eager (measured).
    """
    dice = random.Random(f"{seed}:{launch}")
    shared: dict[Value, list[Wanted]] = defaultdict(list)
    dealt: list[Assignment[Wanted]] = []
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


def imported_by(dealt: Iterable[Assignment[Wanted]]) -> tuple[str, ...]:
    """What the processes of these assignments import besides torch: the compiler's front end, where one compiles."""
    return ("torch._dynamo",) if any(each.compiled for each in dealt) else ()


def visiting_order(visits: Mapping[str, int], launch: int, seed: int) -> list[tuple[int, str]]:
    """(visit, key) in the order of a launch: rounds, each shuffled anew.

    A case with fewer visits than the most has them spread evenly over the rounds, so that drift falls on all alike.
    """
    dice = random.Random(f"{seed}:{launch}:visits")
    order: list[tuple[int, str]] = []
    rounds = max(visits.values(), default=0)
    places = {key: [place * rounds // wanted for place in range(wanted)] for key, wanted in visits.items()}
    for visit in range(rounds):
        round_ = [key for key, wanted in visits.items() if visit in places[key]]
        dice.shuffle(round_)
        order += [(places[key].index(visit), key) for key in round_]
    return order


def is_compiled(item: Planned | ComparedCase) -> bool:
    """Does the case call a C++ compiler, and so need a process and a cache of its own?"""
    mode = str(item.case["mode"])
    return mode.startswith("compile") or mode == "aoti"
