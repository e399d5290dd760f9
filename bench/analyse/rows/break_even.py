"""After how many steps does compiling pay for itself? N* = compile time ÷ (eager step − compiled step)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bench.analyse.rows.once import PhaseTime
from bench.analyse.rows.row import BreakEven, Row
from bench.series import CPU
from bench.stats.intervals import Interval

NOT_OF_THE_HOST = ("device", CPU)
"""Clocks that compiling has no time on: its cost is time of the host, on its wall."""


def break_even(cost: Interval, eager: Interval, compiled: Interval) -> BreakEven:
    """N*, whose ends take the worst ends of the cost and of both steps. cost: of compiling, in seconds; eager,
    compiled: seconds per step.

    If either step has no interval, the ends are 0 and infinity. A cost without an interval counts as exact: compiling
    with a cold cache happens in one launch.
    """
    low, high = (cost.value if end is None else end for end in (cost.low, cost.high))
    return BreakEven(
        _steps(cost.value, eager.value - compiled.value),
        0.0 if eager.high is None or compiled.low is None else _steps(low, eager.high - compiled.low),
        math.inf if eager.low is None or compiled.high is None else _steps(high, eager.low - compiled.high),
    )


def _steps(cost_s: float, saved_s: float) -> float:
    """cost ÷ saved; infinite if nothing is saved."""
    return cost_s / saved_s if saved_s > 0 else math.inf


def with_break_even(rows: Sequence[Row], phases: Iterable[PhaseTime]) -> list[Row]:
    """The rows, with the break-even of compiled cases whose eager twin was measured on the same clock.

    phases: those of the same run. Compiling with a cold cache counts if it was timed, since it is the one-time cost.
    """
    times = {(row.key, row.clock): row.time for row in rows if row.ok and row.time}
    compiling = {(each.key, each.phase): each.time for each in phases if each.phase.startswith("compile_")}
    made = []
    for row in rows:
        eager = times.get((row.case.but(mode="eager").key, row.clock))
        cache = next((each for each in ("cold", "warm") if (row.key, f"compile_{each}") in compiling), None)
        # Clocks are never mixed.
        if eager is None or cache is None or row.time is None or row.clock in NOT_OF_THE_HOST:
            made.append(row)
            continue
        found = break_even(compiling[row.key, f"compile_{cache}"], eager, row.time)
        made.append(replace(row, break_even=replace(found, cache=cache)))
    return made
