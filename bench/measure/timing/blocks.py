"""The block: n steps timed together. Nothing here allocates, prints or decides inside the timed region."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import repeat
from typing import Any

from bench.measure.timing.clocks import Clock, cost_ns, resolution_ns

AIM = 1.2
"""A block is calibrated to this many times the shortest length, so that a faster moment does not fall below it."""

MOST_STEPS = 10_000_000


class ClockError(Exception):
    """The clock went backwards: no time of this process can be trusted."""


Step = Callable[[], Any]
Synchronise = Callable[[], None]


def time_block(clock: Clock, step: Step, steps: int, drain: Synchronise) -> int:
    """Total ns of `steps` calls, from a drained device to a drained device."""
    calls = repeat(None, steps)
    drain()
    started = clock()
    for _ in calls:
        step()
    drain()
    return forwards(clock() - started)


def time_latency_block(clock: Clock, step: Step, steps: int, drain: Synchronise) -> int:
    """Total ns of `steps` calls with the device drained after each: what one call makes its user wait, n times."""
    calls = repeat(None, steps)
    drain()
    started = clock()
    for _ in calls:
        step()
        drain()
    return forwards(clock() - started)


def forwards(total_ns: int) -> int:
    """`total_ns`, once the block is over. Raises `ClockError` where it is below zero."""
    if total_ns < 0:
        raise ClockError(f"the clock went back by {-total_ns} ns within a block")
    return total_ns


def nothing() -> None:
    """Do nothing: the empty step, and the drain of a device that needs none."""


def empty_call_ns(clock: Clock, calls: int = 20_000, repeats: int = 5) -> float:
    """Cost of calling an empty step in the block loop, ns a step: the least of `repeats` blocks.

    The least, since any disturbance of a block of empty calls can only lengthen it (as `timeit` argues).
    """
    return min(time_block(clock, nothing, calls, nothing) for _ in range(repeats)) / calls


def gauge(clock: Clock, drain: Synchronise) -> dict[str, float]:
    """Costs of timing itself, in ns, as columns of `CaseLaunch`."""
    return {
        "clock_resolution_ns": resolution_ns(clock),
        "empty_call_ns": empty_call_ns(clock),
        "drain_ns": float(min(time_block(clock, nothing, 1, drain) for _ in range(50))),
        "clock_cost_ns": cost_ns(clock),
    }


def shortest_block_ns(block_s: float, resolution_ns: float, empty_ns: float) -> float:
    """Shortest block, in ns: the asked length, and 1000 times the resolution of the clock and the cost of an empty
    call.

    1000 keeps either below 0.1 % of the block, the bound torch.utils.benchmark uses for its timer.
    """
    return max(block_s * 1e9, 1000 * resolution_ns, 1000 * empty_ns)


def calibrate(time_steps: Callable[[int], int], target_ns: float, limit: int = MOST_STEPS) -> int:
    """The n whose block lasts at least `target_ns` twice in a row, found by growing blocks.

    A single long block does not end the search: its first call may have filled a cache, or lost the core.
    """
    steps = 1
    while min(time_steps(steps), total := time_steps(steps)) < target_ns and steps < limit:
        steps = grown(steps, total, target_ns, limit)
    return steps


def grown(steps: int, total_ns: int, target_ns: float, limit: int = MOST_STEPS) -> int:
    """The next n to try after a block of `steps` that took `total_ns`, too short.

    It aims at `AIM` times the target by that speed, at least doubles n and at most multiplies it by a hundred: neither
    does a slow call end the search, nor a fast one send it too far.
    """
    return min(limit, max(2 * steps, min(steps_for(total_ns / steps, target_ns), 100 * steps)))


def steps_for(step_ns: float, target_ns: float) -> int:
    """The n whose block takes `AIM` times the target, at `step_ns` a step; 1 where a step alone is long enough."""
    return 1 if step_ns >= target_ns else math.ceil(AIM * target_ns / max(step_ns, 1e-3))
