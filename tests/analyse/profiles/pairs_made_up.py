"""Profile pairs made up: functions and operators with a time on either side, and noise that both sides have alike."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from bench.records import BASE, HEAD
from bench.store.profile_pair_tables import CallsRow, OwnedRow, ProfilePairs, SideRow, StackRow

Name = TypeVar("Name")
Sides = tuple[Name, Name]

KEY = "a/b[device=cpu]"
COUNTERS = {"graph_breaks": 0, "recompiles": 0, "compiled_graphs": 1}

FORWARD = "train (mine.py);Net.forward (mine.py)"
LINEAR = f"{FORWARD};Linear.forward (torch/nn/modules/linear.py)"
BACKWARD = "train (mine.py);backward (torch/_tensor.py);_engine_run_backward (torch/autograd/graph.py)"
WAIT = "train (mine.py);select (selectors.py)"
STEP = {"train (mine.py)": 100.0, FORWARD: 300.0, LINEAR: 400.0, BACKWARD: 900.0}
"""us of a step by stack."""


def pairs(
    base: Mapping[str, float] = STEP,
    head: Mapping[str, float] = STEP,
    loader: Sides[Mapping[str, float]] = ({}, {}),
    owned: Sides[Mapping[tuple[str, str, str], float]] = ({}, {}),
    calls: Sides[Mapping[tuple[str, str], int]] = ({}, {}),
    count: int = 18,
    noise: float = 0.02,
    slower: float = 1.02,
    seed: int = 0,
    counters: Sides[Mapping[str, int]] = ({}, {}),
    reasons: Sides[Mapping[str, int]] = ({}, {}),
    sampled: Sides[float] = (1.0, 1.0),
    pace: Sides[float] = (0.0, 0.0),
    **more: Any,
) -> ProfilePairs:
    """So many pairs. base, head: us by stack; loader: likewise in its workers, of either side; owned: us by (part,
    name, dtypes); calls: by (name, dtypes); slower: a step under torch.profiler ÷ one without; sampled:
    under the sampler, of either side; pace: sd of how the machine's pace differs under it, of both sides of a pair
    together and of each alone; more: of the facts of every side.
    """
    dice, restless = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    found = ProfilePairs(facts={"keys": [KEY], "alpha": 0.001, "ended": {}})
    for pair in range(count):
        loud = np.exp(dice.normal(0, 5 * noise))  # a slow minute falls on both sides
        paced = np.exp(restless.normal(0, pace[0]) + restless.normal(0, pace[1], 2))
        for at, (side, stacks) in enumerate(((BASE, base), (HEAD, head))):
            who = (KEY, pair, side)

            def seen(us: Mapping[Name, float], loud: float = loud) -> dict[Name, float]:
                return {name: each * loud * np.exp(dice.normal(0, noise)) for name, each in us.items()}

            drawn = seen(stacks)
            step_ns = sum(drawn.values()) * 1e3
            plain = [int(10 * step_ns)] * 5
            facts = {
                "plain_ns": plain, "loops_ns": [step_ns] * 4,
                "watched_ns": [int(sampled[at] * paced[at] * ns) for ns in plain], "warm_ns": 0,
                "samples": 600, "elsewhere": 5, "errors": 0, "refused": {}, "rate_hz": 500,
                "steps": 5, "blocks": 4, "before_ns": [100, 100], "after_ns": [100, 100],
                "profiled_ns": [int(100 * slower)] * 4, "device": None, "compiling": None,
                "counters": {**COUNTERS, **counters[at]}, "break_reasons": reasons[at], "first_call_ns": 10**9,
                "build_ns": 0, "cache": "warm" if pair else "cold", "threads": 1, "came_first": True, **more,
            }  # fmt: skip
            found.sides.append(SideRow(*who, "py-spy", 10, json.dumps(facts)))
            found.stacks += [StackRow(*who, "main", name, 100, int(us * 1e3)) for name, us in drawn.items()]
            found.stacks += [
                StackRow(*who, "loader worker", name, 100, int(50 * us * 1e3)) for name, us in seen(loader[at]).items()
            ]
            found.owned += [OwnedRow(*who, *name, int(20 * us * 1e3), 20) for name, us in seen(owned[at]).items()]
            found.calls += [CallsRow(*who, *name, 20 * n, 20) for name, n in calls[at].items()]
    return found
